"""What tests of whole syncs need: the product over the plug-in, with a programme in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from core.domain.records.kinds import AGENDA, ALL, EXHIBITOR_CONTACT, EXHIBITORS, SESSION, SPEAKER, Scope
from core.domain.records.outcomes import SUCCEEDED
from gleanin_sync_testkit import programmes
from gleanin_sync_testkit.destination.base import DestinationSuiteBase, new_event
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.stand_in import StoredRecord
from gleanin_sync_testkit.product import Product, Synced
from gleanin_sync_testkit.product_systems import ProductDestination, destination_of
from gleanin_sync_testkit.wire import Request
from ports.plugins import EXHIBITORS as EXHIBITOR_ROWS
from ports.plugins import SESSIONS, DestinationEventId, Person, RecordKind, RecordSchema, Session

MAX_SYNCS = 3
"""So many syncs put everything right, whatever has happened before."""


class SyncSuiteBase(DestinationSuiteBase):
    def product_destination(self, rig: Rig, event: DestinationEventId) -> ProductDestination:
        """Return the destination as the installed program has it."""
        stand_in, plugin = rig.stand_in, self.plugin
        token = stand_in.token if plugin.needs_token else ""
        http, fields = rig.wire.open_http(), stand_in.fields
        return destination_of(plugin, http, event, url=stand_in.url, token=token, fields=fields)

    def conference(self, rig: Rig) -> "Conference":
        """Return a mapped event with a programme of the kinds that the destination takes."""
        scope = _scope(rig.stand_in.schemas)
        event = new_event(rig)
        return Conference(rig, Product(destination=self.product_destination(rig, event)), event, scope)


@dataclass(slots=True)
class Conference:
    rig: Rig
    product: Product
    event: DestinationEventId
    scope: Scope
    talks: dict[str, Session] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    """By id; each speaks in all talks."""
    staff: dict[str, Person] = field(default_factory=dict)
    """The contacts of the one exhibitor."""

    def __post_init__(self) -> None:
        if self.scope in (ALL, AGENDA):
            self.talks = {"opening": programmes.session("opening")}
            self.people = {"ada": programmes.person("ada")}
        if self.scope in (ALL, EXHIBITORS):
            self.staff = {"bob": programmes.person("bob")}

    async def sync(self) -> Synced:
        self.put()
        return await self.product.sync(self.scope)

    async def killed_sync(self, moment: int) -> Synced | None:
        self.put()
        return await self.product.killed_sync(moment, self.scope)

    def put(self) -> None:
        """Hand the programme to the source."""
        speakers = tuple(self.people.values())
        sessions = [
            replace(talk, people=programmes.session(talk.id, *speakers).people)
            for talk in self.talks.values()
        ]
        exhibitors = [programmes.exhibitor("acme", *self.staff.values())] if self.staff else []
        self.product.programme.put(SESSIONS, *sessions)
        self.product.programme.put(EXHIBITOR_ROWS, *exhibitors)

    def schema(self, kind: RecordKind) -> RecordSchema:
        return self.rig.stand_in.schemas[kind.name]

    def stored(self, kind: RecordKind, source_id: str) -> list[StoredRecord]:
        """Return the records in the stand-in that stand for one of the source."""
        external_id = self.product.external_id(source_id)
        found = self.rig.stored(self.event, self.schema(kind))
        return [record for record in found if record.external_id == external_id]

    def the(self, kind: RecordKind, source_id: str) -> StoredRecord:
        """Return the record that stands for one of the source."""
        found = self.stored(kind, source_id)
        assert len(found) == 1, (
            f"The {kind} {source_id!r} must be in the destination exactly once (rule 32), but is there {len(found)} times"
        )
        return found[0]

    def check_all_once(self, synced: Synced, when: str) -> None:
        """Check that each record of the programme is in the destination exactly once, and that the run says so."""
        wanted = len(self.talks) + (len(self.people) if self.talks else 0) + len(self.staff)
        done = [outcome for outcome in synced.outcomes if outcome.outcome in SUCCEEDED]
        failed = {
            outcome.record.label: f"{outcome.outcome}: {outcome.reason}"
            for outcome in synced.outcomes
            if outcome not in done
        }
        assert len(done) == wanted, (
            f"{when}, all {wanted} records must be synced, but {len(done)} are; the others: {failed}. "
            f"The run says: {synced.run.message}"
        )
        for outcome in done:
            found = self.stored(outcome.record.kind, outcome.record.source_id)
            assert len(found) == 1, (
                f"{when}, the {outcome.record.kind} {outcome.record.label!r} must be in the destination exactly once "
                f"(rule 32), but is there {len(found)} times"
            )

    def check_texts(self, when: str) -> None:
        """Check that titles and names are those of the programme."""
        for kind, rows in ((SESSION, self.talks), (SPEAKER, self.people if self.talks else {})):
            for source_id, row in rows.items():
                name, value = (
                    ("title", row.title) if isinstance(row, Session) else ("first_name", row.first_name)
                )
                attribute = self.schema(kind).attributes.get(name)
                stored = self.the(kind, source_id).attributes
                assert attribute is None or stored.get(attribute) == value, (
                    f"{when}, {name} of the {kind} {source_id!r} must be {value!r}, but it is {stored.get(attribute)!r}"
                )

    async def check_settles(self, when: str) -> None:
        """Check that syncs without faults put everything right, and that the one after them writes nothing."""
        self.rig.wire.faults.clear()
        for _ in range(MAX_SYNCS - 1):
            self.product.wait_a_minute()
            await self.sync()
        self.product.wait_a_minute()
        self.check_all_once(await self.sync(), when)
        self.check_texts(when)
        await self.check_writes_nothing(when)

    async def check_writes_nothing(self, when: str) -> None:
        """Check that a sync of an unchanged programme writes nothing (rule 21)."""
        before, sent = self.rig.state(), len(self.rig.writes)
        synced = await self.sync()
        written = [f"{request.method} {request.path}" for request in self.rig.writes[sent:]]
        assert (written, synced.writes) == ([], 0), (
            f"{when}, a sync of an unchanged programme must write nothing (rule 21), but it wrote {written}, "
            f"and says: {[(outcome.record.label, str(outcome.reason)) for outcome in synced.outcomes]}"
        )
        assert self.rig.state() == before


def _scope(schemas: Mapping[str, RecordSchema]) -> Scope:
    has_agenda = SESSION.name in schemas and SPEAKER.name in schemas
    has_exhibitors = EXHIBITOR_CONTACT.name in schemas
    if not has_agenda and not has_exhibitors:
        pytest.skip("the destination takes neither sessions and speakers nor exhibitors")
    return ALL if has_agenda and has_exhibitors else AGENDA if has_agenda else EXHIBITORS


def settling(rig: Rig) -> None:
    """Carry out late writes before the next read, which is within the minute."""

    def before(request: Request) -> None:
        if not rig.stand_in.is_write(request):
            rig.wire.settle()

    rig.wire.before = before
