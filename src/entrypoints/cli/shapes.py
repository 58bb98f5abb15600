"""The shapes of the JSON documents: what scripts rely on."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.domain.kinds import KINDS
from core.domain.mappings import EventMapping, MappingSettings
from core.domain.outcomes import Counts, Outcome, RecordOutcome
from core.domain.planning import Change, Create, NoWrite, Step, Update
from core.domain.runs import SyncRun
from core.domain.synced import FieldValue, SyncedRecord
from ports.persistence import HistoryEntry

if TYPE_CHECKING:  # takes long to import, and `--help` should not
    from core.usecases.list_events import ListedEvent


def counts(all_kinds: Counts) -> dict[str, dict[str, int]]:
    tallies = {kind.plural: all_kinds.of(kind) for kind in KINDS}
    return {
        plural: {
            "attempted": tally.attempted,
            "succeeded": tally.succeeded,
            **{outcome.value: tally[outcome] for outcome in Outcome},
        }
        for plural, tally in tallies.items()
    }


def outcome(told: RecordOutcome) -> dict[str, Any]:
    return {
        "kind": told.record.kind.name,
        "source_id": told.record.source_id,
        "label": told.record.label,
        "outcome": told.outcome.value,
        "reason": told.reason.sentence,
        "detail": told.reason.detail,
        "gleanin_id": told.gleanin_id,
        "code": told.reason.code,
    }


def step(planned: Step) -> dict[str, Any]:
    from core.usecases.sync.preview import would_be

    gleanin_id = None if isinstance(planned, Create) else planned.gleanin_id
    told = RecordOutcome(planned.record, would_be(planned), planned.reason, gleanin_id)
    return outcome(told) | {"changes": [_change(each) for each in changes(planned)]}


def changes(planned: Step) -> tuple[Change, ...]:
    """Give what a step would send: to a new record, all of its fields."""
    match planned:
        case Create(record=record, fields=fields):
            return tuple(Change(name, None, fields[name]) for name in record.kind.fields if name in fields)
        case Update(changes=sent):
            return sent
        case NoWrite():
            return ()


def _change(change: Change) -> dict[str, Any]:
    return {"field": change.field, "old": _value(change.old), "new": _value(change.new)}


def _value(value: FieldValue | None) -> str | list[str] | None:
    return list(value) if isinstance(value, tuple) else value


def result(run: SyncRun) -> dict[str, Any]:
    """Shape a run that has ended, as `sync` gives it."""
    return {
        "run_id": run.id,
        "state": run.state.value,
        "code": run.stop.code if run.stop else None,
        "message": run.message,
        "counts": counts(run.counts),
    }


def run(one: SyncRun) -> dict[str, Any]:
    return result(one) | {
        "mapping_id": one.mapping_id,
        "trigger": one.trigger.value,
        "scope": one.scope.value,
        "requested_at": one.requested_at.isoformat(),
        "started_at": _instant(one.started_at),
        "finished_at": _instant(one.finished_at),
    }


def history_entry(entry: HistoryEntry) -> dict[str, Any]:
    return {"at": entry.at.isoformat(), "run_id": entry.run_id} | outcome(entry.outcome)


def person_with_links(person: SyncedRecord) -> dict[str, Any]:
    return {
        "kind": person.kind.name,
        "source_id": person.source_id,
        "name": person.label,
        "email": person.email,
        "links": [{"title": link.title, "url": link.url} for link in person.links],
    }


def event(listed: "ListedEvent") -> dict[str, Any]:
    return {
        "id": listed.id,
        "name": listed.name,
        "time_zone": listed.time_zone,
        "mappable": listed.mappable,
        "why_not": listed.why_not,
        "only_with": listed.only_with,
    }


def mapping(one: EventMapping) -> dict[str, Any]:
    return {
        "id": one.id,
        "organization_id": one.organization_id,
        "sessionboard": {"id": one.events.sessionboard_id, "name": one.sessionboard_name},
        "gleanin": {"id": one.events.gleanin_id, "name": one.gleanin_name},
        "created_at": one.created_at.isoformat(),
        "confirmed_time_zone": one.confirmed_time_zone,
        "settings": settings(one.settings),
    }


def settings(chosen: MappingSettings) -> dict[str, Any]:
    return {
        "tracks": chosen.tracks.value,
        "chairpersons": chosen.chairpersons,
        "moderators": chosen.moderators,
        "exhibitor_name": chosen.exhibitor_name.value,
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
