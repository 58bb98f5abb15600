"""Of tens of thousands of ids, none is kept twice; and an id never becomes that of another record."""

from core.domain.ids import ConnectionId, DestinationId, SourceId
from core.domain.records.kinds import SESSION, SPEAKER
from core.usecases.sync.known_records import KnownRecords

HERE = SourceId("s-1")
REMEMBERED = KnownRecords(
    here={"session": {HERE: DestinationId("g-1"), SourceId("s-2"): DestinationId("g-2")}},
    sent={"session": {DestinationId("g-1"): HERE, DestinationId("g-2"): SourceId("s-3")}},
)


def _read(text: str) -> str:
    """Return an equal text that is another object, as out of a response."""
    return text.encode().decode()


def test_an_id_that_is_read_is_the_object_that_is_kept() -> None:
    assert REMEMBERED.kept_id(SESSION, SourceId(_read("s-1"))) is HERE


def test_an_id_that_is_not_kept_stays_what_it_is() -> None:
    assert REMEMBERED.kept_id(SESSION, SourceId("s-9")) == "s-9"
    assert REMEMBERED.kept_id(SPEAKER, SourceId("s-1")) == "s-1"


def test_of_two_records_at_one_place_each_keeps_its_own_id() -> None:
    assert REMEMBERED.kept_id(SESSION, SourceId("s-2")) == "s-2"


def test_the_same_holds_for_ids_of_gleanin() -> None:
    side = REMEMBERED.gleanin_side(ConnectionId("c"))
    kept = next(iter(REMEMBERED.here["session"].values()))
    assert side.kept_id(SESSION, DestinationId(_read("g-1"))) is kept
    assert side.kept_id(SESSION, DestinationId("g-9")) == "g-9"
