"""A continuous sync without changes reads little, creates no run, and is reported as a check (rules 24 and 26)."""

import asyncio
import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from core.domain.ids import MappingId, RunId
from core.usecases.sync import systems_reader
from entrypoints.cli.main import run as command_line
from entrypoints.container import Container
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.running import in_thread
from tests.e2e.http.conftest import Served, served_from
from tests.e2e.http.steps import runs_of, wait_for_end
from tests.support.assertions import present
from tests.support.http_fixtures import STRANGER, STRANGER_EVENT, initial_state, seed_database
from tests.support.timeouts import wait_until

EVENT = f"/sessionboard/v1/event/{STRANGER_EVENT}"
FEED = {f"POST {EVENT}/sessions?page=1&pageSize=1": 1, f"POST {EVENT}/speakers?page=1&pageSize=1": 1}
"""The change feed: two searches for one row."""
SESSIONS, EXHIBITORS = (f"POST {EVENT}/{feed}?page=1&pageSize=100" for feed in ("sessions", "exhibitors"))
NOTHING_HAS_CHANGED = re.compile(r"Checked ([^:]+:\d\d) \(Europe/Paris\): nothing has changed")
ALWAYS = {"GET /sessionboard/v1/events?page=1&pageSize=100": 1, EXHIBITORS: 1}


async def _is_due(mapping: MappingId, container: Container) -> None:
    async with container.units().write() as unit:
        schedule = await unit.schedules.get(mapping)
        await unit.schedules.save(replace(present(schedule), due_at=container.clock().now()))
        await unit.commit()
    container.jobs().start(RunId("whichever is due"))


@dataclass(frozen=True, slots=True)
class Event:
    """The stranger's event, completely synced, with continuous sync."""

    served: Served
    api: httpx.Client

    @property
    def control(self) -> ControlClient:
        return ControlClient(self.served.seeded_database.sandbox.control_url)

    @property
    def mapping(self) -> str:
        return self.served.stranger.mapping

    def next_sync(self) -> dict[str, Any]:
        """Move the schedule by half an hour and wait for the run that follows."""
        before = runs_of(self.api, self.mapping)
        self.served.running.ask(partial(_is_due, MappingId(self.mapping)))
        wait_until(lambda: runs_of(self.api, self.mapping) != before, "a run is booked")
        newest, *rest = runs_of(self.api, self.mapping)
        assert rest == before
        run = wait_for_end(self.api, newest)
        assert (run["trigger"], run["state"]) == ("continuous", "completed"), run["message"]
        return run

    def next_check(self) -> datetime:
        """Move the schedule by half an hour, wait until the mapping was checked without a run, and return when."""
        before, runs = self.last_checked_at, runs_of(self.api, self.mapping)
        self.served.running.ask(partial(_is_due, MappingId(self.mapping)))
        wait_until(lambda: self.last_checked_at not in {None, before}, "the mapping is checked")
        assert runs_of(self.api, self.mapping) == runs, "no run is made"
        checked_at = self.last_checked_at
        return present(checked_at)

    @property
    def last_checked_at(self) -> datetime | None:
        checked_at = self.api.get(f"/mappings/{self.mapping}").raise_for_status().json()["last_checked_at"]
        return datetime.fromisoformat(checked_at) if checked_at else None

    def asked_of_sessionboard(self, after: int) -> dict[str, int]:
        requests = self.control.requests(after)
        return dict(
            Counter(f"{one['method']} {one['path']}" for one in requests if one["side"] == "sessionboard")
        )

    @property
    def asked_in_all(self) -> int:
        return max(int(one["n"]) for one in self.control.requests())

    @property
    def writes(self) -> Counter[str]:
        return Counter(self.control.state()["writes"])


@pytest.fixture
def event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Serve an event with many sessions."""
    monkeypatch.setattr(systems_reader, "FEW", 0)
    (seeded_database := tmp_path / "seeded_database").mkdir()
    (copy := tmp_path / "served").mkdir()
    with in_thread(initial_state()) as sandbox:
        made = asyncio.run(seed_database(sandbox, seeded_database))
        with served_from(made, copy) as served:
            api = served.client(STRANGER)
            switched_on = api.patch(f"/mappings/{served.stranger.mapping}", json={"continuous_sync": True})
            assert switched_on.raise_for_status().json()["continuous_sync"] is True
            yield Event(served, api)


def test_few_sessions_are_read_with_fewer_requests_than_the_change_feed_takes(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systems_reader, "FEW", 200)
    event.next_sync()
    requests = event.asked_in_all
    event.next_check()
    assert event.asked_of_sessionboard(requests) == ALWAYS | {SESSIONS: 1}


def test_rules_24_and_26_where_nothing_has_changed_two_searches_tell_that_the_outcomes_hold(
    event: Event,
) -> None:
    proved = event.next_sync()
    assert event.last_checked_at is None, "the run itself is no check"
    outcomes = event.api.get(f"/runs/{proved['run_id']}/outcomes").json()
    assert [item["outcome"] for item in outcomes["items"]] == ["unchanged", "unchanged"]

    requests, writes = event.asked_in_all, event.writes
    checked_at = event.next_check()
    assert event.asked_of_sessionboard(requests) == ALWAYS | FEED
    assert event.writes == writes
    assert checked_at > datetime.fromisoformat(proved["finished_at"])
    listed = event.api.get(f"/organizations/{event.served.stranger.organization}/mappings").json()["items"]
    assert [datetime.fromisoformat(each["last_checked_at"]) for each in listed] == [checked_at]
    assert event.next_check() > checked_at, "and the next one as well"

    assert event.api.get(f"/runs/{proved['run_id']}").json() == proved, "nothing is noted with the run"
    assert event.api.get(f"/runs/{proved['run_id']}/outcomes").json() == outcomes
    newest = event.api.get(f"/mappings/{event.mapping}/records/person-{STRANGER_EVENT}").json()["items"][-1]
    assert newest["run_id"] == proved["run_id"]
    assert datetime.fromisoformat(newest["confirmed_at"]) == event.last_checked_at


def test_pages_tell_beside_the_last_sync_when_it_was_last_checked(event: Event) -> None:
    first = event.served.stranger.run
    proved = event.next_sync()["run_id"]
    organization = f"/organizations/{event.served.stranger.organization}"
    pages = (
        f"{organization}/events",
        f"{organization}/events/{STRANGER_EVENT}/agenda",
        f"{organization}/integrations/mappings",
        f"{organization}/history",
        f"/runs/{proved}",
    )
    browser = event.served.signed_in(STRANGER)

    def shown(page: str) -> str:
        answer = browser.get(page)
        assert answer.status_code == 200, answer.text
        return html.unescape(re.sub(r"<[^>]+>", "", answer.text))

    def checks_shown() -> Sequence[Sequence[str]]:
        return [NOTHING_HAS_CHANGED.findall(shown(page)) for page in pages]

    assert checks_shown() == [[]] * len(pages), "not before the first check"
    at = event.next_check().astimezone(ZoneInfo("Europe/Paris"))
    assert checks_shown() == [[f"{at.day} {at:%b %Y, %H:%M}"]] * len(pages), (
        "once each, whatever else is listed"
    )
    assert "nothing has changed since this sync, so its results still apply" in shown(pages[-1])
    assert not NOTHING_HAS_CHANGED.findall(shown(f"/runs/{first}")), "another run's outcomes hold"
    record = f"/mappings/{event.mapping}/records?who=person-{STRANGER_EVENT}"
    assert shown(record).count("Unchanged when last checked") == 1

    event.control.edit_event(STRANGER_EVENT, people=[{"id": f"person-{STRANGER_EVENT}", "title": "Captain"}])
    event.next_sync()
    assert checks_shown() == [[]] * len(pages), "the last sync is later than the check"
    assert "Unchanged when last checked" not in shown(record)


def test_the_command_line_tells_when_it_was_last_checked(
    event: Event, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(
        "GLEANIN_SYNC_DATABASE_URL", f"sqlite:///{event.served.seeded_database.folder / 'sync.db'}"
    )
    monkeypatch.setenv("COLUMNS", "200")
    organization, run = event.served.stranger.organization, event.next_sync()["run_id"]

    def printed(*command: str) -> str:
        capsys.readouterr()
        assert command_line(command) == 0
        return capsys.readouterr().out

    def document(*command: str) -> Any:
        return json.loads(printed(*command, "--json"))

    def instants() -> list[datetime | None]:
        statuses = {each["organization_id"]: each for each in document("status")}
        others = [name for name in statuses if name != organization]
        assert [statuses[other]["last_checked_at"] for other in others] == [None]
        documents = (
            statuses[organization],
            *document("mappings", organization),
            document("run", run),
        )
        return [datetime.fromisoformat(at) if (at := each["last_checked_at"]) else None for each in documents]

    commands = (
        ("status",),
        ("mappings", organization),
        ("runs", event.mapping),
        ("run", run),
        ("record", event.mapping, f"person-{STRANGER_EVENT}"),
    )
    assert instants() == [None] * 3
    assert not any("hecked" in printed(*command) for command in commands)

    checked_at = event.next_check()
    assert instants() == [checked_at] * 3
    at = f"{checked_at:%Y-%m-%d %H:%M}"
    status, mappings, runs, one_run, record = (" ".join(printed(*command).split()) for command in commands)
    assert f"last found unchanged at {at} UTC" in status
    assert f"{event.mapping}: Checked {at} UTC: nothing has changed." in mappings
    assert f"Checked {at} UTC: nothing has changed since the last one." in runs
    assert f"Checked {at} UTC: nothing has changed since this run, so its outcomes still apply." in one_run
    assert "Sten Stranger" in one_run
    assert f"Unchanged when last checked at {at}" in record

    assert document("run", event.served.stranger.run)["last_checked_at"] is None


def test_rule_22_after_an_edit_everything_is_read_and_exactly_that_is_written(event: Event) -> None:
    event.next_sync()
    event.next_check()

    requests, writes = event.asked_in_all, event.writes
    session = f"session-{STRANGER_EVENT}"
    event.control.edit_event(STRANGER_EVENT, sessions=[{"id": session, "title": "Renamed session"}])
    run = event.next_sync()
    feed, *_ = FEED
    assert event.asked_of_sessionboard(requests) == ALWAYS | {feed: 1, SESSIONS: 1}
    assert event.writes - writes == {"PATCH /sessions": 1}
    assert event.last_checked_at is None, "the run is later"
    outcomes = event.api.get(f"/runs/{run['run_id']}/outcomes").json()["items"]
    assert {each["source_id"]: each["outcome"] for each in outcomes} == {
        session: "updated",
        f"person-{STRANGER_EVENT}": "unchanged",
    }
    titles = [
        record["attributes"]["title"]
        for there in event.control.state()["gleanin"]
        for record in event.control.records(there["id"], "sessions")
    ]
    assert titles.count("Renamed session") == 1


def test_a_person_s_edit_is_noticed_by_the_second_search(event: Event) -> None:
    event.next_sync()
    requests, writes = event.asked_in_all, event.writes
    event.control.edit_event(STRANGER_EVENT, people=[{"id": f"person-{STRANGER_EVENT}", "title": "Captain"}])
    event.next_sync()
    assert event.asked_of_sessionboard(requests) == ALWAYS | FEED | {SESSIONS: 1}
    assert event.writes - writes == {"PATCH /speakers": 1}
