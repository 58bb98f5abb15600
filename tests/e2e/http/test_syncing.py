"""Syncs over the JSON API: starting, following, stopping."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrypoints.container import Container
from entrypoints.http.run_watchers import POLL_INTERVAL
from entrypoints.sandbox.fault_injection import Fault
from tests.e2e.http.conftest import Served, in_trouble, served_from
from tests.e2e.http.steps import events_in, runs_of, shown, start, wait_for_end
from tests.support.http_fixtures import ADMIN, STRANGER, SUPPORT, VIEWER, SeededDatabase
from tests.support.timeouts import WITHIN, wait_until


def until_it_runs(client: httpx.Client, run: str) -> None:
    wait_until(lambda: shown(client, run)["state"] != "queued", "the run has begun")


def slow(served: Served, milliseconds: int = 400) -> AbstractContextManager[None]:
    """Slow Gleanin down."""
    return in_trouble(served, Fault(sides=("gleanin",), latency_ms=milliseconds))


def test_a_request_that_is_repeated_starts_no_second_run(fresh: Served) -> None:
    client, mapping = fresh.client(ADMIN), fresh.acme.mapping
    before = runs_of(client, mapping)
    first = start(client, mapping, "again")
    wait_for_end(client, first["run_id"])
    assert start(client, mapping, "again")["run_id"] == first["run_id"]
    assert len(runs_of(client, mapping)) == len(before) + 1
    assert start(client, mapping)["run_id"] != first["run_id"]


def test_the_same_key_of_somebody_else_or_for_another_mapping_is_another_one(fresh: Served) -> None:
    admin, support = fresh.client(ADMIN), fresh.client(SUPPORT)
    mine = start(admin, fresh.acme.mapping, "key")["run_id"]
    wait_for_end(admin, mine)
    theirs = start(support, fresh.acme.mapping, "key")["run_id"]
    there = start(support, fresh.stranger.mapping, "key")
    assert len({mine, theirs, there["run_id"]}) == 3
    assert there["mapping_id"] == fresh.stranger.mapping
    assert start(admin, fresh.acme.mapping, "key")["run_id"] == mine


def test_a_key_that_is_given_again_for_another_scope_is_refused(fresh: Served) -> None:
    client, mapping = fresh.client(ADMIN), fresh.acme.mapping
    wait_for_end(client, start(client, mapping, "key", scope="agenda")["run_id"])
    refused = client.post(
        f"/mappings/{mapping}/runs", json={"scope": "exhibitors"}, headers={"Idempotency-Key": "key"}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_input")
    assert "another scope (agenda)" in refused.json()["detail"]


@pytest.mark.parametrize("key", ["", "x" * 256, "\x7f", "a\tb", "é"])
def test_a_key_that_headers_cannot_carry_is_refused(served: Served, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answer = served.client(ADMIN).post(f"/mappings/{served.acme.mapping}/runs", json={}, headers=headers)
    assert answer.status_code == 422


def test_rule_23_asking_during_a_run_books_exactly_one_more(fresh: Served) -> None:
    client, mapping = fresh.client(ADMIN), fresh.acme.mapping
    before = set(runs_of(client, mapping))
    with slow(fresh):
        first = start(client, mapping)["run_id"]
        until_it_runs(client, first)
        with ThreadPoolExecutor(10) as pool:
            more = {each["run_id"] for each in pool.map(lambda _: start(client, mapping), range(10))}
        assert len(more) == 1
        assert more != {first}
    for run in (first, *more):
        assert wait_for_end(client, run)["state"] == "completed_with_problems"
    assert set(runs_of(client, mapping)) - before == {first, *more}


def test_rule_08_disconnecting_needs_the_name_and_stops_what_runs(fresh: Served) -> None:
    client, url = fresh.client(ADMIN), f"/organizations/{fresh.acme.organization}/connection"
    for query in ("", "?confirm=", "?confirm=yes", "?confirm=acme"):
        refused = client.delete(url + query)
        assert (refused.status_code, refused.json()["code"]) == (422, "not_confirmed")
    with slow(fresh):
        run = start(client, fresh.acme.mapping)["run_id"]
        until_it_runs(client, run)
        client.delete(f"{url}?confirm=Acme").raise_for_status()
    stopped = wait_for_end(client, run)
    assert (stopped["state"], stopped["code"]) == ("stopped", "disconnected")
    assert client.get(url).json() == {
        "connected": False, "id": None, "destination": None, "token_hint": None, "connected_at": None, "continuous_sync": None,
        "health": None, "lost_by_disconnecting": None,
    }  # fmt: skip
    assert client.get(f"/organizations/{fresh.acme.organization}/mappings").json()["items"] == []


def test_rules_01_to_03_a_connection_shows_the_end_of_its_token_and_stays_the_only_one(
    fresh: Served,
) -> None:
    client, url = fresh.client(ADMIN), f"/organizations/{fresh.acme.organization}/connection"
    before = client.get(url).json()
    refused = client.put(url, json={"token": "none-of-gleanins"})
    assert (refused.status_code, refused.json()["code"]) == (422, "token_refused")
    assert client.get(url).json() == before
    again = client.put(url, json={"token": "sandbox-gleanin-token"})
    assert (again.status_code, again.json()["id"]) == (200, before["id"])
    assert len(before["token_hint"]) <= 4


def test_rule_24_an_open_connection_goes_on_with_what_new_mappings_begin_with(fresh: Served) -> None:
    client, url = fresh.client(ADMIN), f"/organizations/{fresh.acme.organization}/connection"
    answers = []
    for more in ({"continuous_sync": True}, {}, {"continuous_sync": False}):
        answer = client.put(url, json={"token": "sandbox-gleanin-token", **more})
        answers.append((answer.status_code, answer.json()["continuous_sync"]))
    assert answers == [(200, True), (200, True), (200, False)]
    client.delete(f"{url}?confirm=Acme").raise_for_status()
    opened = client.put(url, json={"token": "sandbox-gleanin-token"})
    assert (opened.status_code, opened.json()["continuous_sync"]) == (201, False)


def test_a_run_is_followed_to_its_end(fresh: Served) -> None:
    client = fresh.client(ADMIN)
    with slow(fresh):
        run = start(client, fresh.acme.mapping)["run_id"]
        with client.stream("GET", f"/runs/{run}/progress") as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            events = list(events_in(answer.iter_lines()))
    assert [name for name, _ in events] == ["progress"] * (len(events) - 1) + ["ended"]
    assert len(events) > 1
    assert events[-1][1] == client.get(f"/runs/{run}").json() | {
        "requested_at": events[-1][1]["requested_at"],
        "started_at": events[-1][1]["started_at"],
        "finished_at": events[-1][1]["finished_at"],
    }


def test_a_run_that_has_ended_is_told_at_once(served: Served) -> None:
    answer = served.client(ADMIN).get(f"/runs/{served.acme.run}/progress")
    ((name, run),) = events_in(iter(answer.text.splitlines()))
    assert (name, run["run_id"]) == ("ended", served.acme.run)


def test_one_key_and_one_organization_leave_streams_for_others(
    seeded_database: SeededDatabase, tmp_path: Path
) -> None:
    with (
        served_from(seeded_database, tmp_path, max_connections=16) as fresh,
        slow(fresh, 5000),
        ExitStack() as streams,
    ):
        ours = start(fresh.client(ADMIN), fresh.acme.mapping)["run_id"]
        theirs = start(fresh.client(STRANGER), fresh.stranger.mapping)["run_id"]

        def follow(role: str, run: str) -> int:
            answer = streams.enter_context(fresh.client(role).stream("GET", f"/runs/{run}/progress"))
            if answer.is_success:
                followed.append(events_in(answer.iter_lines()))  # an unused stream is closed
                assert next(followed[-1])[0] == "progress"
            return answer.status_code

        followed: list[Iterator[tuple[str, dict[str, Any]]]] = []
        assert [follow(VIEWER, ours) for _ in range(2)] == [200, 429], "half of the organization's two"
        assert [follow(ADMIN, ours) for _ in range(2)] == [200, 429]
        page = fresh.browser(VIEWER).get(f"/runs/{ours}/progress")
        assert page.status_code == 429
        assert follow(STRANGER, theirs) == 200
        streams.close()
        wait_until(lambda: follow(VIEWER, ours) == 200, "what was left can be taken again")


def test_one_key_that_waits_again_and_again_leaves_requests_for_others(
    seeded_database: SeededDatabase, tmp_path: Path
) -> None:
    with (
        served_from(seeded_database, tmp_path, max_connections=11) as fresh,
        slow(fresh, 3000),
        ThreadPoolExecutor(12) as pool,
    ):
        url = f"/mappings/{fresh.acme.mapping}/preview"
        clients = [fresh.client(VIEWER) for _ in range(12)]
        requests = [pool.submit(client.post, url, json={}) for client in clients]
        wait_until(lambda: sum(each.done() for each in requests) == 11, "all but one were refused")
        assert fresh.client(ADMIN).get(f"/organizations/{fresh.acme.organization}").is_success
        assert fresh.client(STRANGER).get(f"/organizations/{fresh.stranger.organization}").is_success
        assert Counter(each.result().status_code for each in requests) == {200: 1, 429: 11}


def test_a_run_goes_on_when_nobody_follows_it_any_more(fresh: Served) -> None:
    client = fresh.client(ADMIN)
    with slow(fresh, 1000):
        run = start(client, fresh.acme.mapping)["run_id"]
        for _ in range(5):
            with client.stream("GET", f"/runs/{run}/progress") as answer:
                assert next(events_in(answer.iter_lines()))[0] == "progress"
        time.sleep(2 * POLL_INTERVAL)
        assert fresh.running.ask(requests_under_way) == 0
    assert wait_for_end(client, run)["state"] == "completed_with_problems"
    assert client.get("/organizations").status_code == 200


async def requests_under_way(_: Container) -> int:
    return sum("run_asgi" in str(task.get_coro()) for task in asyncio.all_tasks())


def test_whoever_follows_a_run_keeps_nobody_from_ending_the_server(fresh: Served) -> None:
    client = fresh.client(ADMIN)
    with slow(fresh, 5000):
        run = start(client, fresh.acme.mapping)["run_id"]
        with client.stream("GET", f"/runs/{run}/progress") as answer:
            events = events_in(answer.iter_lines())
            next(events)
            began = time.monotonic()
            fresh.running.shut_down()
            try:
                rest = list(events)
            except httpx.RemoteProtocolError:
                rest = []  # cut off, which a program that follows understands as well
            assert time.monotonic() - began < WITHIN
            assert "ended" not in [name for name, _ in rest]


def test_rule_33_sessionboard_is_only_read_whatever_is_asked(fresh: Served) -> None:
    client, mapping = fresh.client(ADMIN), fresh.acme.mapping
    log = fresh.seeded_database.sandbox.state.log.by_template
    before = Counter(log)
    wait_for_end(client, start(client, mapping)["run_id"])
    client.post(f"/mappings/{mapping}/preview", json={}).raise_for_status()
    client.get(f"/organizations/{fresh.acme.organization}/events").raise_for_status()
    requests = {each for each in log - before if "/sessionboard/" in each}
    assert requests
    assert requests <= {
        "GET /sessionboard/v1/events",
        # Searches, as its contract has them.
        "POST /sessionboard/v1/event/{event}/sessions",
        "POST /sessionboard/v1/event/{event}/exhibitors",
    }
