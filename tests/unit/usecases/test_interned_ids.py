"""Interning of ids: each id is stored once, and never becomes the id of another record."""

from core.domain.ids import DestinationId, SourceId
from core.domain.records.kinds import SESSION, SPEAKER
from core.usecases.sync.known_records import KnownRecords
from tests.support.builders import mapping

HERE = SourceId("s-1")
KNOWN = KnownRecords(
    here={"session": {HERE: DestinationId("g-1"), SourceId("s-2"): DestinationId("g-2")}},
    sent={"session": {DestinationId("g-1"): HERE, DestinationId("g-2"): SourceId("s-3")}},
)


def _read(text: str) -> str:
    """Return an equal string that is another object, as if parsed from a response."""
    return text.encode().decode()


def test_parsed_id_is_the_stored_object() -> None:
    assert KNOWN.kept_id(SESSION, SourceId(_read("s-1"))) is HERE


def test_unknown_id_is_unchanged() -> None:
    assert KNOWN.kept_id(SESSION, SourceId("s-9")) == "s-9"
    assert KNOWN.kept_id(SPEAKER, SourceId("s-1")) == "s-1"


def test_two_records_with_the_same_reference_keep_their_ids() -> None:
    assert KNOWN.kept_id(SESSION, SourceId("s-2")) == "s-2"


def test_gleanin_ids_are_interned_too() -> None:
    side = KNOWN.destination_index(mapping())
    kept = next(iter(KNOWN.here["session"].values()))
    assert side.kept_id(SESSION, DestinationId(_read("g-1"))) is kept
    assert side.kept_id(SESSION, DestinationId("g-9")) == "g-9"
