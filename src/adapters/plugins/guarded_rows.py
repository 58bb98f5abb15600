"""The rows and selectors of a plug-in's kind, guarded."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from adapters.plugins.checked_candidates import checked
from adapters.plugins.guard import described, failure_sentence, sentence_of
from core.domain.ids import SourceId
from core.domain.records.kinds import RecordKind
from core.domain.records.source_records import Unreadable
from core.domain.selection.candidates import Candidate, Selection, unreadable_candidate
from core.domain.selection.destination_view import DestinationView
from core.domain.selection.failures import KindFailed, RowFailed
from core.domain.selection.feed_rows import FeedRows, Selector
from core.domain.systems import Systems

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Guard:
    """Calls the code of one kind."""

    kind: RecordKind
    package: str

    def of(self, call: Callable[[], T]) -> T:
        """Return what a call returns.

        Raises:
            KindFailed: it raised something.
        """
        try:
            return call()
        except KindFailed:
            raise
        except Exception as error:
            raise KindFailed(self.kind, sentence_of(self.package, error)) from error

    def require(self, what: str, *, holds: bool) -> None:
        """Check what the kind's code returned.

        Raises:
            KindFailed: it does not hold.
        """
        if not holds:
            raise KindFailed(self.kind, failure_sentence(self.package, what))


@dataclass(slots=True)
class GuardedRows:
    rows: FeedRows
    kind: RecordKind
    package: str
    systems: Systems
    failed: dict[SourceId, Unreadable] = field(default_factory=dict)
    """The rows that could not be added."""
    _has_unreadable: bool = False

    @property
    def guard(self) -> Guard:
        return Guard(self.kind, self.package)

    @property
    def incomplete(self) -> bool:
        return self._has_unreadable or self.guard.of(lambda: bool(self.rows.incomplete))

    @incomplete.setter
    def incomplete(self, value: bool) -> None:
        self._has_unreadable = self._has_unreadable or value

        def set_it() -> None:
            self.rows.incomplete = value

        self.guard.of(set_it)

    @property
    def masked(self) -> str | None:
        masked = self.guard.of(lambda: self.rows.masked)
        self.guard.require("its masked e-mail is no text", holds=isinstance(masked, str | None))
        return masked

    @property
    def instants(self) -> AbstractSet[datetime]:
        instants = self.guard.of(lambda: frozenset(self.rows.instants))
        self.guard.require("its instants have no time zone", holds=all(map(_is_instant, instants)))
        return instants

    @property
    def next_transition_at(self) -> datetime | None:
        instant = self.guard.of(lambda: self.rows.next_transition_at)
        self.guard.require("its next transition is no instant", holds=instant is None or _is_instant(instant))
        return instant

    def add(self, row: Any) -> None:
        """Add a row; one that the plug-in does not take is reported in its place.

        Raises:
            RowFailed
            KindFailed: it is no row of a feed.
        """
        row_id: Any = self.guard.of(lambda: getattr(row, "id", None))
        self.guard.require(f"{type(row).__name__} is no row with an id", holds=isinstance(row_id, str))
        if isinstance(row, Unreadable):
            self._has_unreadable = True  # it may stand for several records: none counts as having left
        try:
            self.rows.add(row)
            repr(row)  # rows are compared by it
        except Exception as error:
            self._has_unreadable = True
            problem = f"{self.package} cannot use it: {described(error)}."
            label = getattr(row, "label", "")
            self.failed[row_id] = Unreadable(row_id, label if isinstance(label, str) else "", problem)
            raise RowFailed(self.kind, problem) from error

    def selectors(self) -> Mapping[RecordKind, Selector]:
        def selectors() -> dict[RecordKind, Selector]:
            found = dict(self.rows.selectors())
            # Rows that failed are reported once, with the first kind of the feed.
            return {
                kind: GuardedSelector(selector, Guard(kind, self.package), self, reports_rows=number == 0)
                for number, (kind, selector) in enumerate(found.items())
            }

        guarded = self.guard.of(selectors)
        self.guard.require(f"it selects no {self.kind.plural}", holds=self.kind in guarded)
        return guarded


@dataclass(frozen=True, slots=True)
class GuardedSelector:
    selector: Selector
    guard: Guard
    rows: GuardedRows
    reports_rows: bool

    def dependents(self, records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        found = self.guard.of(lambda: {*self.selector.dependents(records)})
        self.guard.require("its dependents are no ids", holds=all(isinstance(one, str) for one in found))
        return found

    def select(
        self,
        destination: DestinationView,
        associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        selection: Any = self.guard.of(lambda: self.selector.select(destination, associations, excluded))
        self.guard.require("it returns no selection", holds=isinstance(selection, Selection))
        size, changes = selection.size, self.guard.of(lambda: dict(selection.email_changes))
        self.guard.require("its number of records is none", holds=isinstance(size, int) and size >= 0)
        are_texts = all(isinstance(text, str) for pair in changes.items() for text in pair)
        self.guard.require("its changes of e-mails are no texts", holds=are_texts)
        failed = self.rows.failed if self.reports_rows else {}
        return Selection(
            size + len(failed),
            lambda: self._candidates(selection, failed),
            changes,
            incomplete=bool(selection.incomplete) or self.rows.incomplete,
        )

    def _candidates(self, selection: Selection, failed: Mapping[SourceId, Unreadable]) -> Iterator[Candidate]:
        """Yield the plug-in's candidates, each checked, and each record once."""
        kind, seen = self.guard.kind, set[SourceId]()
        for row in failed.values():
            seen.add(row.id)
            yield unreadable_candidate(kind, row, self.rows.systems)
        candidates = self.guard.of(lambda: iter(selection.candidates()))
        while (candidate := self.guard.of(lambda: next(candidates, None))) is not None:
            problem = self._problem(candidate)
            self.guard.require(problem, holds=not problem)
            source_id = candidate.record.source_id
            if source_id in failed:
                continue  # added in part before its row failed
            self.guard.require(f"it returns the record {source_id!r:.60} twice", holds=source_id not in seen)
            seen.add(source_id)
            yield checked(candidate, self.guard.package, self.rows.systems)

    def _problem(self, candidate: Any) -> str:
        """Return why this is no candidate of the kind; empty if it is one."""
        if not isinstance(candidate, Candidate):
            return f"{type(candidate).__name__} is no candidate"
        record: Any = candidate.record
        if getattr(record, "kind", None) != self.guard.kind:
            return f"it returns a record of another kind among the {self.guard.kind.plural}"
        if not isinstance(record.source_id, str) or not record.source_id:
            return "it returns a record without an id"
        return ""


def _is_instant(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None
