"""The control routes for writes: what they set, what they show, and edits by hand."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from entrypoints.sandbox.control_client import ControlClient, ControlRefused
from entrypoints.sandbox.running import in_thread
from entrypoints.sandbox.state import SESSIONBOARD_TOKEN, SandboxState
from tests.support.source_writer import EVENT, Json, values_in
from tests.support.timeouts import WITHIN

URL = "https://x.example/1"


@dataclass(frozen=True)
class Driven:
    http: httpx.Client
    control: ControlClient

    def put(self, record_id: str, link: str = URL, path: str = "contacts") -> httpx.Response:
        body = {"custom_fields": {"gleanin_link": link}}
        return self.http.put(f"/v1/event/{EVENT}/{path}/{record_id}", json=body)

    def contact(self, record_id: str) -> Json:
        rows = self.http.post(f"/v1/event/{EVENT}/contacts?pageSize=100").json()["results"]
        (found,) = [row for row in rows if row["id"] == record_id]
        return dict(found)


@pytest.fixture
def driven(state: SandboxState) -> Iterator[Driven]:
    headers = {"x-access-token": SESSIONBOARD_TOKEN}
    with (
        in_thread(state) as sandbox,
        httpx.Client(
            base_url=sandbox.sessionboard_url, headers=headers, verify=False, trust_env=False, timeout=WITHIN
        ) as http,
    ):
        yield Driven(http, ControlClient(sandbox.control_url))


def test_the_state_tells_what_was_written(driven: Driven) -> None:
    driven.put("person-1")
    driven.put("nobody")
    driven.http.put(f"/v1/event/{EVENT}/contacts/person-2", json={"email": "x@example.org"})
    writes = driven.control.sessionboard_writes()
    assert writes == driven.control.state()["sessionboard_writes"]
    assert writes["requests"] == {"PUT /contacts": 3}
    assert writes["operations"] == {"contacts success": 2, "contacts NOT_FOUND": 1}
    assert writes["fields"] == {"contacts gleanin_link": 1}
    assert writes["violations"] == {"contacts email": 1}
    assert writes["quotas"] == {"requests": 100, "operations": 10_000}
    assert driven.control.state()["writes"] == {}, "those of Gleanin are apart"


def test_values_are_told_by_record(driven: Driven) -> None:
    driven.put("person-1")
    driven.put("exhibitor-1", "https://x.example/stand", "exhibitors")
    driven.control.set_sessionboard(masked_fields=["gleanin_link"])
    assert driven.control.field_values(EVENT, "gleanin_link") == {"person-1": URL}
    stand = {"exhibitor-1": "https://x.example/stand"}
    assert driven.control.field_values(EVENT, "gleanin_link", "account") == stand
    for event, name in ((404, "gleanin_link"), (EVENT, "unknown")):
        with pytest.raises(ControlRefused, match="no such"):
            driven.control.field_values(event, name)


def test_settings_are_set_one_by_one(driven: Driven) -> None:
    driven.control.set_sessionboard(scopes=["read:contacts"])
    assert driven.put("person-1").status_code == 403
    driven.control.set_sessionboard(scopes=["write:contacts"], requests=1, operations=None)
    assert [driven.put("person-1").status_code for _ in range(2)] == [200, 429]
    driven.control.set_sessionboard(reset_quotas=True)
    assert driven.put("person-1").status_code == 200
    driven.control.set_sessionboard(requests=None, masked_fields=["gleanin_link"], empty_fields="absent")
    assert values_in(driven.contact("person-1")) == {"gleanin_link": "h***"}
    assert values_in(driven.contact("person-2")) == {}
    shown = driven.control.sessionboard_writes()
    assert shown["scopes"] == ["write:contacts"]
    assert shown["quotas"] == {"requests": None, "operations": None}
    assert (shown["masked_fields"], shown["empty_fields"]) == (["gleanin_link"], "absent")


@pytest.mark.parametrize(
    "wrong", [{"scope": []}, {"requests": "x"}, {"empty_fields": "nothing"}, {"webhook": {}}]
)
def test_wrong_settings_are_refused_and_change_nothing(driven: Driven, wrong: Json) -> None:
    before = driven.control.sessionboard_writes()
    with pytest.raises(ControlRefused, match="validation error"):
        driven.control.set_sessionboard(**wrong)
    assert driven.control.sessionboard_writes() == before


def test_updates_fail_as_told(driven: Driven) -> None:
    driven.control.fail_updates("CONFLICT", "person-1", "person-2", times=1)
    assert driven.control.sessionboard_writes()["failures"] == {
        "person-1": ["CONFLICT", 1],
        "person-2": ["CONFLICT", 1],
    }
    assert [driven.put("person-1").status_code for _ in range(2)] == [409, 200]
    driven.control.fail_updates("X")
    assert driven.put("person-2").status_code == 200


def test_a_field_is_added_and_listed(driven: Driven) -> None:
    added = driven.control.add_field(EVENT, "Badge no.", contains_pii=True, scope="global")
    assert (added["internal_name"], added["module"], added["type"]) == ("badge_no", "contact", "text")
    assert added in driven.control.fields(EVENT)
    driven.control.add_field(EVENT, "Badge no.", internal_name="badge_b")
    assert {"badge_no", "badge_b"} <= values_in(driven.contact("person-1")).keys()
    with pytest.raises(ControlRefused, match="validation error"):
        driven.control.add_field(EVENT, "X", module="room")
    with pytest.raises(ControlRefused, match="no such event"):
        driven.control.add_field(404, "X")


def test_an_organizer_sets_clears_and_moves(driven: Driven) -> None:
    times = [driven.contact("person-1")["updated_at"]]
    edits: tuple[dict[str, str | None] | None, ...] = (None, {"gleanin_link": "mine"}, {"gleanin_link": None})
    values = []
    for edit in edits:
        driven.control.edit_record(EVENT, "person-1", edit)
        values.append(values_in(driven.contact("person-1"))["gleanin_link"])
        times.append(driven.contact("person-1")["updated_at"])
    assert values == [None, "mine", None]
    assert times == sorted(set(times))
    assert driven.control.sessionboard_writes()["operations"] == {}, "which is no write of the API"
    driven.control.edit_record(EVENT, "exhibitor-1", {"gleanin_link": "stand"})
    assert driven.control.field_values(EVENT, "gleanin_link", "account") == {"exhibitor-1": "stand"}


def test_an_organizers_edit_waits_for_the_next_write(driven: Driven) -> None:
    before = driven.contact("person-1")
    driven.control.edit_record(EVENT, "person-1", {"gleanin_link": "mine"}, before_next_write=True)
    assert driven.contact("person-1") == before
    answer = driven.http.put(
        f"/v1/event/{EVENT}/contacts/person-1",
        json={"updated_at": before["updated_at"], "custom_fields": {"gleanin_link": URL}},
    )
    assert answer.status_code == 409
    assert driven.control.field_values(EVENT, "gleanin_link") == {"person-1": "mine"}


@pytest.mark.parametrize(
    ("event", "record_id", "edit"),
    [
        (404, "person-1", {}),
        (EVENT, "nobody", {}),
        (EVENT, "person-1", {"unknown": "x"}),
        (EVENT, "person-1", {"gleanin_link": "x" * 5001}),
    ],
)
def test_an_impossible_edit_is_refused(
    driven: Driven, event: int, record_id: str, edit: dict[str, str | None]
) -> None:
    with pytest.raises(ControlRefused, match="here is no"):
        driven.control.edit_record(event, record_id, edit)


def test_an_event_put_in_place_of_another_keeps_what_was_written(driven: Driven) -> None:
    driven.put("person-1")
    driven.put("desk")
    driven.put("exhibitor-1", path="exhibitors")
    saved = driven.control.event(EVENT)
    for exhibitor in saved["exhibitors"]:
        exhibitor["custom_fields"] = []
    driven.control.replace_event(EVENT, saved)
    rows = driven.http.post(f"/v1/event/{EVENT}/exhibitors").json()["results"]
    assert values_in(rows[0])["gleanin_link"] == URL
    for record_id in ("person-1", "desk"):
        assert values_in(driven.contact(record_id))["gleanin_link"] == URL
    driven.control.replace_event(EVENT, saved | {"fields": []})
    own = [field for field in driven.control.fields(EVENT) if field["scope"] == "event"]
    assert own == [], "an event that brings fields has no others of its own"
    with pytest.raises(ControlRefused, match="validation error"):
        driven.control.replace_event(EVENT, saved | {"fields": [{"name": ""}]})
