"""The control routes of a sandbox: what they show, and what they change in both services without the sync."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from entrypoints.sandbox.control_client import ControlClient, ControlRefused
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.running import in_process
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN
from tests.e2e.sandbox.conftest import GLEANIN_EVENT, SOURCE_EVENT, VALID, Clock, Json, document, saved
from tests.support.timeouts import WITHIN

NONE = {"sessions": 0, "speakers": 0, "exhibitors": 0}


@dataclass(frozen=True)
class Both:
    """Both services as the sync sees them, and the control client."""

    http: httpx.Client
    sandbox: Sandbox
    control: ControlClient

    def search(self, feed: str = "sessions", **body: Any) -> list[Json]:
        url = f"{self.sandbox.sessionboard_url}/v1/event/{SOURCE_EVENT}/{feed}"
        return list(self.http.post(url, json=body).raise_for_status().json()["results"])

    def create(self, kind: str, **changes: Any) -> str:
        content = document(kind, VALID[kind] | changes)
        answer = self.http.post(f"{self.sandbox.gleanin_url}/{kind}", json=content)
        return str(answer.raise_for_status().json()["data"]["id"])

    def read(self, kind: str = "speakers", event: int = GLEANIN_EVENT) -> httpx.Response:
        return self.http.get(f"{self.sandbox.gleanin_url}/events/{event}", params={"include": kind})

    def included(self, kind: str = "speakers") -> list[Json]:
        return list(self.read(kind).raise_for_status().json()["included"])


@pytest.fixture
def both(threaded: Sandbox) -> Iterator[Both]:
    headers = {"Authorization": f"Bearer {GLEANIN_TOKEN}", "x-access-token": SESSIONBOARD_TOKEN}
    with httpx.Client(headers=headers, verify=False, trust_env=False, timeout=WITHIN) as http:
        yield Both(http, threaded, ControlClient(threaded.control_url))


def test_the_state_counts_all_that_was_asked_and_written(both: Both) -> None:
    both.create("speakers")
    both.create("speakers")
    both.search()
    both.http.get(f"{both.sandbox.gleanin_url}/events/404")
    state = both.control.state()
    assert state["sessionboard"] == [{"id": SOURCE_EVENT, "name": "Test Days", "time_zone": "Europe/Paris"}]
    assert state["gleanin"] == [{"id": str(GLEANIN_EVENT), "title": "Test Days", "time_zone": None}]
    assert state["records"] == {str(GLEANIN_EVENT): NONE | {"speakers": 2}}
    assert state["duplicates"] == {str(GLEANIN_EVENT): NONE | {"speakers": 1}}
    assert state["writes"] == {"POST /speakers": 2}
    assert state["requests"] == {
        "POST /gleanin/api/clients/v1/speakers": 2,
        "POST /sessionboard/v1/event/{event}/sessions": 1,
        "GET /gleanin/api/clients/v1/events/{event}": 1,
    }
    assert state["statuses"] == {"gleanin 201": 2, "sessionboard 200": 1, "gleanin 404": 1}
    assert state["in_flight"] == 0


def test_requests_are_told_in_their_order_and_the_control_is_none_of_them(both: Both) -> None:
    both.create("sessions")
    both.read("sessions")
    first, second = both.control.requests()
    assert first.items() >= {"n": 1, "side": "gleanin", "method": "POST", "status": 201}.items()
    assert first["begun"] == first["at"] == "2027-03-01T12:00:00.000+00:00"
    assert first.items() >= {"host": "127.0.0.1", "event": GLEANIN_EVENT}.items()
    assert first["received"] > 100
    assert first["sent"] > first["received"]
    assert second["path"] == f"/gleanin/api/clients/v1/events/{GLEANIN_EVENT}?include=sessions"
    assert both.control.requests(after=1) == [second]
    limited = both.http.get(f"{both.control.url}/requests?limit=1").json()
    assert limited == {"total": 2, "requests": [first]}
    assert both.http.get(f"{both.control.url}/requests?after=x").status_code == 400
    assert both.http.get(f"{both.control.url}/requests?limit=-1").status_code == 400


def test_trouble_is_made_told_and_ended(both: Both) -> None:
    both.control.inject_faults(Fault(refuse_next=1, retry_after=5), Fault(junk=1, first=2))
    faults = both.http.get(f"{both.control.url}/trouble").json()
    assert [(one["refuse_next"], one["junk"], one["first"]) for one in faults] == [(1, 0, 1), (0, 1, 2)]
    assert both.read().headers["Retry-After"] == "5"
    both.control.inject_faults()
    assert both.http.get(f"{both.control.url}/trouble").json() == []
    assert both.included() == []


@pytest.mark.parametrize("faults", [{"junks": 1}, {"sides": ["sandbox"]}, {"first": "x"}, [1], None])
def test_a_trouble_that_is_none_is_refused_and_changes_nothing(both: Both, faults: object) -> None:
    both.control.inject_faults(Fault(late_reads_s=3))
    before = both.http.get(f"{both.control.url}/trouble").json()
    assert both.http.put(f"{both.control.url}/trouble", json=faults).status_code == 400
    assert both.http.get(f"{both.control.url}/trouble").json() == before


def test_an_event_is_given_as_a_saved_one(both: Both) -> None:
    assert both.control.event(SOURCE_EVENT) == {
        key: value for key, value in saved().items() if key != "gleanin"
    }


def test_an_edit_merges_keys_and_marks_what_it_changed(both: Both) -> None:
    both.control.edit_event(
        SOURCE_EVENT,
        event={"timezone": "Europe/London"},
        sessions=[{"id": "session-3", "title": "New title"}, {"id": "session-6", "status": "accepted"}],
        exhibitors=[{"id": "exhibitor-1", "name": "New name"}],
        people=[{"id": "person-3", "email": "three@example.org"}],
    )
    assert both.control.event(SOURCE_EVENT)["event"]["timezone"] == "Europe/London"
    changed: Json = {"filters": {"updatedAt": {"after": "2027-03-01T11:59:00Z"}}}
    (session,) = both.search(**changed)
    assert (session["id"], session["title"], session["status"]) == ("session-3", "New title", "accepted")
    assert "session-6" in [row["id"] for row in both.search()]
    assert [row["name"] for row in both.search("exhibitors", **changed)] == ["New name"]
    assert [row["email"] for row in both.search("speakers", **changed)] == ["three@example.org"]


def test_a_session_that_another_state_of_the_event_has_not_is_a_deleted_one(both: Both, clock: Clock) -> None:
    state = both.control.event(SOURCE_EVENT)
    state["sessions"] = [one for one in state["sessions"] if one["id"] != "session-3"]
    clock.at += 3600
    both.control.replace_event(SOURCE_EVENT, state)
    assert [row["id"] for row in both.search()] == ["session-2", "session-1"]
    deleted = both.search("sessions/status", filters={"deletedAt": {"after": "2027-03-01T12:00:00Z"}})
    assert [(row["id"], row["deleted_at"]) for row in deleted] == [("session-3", "2027-03-01T13:00:00+00:00")]


def test_an_event_can_be_added_to_both_sides(both: Both) -> None:
    both.control.replace_event(78, {"event": {"id": 78, "name": "Other Days"}})
    state = both.control.state()
    assert [one["id"] for one in state["sessionboard"]] == [SOURCE_EVENT, 78]
    assert [one["title"] for one in state["gleanin"]] == ["Test Days", "Other Days"]


def test_an_event_that_is_forgotten_is_gone_from_sessionboard_only(both: Both) -> None:
    both.control.forget_event(SOURCE_EVENT)
    url = f"{both.sandbox.sessionboard_url}/v1/event/{SOURCE_EVENT}/sessions"
    assert both.http.post(url).status_code == 404
    assert both.included() == []
    with pytest.raises(ControlRefused, match="no such event"):
        both.control.event(SOURCE_EVENT)


def test_somebody_else_can_add_a_contact_without_an_external_id(both: Both) -> None:
    record_id = both.control.add_contact(GLEANIN_EVENT, "speakers", name="Grace", email="grace@example.org")
    (record,) = both.included()
    assert (record["id"], record["attributes"]["external_idx"]) == (record_id, None)
    assert both.control.records(GLEANIN_EVENT, "speakers") == [record]
    assert both.control.state()["writes"] == {}
    with pytest.raises(ControlRefused, match="shoe_size"):
        both.control.add_contact(GLEANIN_EVENT, "speakers", shoe_size=43)


def test_an_admin_deletes_a_session_by_hand_and_nobody_stays_tied_to_it(both: Both) -> None:
    gone, kept = (int(both.create("sessions", external_idx=f"session-{n}")) for n in range(2))
    both.create("speakers", session_ids=[gone, kept])
    both.control.delete_in_gleanin("sessions", gone)
    assert [one["id"] for one in both.included("sessions")] == [str(kept)]
    (speaker,) = both.included()
    assert speaker["attributes"]["session_ids"] == [kept]
    assert speaker["attributes"]["session_count"] == 1
    answer = both.http.patch(f"{both.sandbox.gleanin_url}/sessions/{gone}", json={})
    assert answer.status_code == 404


def test_a_record_created_again_after_it_was_deleted_is_no_duplicate(both: Both) -> None:
    both.control.delete_in_gleanin("speakers", both.create("speakers"))
    both.create("speakers")
    assert both.control.state()["duplicates"] == {str(GLEANIN_EVENT): NONE}


def test_an_event_that_is_gone_from_gleanin_takes_its_records_along(both: Both) -> None:
    both.create("speakers")
    both.control.delete_in_gleanin("events", GLEANIN_EVENT)
    assert both.read().status_code == 404
    assert both.http.get(f"{both.sandbox.gleanin_url}/events").json()["data"] == []
    answer = both.http.post(
        f"{both.sandbox.gleanin_url}/speakers", json=document("speakers", VALID["speakers"])
    )
    assert answer.status_code == 404
    state = both.control.state()
    assert (state["gleanin"], state["records"], state["duplicates"]) == ([], {}, {})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "events/404", None, 404),
        ("PATCH", "events/404", {}, 404),
        ("DELETE", "events/x", None, 404),
        ("PATCH", f"events/{SOURCE_EVENT}", {"sessions": [{"title": "No id"}]}, 400),
        ("PATCH", f"events/{SOURCE_EVENT}", {"event": {"id": 78}}, 400),
        ("PATCH", f"events/{SOURCE_EVENT}", {"event": {"id": "x"}}, 400),
        ("PATCH", f"events/{SOURCE_EVENT}", [], 400),
        ("PUT", f"events/{SOURCE_EVENT}", {"event": {"id": 78}}, 400),
        ("PUT", f"events/{SOURCE_EVENT}", {"sessions": []}, 400),
        ("GET", f"gleanin/{GLEANIN_EVENT}/sponsors", None, 404),
        ("GET", "gleanin/404/speakers", None, 404),
        ("POST", "gleanin/404/speakers", {}, 404),
        ("POST", f"gleanin/{GLEANIN_EVENT}/speakers", [], 400),
        ("DELETE", "gleanin/events/404", None, 404),
        ("DELETE", "gleanin/speakers/404", None, 404),
        ("GET", "nowhere", None, 404),
    ],
)
def test_what_is_not_there_or_makes_no_sense_is_refused(
    both: Both, method: str, path: str, body: object, status: int
) -> None:
    answer = both.http.request(method, f"{both.control.url}/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_a_sandbox_in_a_process_of_its_own_serves_what_it_makes_up() -> None:
    with in_process(("--generate", "20", "--exhibitors", "3")) as addresses:
        (event,) = addresses.control.state()["sessionboard"]
        made = addresses.control.event(event["id"])
    assert (len(made["sessions"]), len(made["exhibitors"])) == (20, 3)
    assert len({person["id"] for session in made["sessions"] for person in session["speakers"]}) == 24


def test_who_asks_by_another_door_is_told_from_the_others() -> None:
    with in_process(("--generate", "1", "--doors", "3")) as addresses:
        for host in ("127.0.0.3", "127.0.0.1"):
            url = addresses.gleanin_url.replace("127.0.0.1", host)
            httpx.get(f"{url}/events", trust_env=False, verify=False, timeout=WITHIN)
        assert [request["host"] for request in addresses.control.requests()] == ["127.0.0.3", "127.0.0.1"]


def test_every_door_shows_its_own_events() -> None:
    with in_process(("--generate", "1", "--doors", "2", "--events-each", "2")) as addresses:
        shown = []
        for host in ("127.0.0.1", "127.0.0.2"):
            url = addresses.sessionboard_url.replace("127.0.0.1", host)
            headers = {"x-access-token": SESSIONBOARD_TOKEN}
            answer = httpx.get(
                f"{url}/v1/events", headers=headers, trust_env=False, verify=False, timeout=WITHIN
            )
            shown.append({event["id"] for event in answer.raise_for_status().json()["results"]})
        all_of_them = {event["id"] for event in addresses.control.state()["sessionboard"]}
    assert [len(each) for each in shown] == [2, 2]
    assert shown[0] | shown[1] == all_of_them
