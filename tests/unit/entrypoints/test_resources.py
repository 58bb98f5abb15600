"""The resources as JSON documents and CSV rows, which scripts depend on."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from core.domain.ids import ConnectionId, DestinationId, MappingId, RunId, SourceId
from core.domain.links import link_reasons
from core.domain.links.link_homes import HolderType, LinkSettings
from core.domain.links.link_outcomes import LinkOutcome, LinkResult
from core.domain.planning.plan import Create, FieldChange, NoWrite, Update
from core.domain.records import reasons
from core.domain.records.fields import Fields
from core.domain.records.kinds import ALL, EXHIBITOR_CONTACT, SESSION, SPEAKER
from core.domain.records.outcomes import Counts, Outcome, RecordOutcome, RecordRef, count
from core.domain.records.synced_records import ShareLink, SyncedRecord
from core.domain.runs import stop_reasons
from core.domain.runs.run import SyncRun, Trigger
from core.domain.tenancy.event_mappings import MappingSettings
from core.usecases.shared.link_fields import LinkChange
from core.usecases.shared.write_back import LinkReport
from entrypoints.http.api.requests import SettingsChangeRequest
from entrypoints.resources.links import WriteBackResponse
from entrypoints.resources.mappings import SettingsResponse
from entrypoints.resources.results import (
    OUTCOME_COLUMNS,
    HistoryEntryResponse,
    PersonResponse,
    RecordEntryResponse,
    RecordOutcomeResponse,
    SyncedPersonResponse,
    outcome_row,
)
from entrypoints.resources.runs import CountsResponse, RunResponse
from entrypoints.resources.sync import StepResponse
from ports.store.results import HistoryEntry
from tests.support.systems import SESSIONBOARD, SYSTEMS

NOW = datetime(2027, 7, 21, 9, 15, tzinfo=UTC)
GRACE = RecordRef(SPEAKER, SourceId("s1"), "Grace Hopper", "grace@example.org")


def a_run(counts: Counts) -> SyncRun:
    booked = SyncRun(RunId("r1"), MappingId("m1"), Trigger.MANUAL, ALL, NOW)
    return booked.start("host:1", NOW, timedelta(seconds=15)).finished(counts, NOW, SYSTEMS)


def test_counts_have_every_kind_and_every_outcome() -> None:
    counts = CountsResponse.from_domain(
        count([(SESSION, Outcome.CREATED), (SPEAKER, Outcome.BLOCKED)])
    ).document()
    nothing = dict.fromkeys(("created", "updated", "unchanged", "kept", "skipped", "blocked", "failed"), 0)
    assert counts == {
        "sessions": nothing | {"attempted": 1, "succeeded": 1, "created": 1},
        "speakers": nothing | {"attempted": 1, "succeeded": 0, "blocked": 1},
        "exhibitors": nothing | {"attempted": 0, "succeeded": 0},
    }


def test_a_result_names_run_state_message_and_counts() -> None:
    result = RunResponse.from_domain(a_run(count([(SESSION, Outcome.FAILED)]))).result()
    assert result.keys() == {"run_id", "state", "code", "message", "counts"}
    assert (result["run_id"], result["state"], result["code"]) == ("r1", "completed_with_problems", None)


def test_a_stopped_run_tells_the_stop_s_code() -> None:
    booked = SyncRun(RunId("r1"), MappingId("m1"), Trigger.MANUAL, ALL, NOW)
    stopped = RunResponse.from_domain(
        booked.stopped(stop_reasons.DISCONNECTED, NOW, Counts(), SYSTEMS)
    ).result()
    assert (stopped["state"], stopped["code"]) == ("stopped", "disconnected")


def test_an_outcome_tells_record_reason_and_detail() -> None:
    outcome = RecordOutcome(
        GRACE, Outcome.BLOCKED, reasons.missing(["last_name"], SYSTEMS), DestinationId("77")
    )
    assert RecordOutcomeResponse.from_domain(outcome).document() == {
        "kind": "speaker",
        "source_id": "s1",
        "label": "Grace Hopper",
        "outcome": "blocked",
        "reason": "Required field is missing: last name.",
        "detail": "Add it in Sessionboard, then sync again.",
        "gleanin_id": "77",
        "code": "missing_fields",
    }


def test_a_new_record_s_step_lists_all_fields_without_an_old_value() -> None:
    fields: Fields = {"email": "grace@example.org", "sessions": ("1", "2")}
    step = StepResponse.from_domain(Create(GRACE, reasons.new(SYSTEMS), fields)).document()
    assert step["outcome"] == "created"
    assert step["changes"] == [
        {"field": "email", "old": None, "new": "grace@example.org"},
        {"field": "sessions", "old": None, "new": ["1", "2"]},
    ]


def test_a_change_has_the_old_and_the_new_value() -> None:
    changes = (FieldChange("job_title", "Admiral", None),)
    update = Update(GRACE, reasons.changed(["job_title"]), DestinationId("77"), {}, changes)
    step = StepResponse.from_domain(update).document()
    assert (step["outcome"], step["gleanin_id"]) == ("updated", "77")
    assert step["changes"] == [{"field": "job_title", "old": "Admiral", "new": None}]


def test_a_step_that_writes_nothing_changes_nothing() -> None:
    no_write = NoWrite(GRACE, reasons.SAME, Outcome.UNCHANGED, DestinationId("77"))
    step = StepResponse.from_domain(no_write).document()
    assert (step["outcome"], step["changes"]) == ("unchanged", [])


def test_a_person_has_name_e_mail_and_links() -> None:
    person = SyncedRecord(
        EXHIBITOR_CONTACT,
        SourceId("c1"),
        "Ada",
        DestinationId("9"),
        ConnectionId("k1"),
        "f",
        {},
        "ada@example.org",
        (ShareLink("Exhibitor campaign", "https://app.gleanin.com/share/x"),),
    )
    assert PersonResponse.from_domain(person).document() == {
        "kind": "exhibitor_contact",
        "source_id": "c1",
        "name": "Ada",
        "email": "ada@example.org",
        "links": [{"title": "Exhibitor campaign", "url": "https://app.gleanin.com/share/x"}],
    }
    assert SyncedPersonResponse.of(person, {}).document() == {
        **PersonResponse.from_domain(person).document(),
        "written_back": None,
    }
    kept = LinkResult(
        EXHIBITOR_CONTACT,
        SourceId("c1"),
        "Ada",
        HolderType("contacts"),
        LinkOutcome.KEPT,
        link_reasons.entered_by_somebody(SESSIONBOARD),
    )
    latest = {(EXHIBITOR_CONTACT, SourceId("c1")): [kept]}
    assert SyncedPersonResponse.of(person, latest).document()["written_back"] == {
        "outcome": "kept",
        "reason": "Somebody else entered a value in Sessionboard, so it was kept. "
        "To have the link written there, clear the field in Sessionboard.",
    }


def test_rule_38_a_report_of_links_has_all_four_counts() -> None:
    written = LinkResult(
        SPEAKER,
        SourceId("s1"),
        "Grace",
        HolderType("contacts"),
        LinkOutcome.WRITTEN,
        link_reasons.first_time(SESSIONBOARD),
    )
    assert WriteBackResponse.from_domain(LinkReport([written])).document() == {
        "counts": {"written": 1, "unchanged": 0, "kept": 0, "failed": 0},
        "links": [
            {
                "kind": "speaker",
                "source_id": "s1",
                "name": "Grace",
                "outcome": "written",
                "reason": "Written to Sessionboard for the first time.",
            }
        ],
    }


def test_rule_38_a_report_of_links_tells_what_is_missing_in_it() -> None:
    report = WriteBackResponse.from_domain(LinkReport(problems=["The exhibitors could not be read."]))
    assert report.document()["problems"] == ["The exhibitors could not be read."]


def test_rule_38_settings_for_links_are_null_if_they_are_off() -> None:
    off = SettingsResponse.from_domain(MappingSettings()).document()
    links = LinkSettings("gleanin_link", "company_link", "7")
    on = SettingsResponse.from_domain(MappingSettings(links=links)).document()
    names = ("link_field", "company_link_field", "link_campaign")
    assert [off[name] for name in names] == [None, None, None]
    assert [on[name] for name in names] == ["gleanin_link", "company_link", "7"]


def test_rule_38_a_change_of_links_tells_omitted_from_off() -> None:
    mapping_id = MappingId("m1")
    omitted = SettingsChangeRequest.model_validate({"moderators": True}).command(mapping_id)
    assert (omitted.links, omitted.moderators) == (LinkChange(), True)
    changed = SettingsChangeRequest.model_validate({"link_field": "a", "link_campaign": None})
    assert changed.command(mapping_id).links == LinkChange("a", None, "")
    with pytest.raises(ValidationError):
        SettingsChangeRequest.model_validate({"link_field": ""})


def test_a_document_of_a_run_begins_with_its_result() -> None:
    run = RunResponse.from_domain(a_run(count([(SESSION, Outcome.CREATED)])))
    assert list(run.document())[:6] == ["run_id", "state", "code", "message", "counts", "mapping_id"]
    assert list(run.model_dump())[:3] == ["run_id", "mapping_id", "state"]
    assert run.document() == run.model_dump()


def test_a_document_of_a_history_entry_begins_with_its_time_and_run() -> None:
    outcome = RecordOutcome(GRACE, Outcome.UNCHANGED, reasons.SAME, DestinationId("77"))
    entry = HistoryEntryResponse.from_domain(HistoryEntry(RunId("r1"), NOW, outcome))
    assert list(entry.document()) == ["at", "confirmed_at", "run_id", *OUTCOME_COLUMNS]
    assert entry.document() == entry.model_dump()
    of_person = RecordEntryResponse.from_domain(HistoryEntry(RunId("r1"), NOW, outcome))
    assert of_person.document() == entry.document() | {"written_back": None}


def test_instants_end_in_z_in_the_api_and_in_an_offset_in_documents() -> None:
    run = RunResponse.from_domain(a_run(Counts()))
    assert json.loads(run.model_dump_json())["requested_at"] == "2027-07-21T09:15:00Z"
    assert run.document()["requested_at"].isoformat() == "2027-07-21T09:15:00+00:00"


def test_a_row_has_the_values_of_the_model_in_the_order_of_the_columns() -> None:
    outcome = RecordOutcome(GRACE, Outcome.KEPT, reasons.missing(["last_name"], SYSTEMS), DestinationId("77"))
    document = RecordOutcomeResponse.from_domain(outcome).document()
    assert OUTCOME_COLUMNS == (
        "kind",
        "source_id",
        "label",
        "outcome",
        "reason",
        "detail",
        "gleanin_id",
        "code",
    )
    assert dict(zip(OUTCOME_COLUMNS, outcome_row(outcome), strict=True)) == document
