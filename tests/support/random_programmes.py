"""A model of Gleanin and of our memory: it plans a programme as a sync does, and carries the plan out."""

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

Recorded = Callable[[Step], bool]


@dataclass(slots=True)
class SandboxState:
    connection: ConnectionId = HERE
    there: dict[str, dict[DestinationId, DestinationRecord]] = field(
        default_factory=lambda: {kind.name: {} for kind in KINDS}
    )
    fields: dict[DestinationId, dict[str, FieldValue]] = field(default_factory=dict)
    memory: dict[str, dict[SourceId, SyncedRecord]] = field(
        default_factory=lambda: {kind.name: {} for kind in KINDS}
    )
    _ids: "count[int]" = field(default_factory=count)

    def put(self, kind: RecordKind, record: DestinationRecord) -> None:
        """Let something stand in Gleanin that no sync of this world has sent."""
        self.there[kind.name][record.id] = record

    def delete_by_hand(self, kind: RecordKind, source_id: str) -> None:
        mine = external_id(self.connection, SourceId(source_id))
        records = self.there[kind.name]
        self.there[kind.name] = {key: one for key, one in records.items() if one.external_id != mine}
        if kind is SESSION:
            self._untie({key for key, one in records.items() if one.external_id == mine})

    def _untie(self, gone: set[DestinationId]) -> None:
        """Gleanin itself drops the ties to a session that is deleted there."""
        for key in self.there[SPEAKER.name]:
            stands = self.fields.get(key, {})
            if gone & set(associations := stands.get(ASSOCIATIONS, ())):
                stands[ASSOCIATIONS] = tuple(tie for tie in associations if tie not in gone)
                self._mirror(SPEAKER, key)

    def mailboxes(self, kind: RecordKind) -> dict[str, str]:
        """Tell who has which e-mail in Gleanin, by source id."""
        return {
            parsed[1]: normalize_email(record.email)
            for record in self.there[kind.name].values()
            if record.email and (parsed := parse_external_id(record.external_id))
        }

    def associations(self, source_id: str) -> frozenset[str]:
        mine = external_id(self.connection, SourceId(source_id))
        found = [one for one in self.there[SPEAKER.name].values() if one.external_id == mine]
        return frozenset(found[0].sessions) if found else frozenset()

    def sync(self, programme: SourceSnapshot, recorded: Recorded = lambda _: True) -> list[Step]:
        """Plan and carry out; `recorded` tells which writes reach our memory, as after a crash."""
        emails = {
            kind: {one.source_id: one.email for one in memory.values() if one.email}
            for kind, memory in self.memory.items()
        }
        side = DestinationIndex(self.connection, emails=emails)
        for kind in KINDS:
            side.add(kind, self.there[kind.name].values())
        steps: list[Step] = []
        for kind in (each for each in KINDS if each.feed in programme.rows):
            for step in self._plan(kind, programme, side):
                steps.append(step)
                self._carry_out(step, side, recorded)
        return steps

    def _plan(self, kind: RecordKind, programme: SourceSnapshot, side: DestinationIndex) -> list[Step]:
        associations = {**side.created_before(SESSION), **side.all_created_here(SESSION)}
        excluded = {each.name: side.created_before(each).keys() for each in KINDS}
        selection = programme.select(kind, side, dict(associations), excluded)
        planner = Planner(kind, side, excluded[kind.name], selection.email_changes, selection.incomplete)
        memory = self.memory[kind.name]
        candidates = list(selection.candidates())
        assert len(candidates) == selection.size
        steps = list(planner.plan(candidates, memory))
        assert [step.record for step in steps] == [one.record for one in candidates], "one step for each"
        seen = {one.record.source_id for one in candidates}
        sent = {**side.all_created_here(kind), **{key: one.gleanin_id for key, one in memory.items()}}
        unseen = {key: there for key, there in sent.items() if key not in seen}
        return steps + list(planner.leftovers(unseen, memory))

    def _carry_out(self, step: Step, side: DestinationIndex, recorded: Recorded) -> None:
        if isinstance(step, NoWrite):
            return
        memory = self.memory[step.record.kind.name]
        if known := memory.get(step.record.source_id):
            memory[step.record.source_id] = replace(known, fingerprint=UNCONFIRMED)
        gleanin_id = self._create(step) if isinstance(step, Create) else self._update(step)
        self._mirror(step.record.kind, gleanin_id)
        side.record_write(step.record.kind, step.record.source_id, gleanin_id)
        if recorded(step):
            self._remember(step, gleanin_id, step.fields)

    def _create(self, step: Create) -> DestinationId:
        kind = step.record.kind
        gleanin_id = DestinationId(f"{kind.name}-{next(self._ids)}")
        mine = external_id(self.connection, step.record.source_id)
        assert all(one.external_id != mine for one in self.there[kind.name].values()), "sent twice"
        self.there[kind.name][gleanin_id] = DestinationRecord(gleanin_id, mine)
        self.fields[gleanin_id] = dict(step.fields)
        return gleanin_id

    def _update(self, step: Update) -> DestinationId:
        assert step.changes, "an update that changes nothing is a write for nothing"
        stands = self.fields.setdefault(step.gleanin_id, {})
        for change in step.changes:
            if change.new is None:
                stands.pop(change.field, None)
            else:
                stands[change.field] = change.new
        return step.gleanin_id

    def _mirror(self, kind: RecordKind, gleanin_id: DestinationId) -> None:
        stands = self.fields[gleanin_id]
        email, associations = stands.get("email"), stands.get(ASSOCIATIONS, ())
        self.there[kind.name][gleanin_id] = replace(
            self.there[kind.name][gleanin_id],
            email=email if isinstance(email, str) else None,
            sessions=tuple(DestinationId(tie) for tie in associations),
        )

    def _remember(self, step: Create | Update, gleanin_id: DestinationId, fields: Fields) -> None:
        record, email = step.record, fields.get("email")
        self.memory[record.kind.name][record.source_id] = SyncedRecord(
            record.kind,
            record.source_id,
            record.label,
            gleanin_id,
            self.connection,
            fingerprint(fields),
            fields,
            email if isinstance(email, str) else None,
        )
