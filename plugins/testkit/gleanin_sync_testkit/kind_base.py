"""What an author says about a kind of records, and what its suite makes of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest

from core.domain.ids import ConnectionId, DestinationId, SourceId, external_id
from core.domain.planning.destination_index import DestinationIndex
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.kinds import KINDS
from core.domain.records.reasons import Reason, field_name
from core.domain.selection.candidates import Blocked, Candidate, Eligible, Selection, Verdict
from core.domain.selection.feed_rows import FeedRows, SelectionContext
from core.domain.systems import ExternalSystem, Systems
from core.domain.tenancy.event_mappings import MappingSettings
from gleanin_sync_testkit.memory_source import MEMORY
from gleanin_sync_testkit.programmes import NOW
from gleanin_sync_testkit.registered_kinds import registered
from ports.plugins import KindPlugin

CONNECTION = ConnectionId("connection")
SYSTEMS = Systems(MEMORY, ExternalSystem("elsewhere", "Elsewhere"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCapabilities:
    """What a kind has; without one of these, the tests that need it are skipped."""

    are_people: bool = True
    """Its records are people, with an e-mail each."""
    has_readers: bool = True
    """It says how sources read its feed."""
    has_schemas: bool = True
    """It says how destinations write it."""
    has_page: bool = True
    """It has a page, which shows the rows of its feed."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What a kind made of some rows."""

    rows: FeedRows
    selection: Selection
    candidates: Sequence[Candidate]

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        return {candidate.record.source_id: candidate.verdict for candidate in self.candidates}

    def of(self, source_id: str) -> Verdict:
        assert source_id in self.verdicts, (
            f"There is no candidate {source_id!r}, only {[*self.verdicts]}. Each record that was read needs one (rule 26)."
        )
        return self.verdicts[source_id]

    def eligible(self, source_id: str) -> Eligible:
        verdict = self.of(source_id)
        assert isinstance(verdict, Eligible), f"{source_id!r} should be eligible, but it is {verdict}"
        return verdict

    def blocked(self, source_id: str) -> Reason:
        verdict = self.of(source_id)
        assert isinstance(verdict, Blocked), f"{source_id!r} should be blocked, but it is {verdict}"
        return verdict.reason


class KindBase:
    """The attributes and methods that an author sets."""

    plugin: ClassVar[KindPlugin]
    capabilities: ClassVar[KindCapabilities]
    samples: ClassVar[Mapping[str, Sequence[Any]]] = {}
    """For each source that the plug-in has a reader for: objects as that source sends them, all of them readable."""
    other_values: ClassVar[Mapping[str, str]] = {}
    """A valid value of each field for which "Another …" is none; by default, `email` has one."""
    derived: ClassVar[Sequence[str]] = ()
    """The fields whose value follows from other fields or from the destination, so that no edit concerns them alone."""

    def rows(self) -> Sequence[Any]:
        """Return at least two rows of the feed, with different ids, whose records are all eligible."""
        raise NotImplementedError

    def record_ids(self, row: Any) -> Sequence[str]:
        """Return the ids of the records that come from a row."""
        return (row.id,)

    def with_value(self, row: Any, field: str, value: str | None) -> Any:
        """Return the row with another value of a field of its first record; None for a row without it.

        By default, the row is a dataclass with an attribute for each field.
        """
        return replace(row, **{field: value})

    @pytest.fixture(autouse=True)
    def _register(self) -> Iterator[None]:
        """Register the kind while a test runs, as an installation does; one that clashes with another fails by its words."""
        with ExitStack() as stack:
            with suppress(ValueError):
                stack.enter_context(registered(self.plugin))
            yield

    def other_value(self, field: str) -> str:
        """Return a valid value of a field, which no row has."""
        default = "another@example.org" if field == "email" else f"Another {field_name(field)}"
        return self.other_values.get(field, default)

    @property
    def own_required(self) -> tuple[str, ...]:
        return tuple(name for name in self.plugin.kind.required if name not in self.derived)

    @property
    def own_optional(self) -> tuple[str, ...]:
        return tuple(name for name in self.plugin.kind.optional if name not in self.derived)

    def first_id(self, row: Any) -> str:
        return self.record_ids(row)[0]

    def example(self) -> tuple[Any, str]:
        """Return the first row with the id of its first record."""
        row = self.rows()[0]
        return row, self.first_id(row)

    def add(self, rows: Iterable[Any], now: datetime = NOW) -> FeedRows:
        """Add rows as a run does."""
        made = self.plugin.make_rows(
            SelectionContext(MappingSettings(), ZoneInfo("Europe/Paris"), now, SYSTEMS)
        )
        for row in rows:
            made.add(row)
        return made

    def select(
        self,
        rows: Iterable[Any] | FeedRows,
        emails_there: Mapping[str, str] | None = None,
        excluded: AbstractSet[str] = frozenset(),
    ) -> Selected:
        """Select the kind's records.

        Args:
            rows: of the feed.
            emails_there: the e-mail that each of our records has in the destination, by the record's id.
            excluded: ids of records that must not be written any more (rule 10).
        """
        kind = self.plugin.kind
        made: Any = rows if hasattr(rows, "selectors") else self.add(rows)
        index = DestinationIndex(SYSTEMS.source, CONNECTION)
        index.add(kind, [_sent(source_id, email) for source_id, email in (emails_there or {}).items()])
        selectors = made.selectors()
        assert kind in selectors, f"selectors() has none for {kind!r}, only for {[*map(str, selectors)]}"
        none = {other.name: frozenset[SourceId]() for other in KINDS}
        selection = selectors[kind].select(index, {}, none | {kind.name: frozenset(map(SourceId, excluded))})
        return Selected(made, selection, list(selection.candidates()))


def _sent(source_id: str, email: str) -> DestinationRecord:
    sent_as = external_id(SYSTEMS.source, CONNECTION, SourceId(source_id))
    return DestinationRecord(DestinationId(f"there-{source_id}"), sent_as, email)


def naming_all(fields: Iterable[str], reason: Reason) -> bool:
    """Check whether a reason names all these fields in words for people."""
    text = f"{reason.sentence} {reason.detail}".lower()
    return all(field_name(name) in text for name in fields)
