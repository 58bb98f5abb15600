"""JSON documents and CSV rows, the same for the command line and the API; scripts depend on them."""

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
from core.usecases.runs.get_status import Status
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


def outcome(result: RecordOutcome) -> dict[str, Any]:
    return {
        "kind": result.record.kind.name,
        "source_id": result.record.source_id,
        "label": result.record.label,
        "outcome": result.outcome.value,
        "reason": result.reason.sentence,
        "detail": result.reason.detail,
        "gleanin_id": result.destination_id,
        "code": result.reason.code,
    }


def step(planned: Step) -> dict[str, Any]:
    destination_id = None if isinstance(planned, Create) else planned.destination_id
    expected = RecordOutcome(planned.record, expected_outcome(planned), planned.reason, destination_id)
    return outcome(expected) | {"changes": [_change(change) for change in changes(planned)]}


def changes(planned: Step) -> tuple[FieldChange, ...]:
    """Return what a step would send; for a new record, all of its fields."""
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
    """Return the document of an ended run, as printed by `sync`."""
    return {
        "run_id": run.id,
        "state": run.state.value,
        "code": run.stop.code if run.stop else None,
        "message": run.message,
        "counts": counts(run.counts),
    }


def run(sync_run: SyncRun) -> dict[str, Any]:
    return result(sync_run) | {
        "mapping_id": sync_run.mapping_id,
        "trigger": sync_run.trigger.value,
        "scope": sync_run.scope.value,
        "requested_at": sync_run.requested_at.isoformat(),
        "requested_by": sync_run.requested_by,
        "started_at": _instant(sync_run.started_at),
        "finished_at": _instant(sync_run.finished_at),
        "progress": {
            kind.plural: {"done": at.done, "total": at.total} for kind, at in sync_run.progress.items()
        },
    }


def run_with_outcomes(
    sync_run: SyncRun, outcomes: Iterable[RecordOutcome], last_checked_at: datetime | None
) -> dict[str, Any]:
    documents = [outcome(record_outcome) for record_outcome in outcomes]
    return run(sync_run) | {"last_checked_at": _instant(last_checked_at), "outcomes": documents}


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


def outcome_row(result: RecordOutcome) -> list[str | None]:
    document = outcome(result)
    return [document[column] for column in OUTCOME_COLUMNS]


def link_rows(person: SyncedRecord) -> Iterator[tuple[str, str, str, str | None, str, str]]:
    """Yield a row for each of a person's links, or a single row if there is none yet."""
    for link in person.links or (_NO_LINK,):
        yield person.kind.name, person.source_id, person.label, person.email, link.title, link.url


def organization(
    tenant: Organization, open_connection: Connection | None, current: Health | None = None
) -> dict[str, Any]:
    """Return the document of an organization, with its health if it is connected."""
    return {
        "id": tenant.id,
        "name": tenant.name,
        "sessionboard_url": tenant.source_url,
        "connected": open_connection is not None,
        "token_hint": open_connection.token_hint if open_connection else None,
        "connected_at": open_connection.opened_at.isoformat() if open_connection else None,
        "health": health(current) if open_connection and current else None,
    }


def connection(open_connection: Connection | None, current: Health | None = None) -> dict[str, Any]:
    if open_connection is None:
        return {"connected": False}
    return {
        **({"health": health(current)} if current else {}),
        "connected": True,
        "id": open_connection.id,
        "token_hint": open_connection.token_hint,
        "connected_at": open_connection.opened_at.isoformat(),
        "continuous_sync": open_connection.continuous_sync,
    }


def audit_entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "by": entry.by,
        "action": entry.action.value,
        "organization_id": entry.organization_id,
        "what": entry.what,
    }


def status(summary: Status) -> dict[str, Any]:
    return {
        "organization_id": summary.organization.id,
        "organization": summary.organization.name,
        "continuous": summary.continuous,
        "due": summary.due,
        "queued": summary.queued,
        "running": summary.running,
        "failing": summary.failing,
        "halted": summary.halted,
        "next_due_at": _instant(summary.next_due_at),
        "waiting_for_settings": summary.waiting,
        "health": health(summary.health),
        "last_checked_at": _instant(summary.last_checked_at),
    }


def account(user_account: Account) -> dict[str, Any]:
    return {
        "id": user_account.id,
        "email": user_account.email,
        "created_at": user_account.created_at.isoformat(),
        "has_password": user_account.password_hash is not None,
        "roles": sorted(
            (
                {"role": grant.role.value, "organization_id": grant.organization_id}
                for grant in user_account.grants
            ),
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


def recipient(target: Recipient | None) -> dict[str, Any]:
    return {
        "channel": target.channel.value if target else None,
        "address": target.address if target else None,
    }


def notice(notification: Notification) -> dict[str, Any]:
    return {
        "id": notification.id,
        "mapping_id": notification.mapping_id,
        "run_id": notification.run_id,
        "at": notification.at.isoformat(),
        "change": notification.change.value,
        "text": notification.text,
        "state": notification.state.value,
        "attempts": notification.attempts,
        "next_attempt_at": _instant(notification.next_attempt_at),
        "problem": notification.problem or None,
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


def mapping(event_mapping: EventMapping) -> dict[str, Any]:
    return {
        "id": event_mapping.id,
        "organization_id": event_mapping.organization_id,
        "sessionboard": {"id": event_mapping.events.source_id, "name": event_mapping.source_event_name},
        "gleanin": {"id": event_mapping.events.destination_id, "name": event_mapping.destination_event_name},
        "created_at": event_mapping.created_at.isoformat(),
        "confirmed_time_zone": event_mapping.confirmed_time_zone,
        "continuous_sync": event_mapping.continuous_sync,
        "waits_for_settings": event_mapping.waits_for_settings,
        "time_zone": event_mapping.time_zone,
        "gleanin_time_zone": event_mapping.destination_time_zone,
        "settings": settings(event_mapping.settings),
    }


def health(current: Health) -> dict[str, Any]:
    return {
        "state": current.state.value,
        "since": _instant(current.since),
        "reason": current.reason or None,
        "remedy": current.remedy.value if current.remedy else None,
        "system": current.system or None,
        "run_id": current.run_id,
    }


def mapping_with_health(
    event_mapping: EventMapping, current: Health, last_checked_at: datetime | None
) -> dict[str, Any]:
    return {**mapping(event_mapping), "health": health(current), "last_checked_at": _instant(last_checked_at)}


def settings(chosen: MappingSettings) -> dict[str, Any]:
    return {
        "tracks": chosen.tracks.value,
        "chairpersons": chosen.chairpersons,
        "moderators": chosen.moderators,
        "exhibitor_name": chosen.exhibitor_name.value,
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
