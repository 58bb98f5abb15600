"""The in-memory Gleanin's features for tests, beyond the port."""

import pytest

from adapters.memory.destination import InMemoryGleanin
from adapters.memory.records import LoggedWrite
from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.kinds import SESSION, SPEAKER
from core.domain.tenancy.secrets import SystemCredentials, Token
from ports.destination import DestinationRefused, RecordRejected, WriteOutcomeUnknown

EVENT = DestinationEventId("8")
ID = ExternalId("sessionboard:c1:42")
ANN = {"first_name": "Ann", "last_name": "Lee", "name": "Ann Lee", "email": "ann@example.org"}


@pytest.fixture
def gleanin() -> InMemoryGleanin:
    made = InMemoryGleanin()
    made.add_event(EVENT, "PyCon")
    return made


async def test_it_counts_duplicates(gleanin: InMemoryGleanin) -> None:
    async with gleanin.open(SystemCredentials("", Token("t"))) as destination:
        await destination.create(EVENT, SPEAKER, ID, ANN)
        assert gleanin.duplicates == 0
        await destination.create(EVENT, SPEAKER, ID, ANN)
    assert gleanin.duplicates == 1
    assert len(gleanin.list_by_event(EVENT, SPEAKER)) == 2


async def test_it_logs_each_write_and_no_read(gleanin: InMemoryGleanin) -> None:
    async with gleanin.open(SystemCredentials("", Token("t"))) as destination:
        await destination.events()
        created = await destination.create(EVENT, SPEAKER, ID, ANN)
        await destination.update(EVENT, SPEAKER, created, (FieldChange("last_name", "Lee", "Ray"),))
    assert [(write.created, write.destination_id) for write in gleanin.writes] == [
        (True, created),
        (False, created),
    ]
    assert gleanin.writes[1].sent == (("last_name", "Ray"),)


async def test_it_accepts_only_known_tokens(gleanin: InMemoryGleanin) -> None:
    gleanin.tokens = {"good"}
    async with gleanin.open(SystemCredentials("", Token("bad"))) as destination:
        with pytest.raises(DestinationRefused):
            await destination.events()
    async with gleanin.open(SystemCredentials("", Token("good"))) as destination:
        assert len(await destination.events()) == 1


async def test_crash_right_after_a_write_keeps_the_write(gleanin: InMemoryGleanin) -> None:
    class Crash(Exception):
        pass

    def crash(write: LoggedWrite) -> None:
        raise Crash(write.external_id)

    gleanin.faults.after_write = crash
    async with gleanin.open(SystemCredentials("", Token("t"))) as destination:
        with pytest.raises(Crash):
            await destination.create(EVENT, SPEAKER, ID, ANN)
    assert [record.external_id for record in gleanin.list_by_event(EVENT)] == [ID]


async def test_lost_responses_end(gleanin: InMemoryGleanin) -> None:
    gleanin.faults.lost_answers = 2
    async with gleanin.open(SystemCredentials("", Token("t"))) as destination:
        for _ in range(2):
            with pytest.raises(WriteOutcomeUnknown):
                await destination.create(EVENT, SPEAKER, ID, ANN)
        await destination.create(EVENT, SPEAKER, ID, ANN)
    assert gleanin.faults.lost_answers == 0


@pytest.mark.parametrize(
    "fields",
    [{"nickname": "A"}, {"email": ("a@example.org",)}, {"sessions": "7"}, {"sessions": ("7",)}],
    ids=["unknown field", "list for text", "text for list", "unknown session"],
)
async def test_it_rejects_what_gleanin_rejects(gleanin: InMemoryGleanin, fields: dict[str, str]) -> None:
    async with gleanin.open(SystemCredentials("", Token("t"))) as destination:
        with pytest.raises(RecordRejected):
            await destination.create(EVENT, SPEAKER, ID, {**ANN, **fields})
        created = await destination.create(EVENT, SPEAKER, ID, ANN)
        with pytest.raises(RecordRejected):
            await destination.update(
                EVENT,
                SPEAKER,
                created,
                tuple(FieldChange(name, None, value) for name, value in fields.items()),
            )
        with pytest.raises(RecordRejected):
            await destination.update(EVENT, SPEAKER, created, (FieldChange("email", "x", None),))
    assert len(gleanin.writes) == 1


async def test_gleanin_admin_can_delete_by_hand(gleanin: InMemoryGleanin) -> None:
    session = gleanin.add_record(EVENT, SESSION, {"title": "Bees"})
    gleanin.delete_by_hand(DestinationId(session.id))
    assert gleanin.list_by_event(EVENT) == []
