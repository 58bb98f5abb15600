"""A continuous sync that has nothing to do hardly reads, and whoever looks at its run sees what holds (rules 24 and 26)."""

import asyncio
import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.domain.identifiers import MappingId, RunId
from core.usecases.sync import reading
from entrypoints.cli.main import run as command_line
from entrypoints.container import Container
from entrypoints.sandbox.remote import Remote
from entrypoints.sandbox.running import in_thread
from tests.e2e.http.conftest import Served, served_from
from tests.e2e.http.furnishing import STRANGER, STRANGER_EVENT, furnish, furnished_world
from tests.e2e.http.test_syncing import ended, runs_of
from tests.limits import wait_until

EVENT = f"/sessionboard/v1/event/{STRANGER_EVENT}"
FEED = {f"POST {EVENT}/sessions?page=1&pageSize=1": 1, f"POST {EVENT}/speakers?page=1&pageSize=1": 1}
"""The change feed: two searches for one row."""
SESSIONS, EXHIBITORS = (f"POST {EVENT}/{feed}?page=1&pageSize=100" for feed in ("sessions", "exhibitors"))
ALWAYS = {"GET /sessionboard/v1/events?page=1&pageSize=100": 1, EXHIBITORS: 1}


async def _is_due(mapping: MappingId, container: Container) -> None:
    async with container.units().writing() as unit:
        schedule = await unit.schedules.get(mapping)
        assert schedule is not None
        await unit.schedules.save(replace(schedule, due_at=container.clock().now()))
        await unit.commit()
    container.jobs().start(RunId("whichever is due"))


@dataclass(frozen=True, slots=True)
class Event:
    """The stranger's event, of which everything is in Gleanin, with continuous sync."""

    served: Served
    api: httpx.Client

    @property
    def remote(self) -> Remote:
        return Remote(self.served.furnished.sandbox.control_url)

    @property
    def mapping(self) -> str:
        return self.served.stranger.mapping

    def next_sync(self) -> dict[str, Any]:
        """Let half an hour have gone by, as far as the schedule is concerned, and await the run that comes of it."""
        before = runs_of(self.api, self.mapping)
        self.served.running.ask(partial(_is_due, MappingId(self.mapping)))
        wait_until(lambda: runs_of(self.api, self.mapping) != before, "a run is booked")
        newest, *rest = runs_of(self.api, self.mapping)
        assert rest == before
        run = ended(self.api, newest)
        assert (run["trigger"], run["state"]) == ("continuous", "completed"), run["message"]
        return run

    def asked_of_sessionboard(self, after: int) -> dict[str, int]:
        requests = self.remote.requests(after)
        return dict(
            Counter(f"{one['method']} {one['path']}" for one in requests if one["side"] == "sessionboard")
        )

    @property
    def asked_in_all(self) -> int:
        return max(int(one["n"]) for one in self.remote.requests())

    @property
    def writes(self) -> Counter[str]:
        return Counter(self.remote.state()["writes"])


@pytest.fixture
def event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Serve an event whose sessions are many, as these things go."""
    monkeypatch.setattr(reading, "FEW", 0)
    (furnished := tmp_path / "furnished").mkdir()
    (copy := tmp_path / "served").mkdir()
    with in_thread(furnished_world()) as sandbox:
        made = asyncio.run(furnish(sandbox, furnished))
        with served_from(made, copy) as served:
            api = served.client(STRANGER)
            switched_on = api.patch(f"/mappings/{served.stranger.mapping}", json={"continuous_sync": True})
            assert switched_on.raise_for_status().json()["continuous_sync"] is True
            yield Event(served, api)


def test_few_sessions_are_read_with_fewer_requests_than_the_change_feed_takes(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FEW", 200)
    proved, asked = event.next_sync(), event.asked_in_all
    assert event.next_sync()["confirms"] == proved["run_id"]
    assert event.asked_of_sessionboard(asked) == ALWAYS | {SESSIONS: 1}


def test_rules_24_and_26_where_nothing_has_changed_two_searches_confirm_what_an_earlier_run_told(
    event: Event, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proved = event.next_sync()
    assert proved["confirms"] is None
    told = event.api.get(f"/runs/{proved['run_id']}/outcomes").json()
    assert [each["outcome"] for each in told["items"]] == ["unchanged", "unchanged"]

    asked, writes = event.asked_in_all, event.writes
    run = event.next_sync()
    assert event.asked_of_sessionboard(asked) == ALWAYS | FEED
    assert event.writes == writes
    assert run["confirms"] == proved["run_id"]
    assert run["counts"] == proved["counts"]
    assert event.api.get(f"/runs/{run['run_id']}/outcomes").json() == told
    files = [event.api.get(f"/runs/{each['run_id']}/outcomes.csv").text for each in (run, proved)]
    assert files[0] == files[1]
    assert "Sten Stranger" in files[0]

    page = event.served.signed_in(STRANGER).get(f"/runs/{run['run_id']}")
    assert page.status_code == 200
    assert f'href="/runs/{proved["run_id"]}"' in page.text
    shown = html.unescape(re.sub(r"<[^>]+>", "", page.text))
    assert "Nothing has changed on either side since an earlier sync: its outcomes hold" in shown
    assert "Sten Stranger" in shown
    earlier = event.served.signed_in(STRANGER).get(f"/runs/{proved['run_id']}").text
    assert "Nothing has changed on either side" not in earlier

    monkeypatch.setenv("GLEANIN_SYNC_DATABASE_URL", f"sqlite:///{event.served.furnished.folder / 'sync.db'}")
    monkeypatch.setenv("COLUMNS", "200")
    capsys.readouterr()
    assert command_line(["run", run["run_id"], "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["confirms"] == proved["run_id"]
    assert [each["source_id"] for each in document["outcomes"]] == [
        each["source_id"] for each in told["items"]
    ]
    assert command_line(["run", run["run_id"]]) == 0
    printed = capsys.readouterr().out
    assert f"Nothing has changed on either side since run {proved['run_id']}: its outcomes hold." in printed
    assert "Sten Stranger" in printed


def test_rule_22_after_an_edit_everything_is_read_and_exactly_that_is_written(event: Event) -> None:
    proved = event.next_sync()
    assert event.next_sync()["confirms"] == proved["run_id"]

    asked, writes = event.asked_in_all, event.writes
    session = f"session-{STRANGER_EVENT}"
    event.remote.edit_event(STRANGER_EVENT, sessions=[{"id": session, "title": "Renamed session"}])
    run = event.next_sync()
    feed, *_ = FEED
    assert event.asked_of_sessionboard(asked) == ALWAYS | {feed: 1, SESSIONS: 1}
    assert event.writes - writes == {"PATCH /sessions": 1}
    assert run["confirms"] is None
    told = event.api.get(f"/runs/{run['run_id']}/outcomes").json()["items"]
    assert {each["source_id"]: each["outcome"] for each in told} == {
        session: "updated",
        f"person-{STRANGER_EVENT}": "unchanged",
    }
    titles = [
        record["attributes"]["title"]
        for there in event.remote.state()["gleanin"]
        for record in event.remote.records(there["id"], "sessions")
    ]
    assert titles.count("Renamed session") == 1


def test_a_person_s_edit_is_noticed_by_the_second_search(event: Event) -> None:
    event.next_sync()
    asked, writes = event.asked_in_all, event.writes
    event.remote.edit_event(STRANGER_EVENT, people=[{"id": f"person-{STRANGER_EVENT}", "title": "Captain"}])
    assert event.next_sync()["confirms"] is None
    assert event.asked_of_sessionboard(asked) == ALWAYS | FEED | {SESSIONS: 1}
    assert event.writes - writes == {"PATCH /speakers": 1}
