"""A model of Gleanin and the synced records: it plans a programme as a sync does, and executes the plan."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

from core.domain.email import normalize_email
from core.domain.ids import ConnectionId, DestinationId, SourceId, external_id, parse_external_id
from core.domain.planning.destination_index import DestinationIndex
from core.domain.planning.plan import ASSOCIATIONS, Create, NoWrite, Planner, Step, Update
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.fields import Fields, FieldValue
from core.domain.records.kinds import KINDS, SESSION, SPEAKER, RecordKind
from core.domain.records.synced_records import UNCONFIRMED, SyncedRecord, fingerprint
from core.domain.selection.source_snapshot import SourceSnapshot
from tests.support.builders import HERE
from tests.support.systems import SESSIONBOARD, SYSTEMS

Recorded = Callable[[Step], bool]


@dataclass(slots=True)
class SyncModel:
    connection: ConnectionId = HERE
    gleanin: dict[str, dict[DestinationId, DestinationRecord]] = field(
        default_factory=lambda: {kind.name: {} for kind in KINDS}
    )
    fields: dict[DestinationId, dict[str, FieldValue]] = field(default_factory=dict)
    synced: dict[str, dict[SourceId, SyncedRecord]] = field(
        default_factory=lambda: {kind.name: {} for kind in KINDS}
    )
    _ids: "count[int]" = field(default_factory=count)

    def put(self, kind: RecordKind, record: DestinationRecord) -> None:
        """Add a record to Gleanin that was not sent from this model."""
        self.gleanin[kind.name][record.id] = record

    def delete_by_hand(self, kind: RecordKind, source_id: str) -> None:
        sought_id = external_id(SESSIONBOARD, self.connection, SourceId(source_id))
        records = self.gleanin[kind.name]
        self.gleanin[kind.name] = {
            key: record for key, record in records.items() if record.external_id != sought_id
        }
        if kind is SESSION:
            self._remove_associations(
                {key for key, record in records.items() if record.external_id == sought_id}
            )

    def _remove_associations(self, deleted: set[DestinationId]) -> None:
        """Remove associations with deleted sessions, as Gleanin does."""
        for key in self.gleanin[SPEAKER.name]:
            values = self.fields.get(key, {})
            if deleted & set(associations := values.get(ASSOCIATIONS, ())):
                values[ASSOCIATIONS] = tuple(session for session in associations if session not in deleted)
                self._mirror(SPEAKER, key)

    def mailboxes(self, kind: RecordKind) -> dict[str, str]:
        """Return the normalized e-mails of our contacts in Gleanin, by source id."""
        return {
            parsed[1]: normalize_email(record.email)
            for record in self.gleanin[kind.name].values()
            if record.email and (parsed := parse_external_id(SESSIONBOARD, record.external_id))
        }

    def associations(self, source_id: str) -> frozenset[str]:
        sought_id = external_id(SESSIONBOARD, self.connection, SourceId(source_id))
        found = [record for record in self.gleanin[SPEAKER.name].values() if record.external_id == sought_id]
        return frozenset(found[0].sessions) if found else frozenset()

    def sync(self, programme: SourceSnapshot, recorded: Recorded = lambda _: True) -> list[Step]:
        """Plan and execute a sync; `recorded` selects the writes that are stored, as with a crash."""
        emails = {
            kind: {record.source_id: record.email for record in records.values() if record.email}
            for kind, records in self.synced.items()
        }
        index = DestinationIndex(SESSIONBOARD, self.connection, emails=emails)
        for kind in KINDS:
            index.add(kind, self.gleanin[kind.name].values())
        steps: list[Step] = []
        for kind in (kind for kind in KINDS if kind.feed in programme.rows):
            for step in self._plan(kind, programme, index):
                steps.append(step)
                self._execute(step, index, recorded)
        return steps

    def _plan(self, kind: RecordKind, programme: SourceSnapshot, index: DestinationIndex) -> list[Step]:
        associations = {**index.created_before(SESSION), **index.all_created_here(SESSION)}
        excluded = {other.name: index.created_before(other).keys() for other in KINDS}
        selection = programme.select(kind, index, dict(associations), excluded)
        planner = Planner(
            kind, index, SYSTEMS, excluded[kind.name], selection.email_changes, selection.incomplete
        )
        synced = self.synced[kind.name]
        candidates = list(selection.candidates())
        assert len(candidates) == selection.size
        steps = list(planner.plan(candidates, synced))
        assert [step.record for step in steps] == [candidate.record for candidate in candidates], (
            "one step for each"
        )
        seen = {candidate.record.source_id for candidate in candidates}
        sent = {
            **index.all_created_here(kind),
            **{key: record.destination_id for key, record in synced.items()},
        }
        unseen = {key: destination_id for key, destination_id in sent.items() if key not in seen}
        return steps + list(planner.leftovers(unseen, synced))

    def _execute(self, step: Step, index: DestinationIndex, recorded: Recorded) -> None:
        if isinstance(step, NoWrite):
            return
        synced = self.synced[step.record.kind.name]
        if known := synced.get(step.record.source_id):
            synced[step.record.source_id] = replace(known, fingerprint=UNCONFIRMED)
        destination_id = self._create(step) if isinstance(step, Create) else self._update(step)
        self._mirror(step.record.kind, destination_id)
        index.record_write(step.record.kind, step.record.source_id, destination_id)
        if recorded(step):
            self._record(step, destination_id, step.fields)

    def _create(self, step: Create) -> DestinationId:
        kind = step.record.kind
        destination_id = DestinationId(f"{kind.name}-{next(self._ids)}")
        new_id = external_id(SESSIONBOARD, self.connection, step.record.source_id)
        assert all(record.external_id != new_id for record in self.gleanin[kind.name].values()), "sent twice"
        self.gleanin[kind.name][destination_id] = DestinationRecord(destination_id, new_id)
        self.fields[destination_id] = dict(step.fields)
        return destination_id

    def _update(self, step: Update) -> DestinationId:
        assert step.changes, "an update must change something"
        values = self.fields.setdefault(step.destination_id, {})
        for change in step.changes:
            if change.new is None:
                values.pop(change.field, None)
            else:
                values[change.field] = change.new
        return step.destination_id

    def _mirror(self, kind: RecordKind, destination_id: DestinationId) -> None:
        values = self.fields[destination_id]
        email, associations = values.get("email"), values.get(ASSOCIATIONS, ())
        self.gleanin[kind.name][destination_id] = replace(
            self.gleanin[kind.name][destination_id],
            email=email if isinstance(email, str) else None,
            sessions=tuple(DestinationId(session) for session in associations),
        )

    def _record(self, step: Create | Update, destination_id: DestinationId, fields: Fields) -> None:
        record, email = step.record, fields.get("email")
        self.synced[record.kind.name][record.source_id] = SyncedRecord(
            record.kind,
            record.source_id,
            record.label,
            destination_id,
            self.connection,
            fingerprint(fields),
            fields,
            email if isinstance(email, str) else None,
        )
