"""The shapes of JSON documents and CSV rows: what scripts and other programs rely on, whichever door they use."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from core.domain.access.accounts import Account
from core.domain.access.api_keys import ApiKey
from core.domain.access.audit import AuditEntry
from core.domain.notifications.notification import Channel, Notification, Recipient
from core.domain.planning.plan import Create, FieldChange, NoWrite, Step, Update
from core.domain.records.fields import FieldValue
from core.domain.records.kinds import KINDS
from core.domain.records.outcomes import Counts, Outcome, RecordOutcome
from core.domain.records.synced_records import ShareLink, SyncedRecord
from core.domain.runs.health import Health
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping, MappingSettings
from core.domain.tenancy.organizations import Connection, Organization
from core.usecases.mappings.list_events import ListedEvent
from core.usecases.runs.show_status import Status
from core.usecases.sync.preview import expected_outcome
from ports.store.results import HistoryEntry

OUTCOME_COLUMNS = ("kind", "source_id", "label", "outcome", "reason", "detail", "gleanin_id", "code")
LINK_COLUMNS = ("kind", "source_id", "name", "email", "title", "url")
CHANNELS = {Channel.WEBHOOK: "webhook", Channel.EMAIL: "e-mail address"}
_NO_LINK = ShareLink("", "")


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
    gleanin_id = None if isinstance(planned, Create) else planned.gleanin_id
    told = RecordOutcome(planned.record, expected_outcome(planned), planned.reason, gleanin_id)
    return outcome(told) | {"changes": [_change(each) for each in changes(planned)]}


def changes(planned: Step) -> tuple[FieldChange, ...]:
    """Give what a step would send: to a new record, all of its fields."""
    match planned:
        case Create(record=record, fields=fields):
            return tuple(
                FieldChange(name, None, fields[name]) for name in record.kind.fields if name in fields
            )
        case Update(changes=sent):
            return sent
        case NoWrite():
            return ()


def _change(change: FieldChange) -> dict[str, Any]:
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
        "requested_by": one.requested_by,
        "started_at": _instant(one.started_at),
        "finished_at": _instant(one.finished_at),
        "progress": {kind.plural: {"done": at.done, "total": at.total} for kind, at in one.progress.items()},
    }


def run_with_outcomes(
    one: SyncRun, outcomes: Iterable[RecordOutcome], last_checked_at: datetime | None
) -> dict[str, Any]:
    told = [outcome(each) for each in outcomes]
    return run(one) | {"last_checked_at": _instant(last_checked_at), "outcomes": told}


def history_entry(entry: HistoryEntry) -> dict[str, Any]:
    times = {"at": entry.at.isoformat(), "confirmed_at": _instant(entry.confirmed_at)}
    return times | {"run_id": entry.run_id} | outcome(entry.outcome)


def person_with_links(person: SyncedRecord) -> dict[str, Any]:
    return {
        "kind": person.kind.name,
        "source_id": person.source_id,
        "name": person.label,
        "email": person.email,
        "links": [{"title": link.title, "url": link.url} for link in person.links],
    }


def outcome_row(told: RecordOutcome) -> list[str | None]:
    shaped = outcome(told)
    return [shaped[column] for column in OUTCOME_COLUMNS]


def link_rows(person: SyncedRecord) -> Iterator[tuple[str, str, str, str | None, str, str]]:
    """Give a row for each of a person's links, and one for somebody who has none yet."""
    for link in person.links or (_NO_LINK,):
        yield person.kind.name, person.source_id, person.label, person.email, link.title, link.url


def organization(
    one: Organization, get_open: Connection | None, fares: Health | None = None
) -> dict[str, Any]:
    """Shape an organization, and how it fares where it is connected."""
    return {
        "id": one.id,
        "name": one.name,
        "sessionboard_url": one.sessionboard_url,
        "connected": get_open is not None,
        "token_hint": get_open.token_hint if get_open else None,
        "connected_at": get_open.opened_at.isoformat() if get_open else None,
        "health": health(fares) if get_open and fares else None,
    }


def connection(get_open: Connection | None, fares: Health | None = None) -> dict[str, Any]:
    if get_open is None:
        return {"connected": False}
    told = {"health": health(fares)} if fares else {}
    return {
        **told,
        "connected": True,
        "id": get_open.id,
        "token_hint": get_open.token_hint,
        "connected_at": get_open.opened_at.isoformat(),
        "continuous_sync": get_open.continuous_sync,
    }


def audit_entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "by": entry.by,
        "action": entry.action.value,
        "organization_id": entry.organization_id,
        "what": entry.what,
    }


def status(one: Status) -> dict[str, Any]:
    return {
        "organization_id": one.organization.id,
        "organization": one.organization.name,
        "continuous": one.continuous,
        "due": one.due,
        "queued": one.queued,
        "running": one.running,
        "failing": one.failing,
        "halted": one.halted,
        "next_due_at": _instant(one.next_due_at),
        "waiting_for_settings": one.waiting,
        "health": health(one.health),
        "last_checked_at": _instant(one.last_checked_at),
    }


def account(one: Account) -> dict[str, Any]:
    return {
        "id": one.id,
        "email": one.email,
        "created_at": one.created_at.isoformat(),
        "has_password": one.password_hash is not None,
        "roles": sorted(
            ({"role": grant.role.value, "organization_id": grant.organization_id} for grant in one.grants),
            key=lambda role: (role["organization_id"] or "", role["role"] or ""),
        ),
    }


def api_key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "role": key.grant.role.value,
        "organization_id": key.grant.organization_id,
        "created_at": key.created_at.isoformat(),
        "created_by": key.created_by,
        "revoked_at": _instant(key.revoked_at),
    }


def recipient(one: Recipient | None) -> dict[str, Any]:
    return {"channel": one.channel.value if one else None, "address": one.address if one else None}


def notice(one: Notification) -> dict[str, Any]:
    return {
        "id": one.id,
        "mapping_id": one.mapping_id,
        "run_id": one.run_id,
        "at": one.at.isoformat(),
        "change": one.change.value,
        "text": one.text,
        "state": one.state.value,
        "attempts": one.attempts,
        "next_attempt_at": _instant(one.next_attempt_at),
        "problem": one.problem or None,
    }


def event(listed: ListedEvent) -> dict[str, Any]:
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
        "continuous_sync": one.continuous_sync,
        "waits_for_settings": one.waits_for_settings,
        "time_zone": one.time_zone,
        "gleanin_time_zone": one.gleanin_time_zone,
        "settings": settings(one.settings),
    }


def health(one: Health) -> dict[str, Any]:
    return {
        "state": one.state.value,
        "since": _instant(one.since),
        "reason": one.reason or None,
        "remedy": one.remedy.value if one.remedy else None,
        "system": one.system or None,
        "run_id": one.run_id,
    }


def mapping_with_health(one: EventMapping, fares: Health, last_checked_at: datetime | None) -> dict[str, Any]:
    return {**mapping(one), "health": health(fares), "last_checked_at": _instant(last_checked_at)}


def settings(chosen: MappingSettings) -> dict[str, Any]:
    return {
        "tracks": chosen.tracks.value,
        "chairpersons": chosen.chairpersons,
        "moderators": chosen.moderators,
        "exhibitor_name": chosen.exhibitor_name.value,
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
