"""What the code of a plug-in's kind raises or returns: it names the package, and concerns one row or one run."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from adapters.plugins.kind_guard import guarded
from core.domain.ids import SourceId
from core.domain.records.feeds import Feed
from core.domain.records.kinds import SESSION, RecordKind, Scope
from core.domain.records.outcomes import RecordRef
from core.domain.records.source_records import Person, Unreadable, id_from_content
from core.domain.selection.candidates import Blocked, Candidate, Eligible, Selection
from core.domain.selection.destination_view import DestinationView
from core.domain.selection.failures import KindFailed, RowFailed
from core.domain.selection.feed_rows import FeedRows, SelectionContext
from core.domain.tenancy.event_mappings import MappingSettings
from ports.plugins import KindPlugin, PageColumn
from tests.support.systems import SYSTEMS

HELPER = RecordKind(
    name="helper",
    plural="helpers",
    singular="helper",
    scope=Scope("helpers"),
    feed=Feed("helpers", Person),
    required=("name", "email"),
    optional=("shift",),
    is_person=True,
    phase=2,
)
SENTENCE = "toy-kind failed: KeyError: 'id'. Report this to its authors."
CONTEXT = SelectionContext(
    MappingSettings(), ZoneInfo("Europe/Paris"), datetime(2030, 1, 1, tzinfo=UTC), SYSTEMS
)
VIEW = cast("DestinationView", None)
"""The selector of these tests does not look at it."""
HEDY = Person(SourceId("h1"), full_name="Hedy", email="hedy@example.org")
HUGO = Person(SourceId("h2"), full_name="Hugo", email="hugo@example.org")
FIELDS = {"name": "Hedy", "email": "hedy@example.org"}


def candidate(source_id: str = "h1", **fields: Any) -> Candidate:
    return Candidate(RecordRef(HELPER, SourceId(source_id), "Hedy"), Eligible({**FIELDS, **fields}))


@dataclass
class Rows:
    """Rows that raise where they are told to, and select what they are told."""

    raises_in: str = ""
    returns: Mapping[str, Any] = field(default_factory=dict)
    candidates: list[Any] = field(default_factory=list)
    incomplete: bool = False
    people: dict[SourceId, Person] = field(default_factory=dict)

    def _do(self, name: str, result: Any) -> Any:
        if self.raises_in == name:
            raise KeyError("id")
        return self.returns.get(name, result)

    @property
    def masked(self) -> Any:
        return self._do("masked", None)

    @property
    def instants(self) -> Any:
        return self._do("instants", frozenset())

    @property
    def next_transition_at(self) -> Any:
        return self._do("next_transition_at", None)

    def add(self, row: Any) -> None:
        if isinstance(row, Person):
            self.people[row.id] = row
        self._do(f"add {row.id}", None)

    def selectors(self) -> Any:
        return self._do("selectors", {HELPER: self})

    def dependents(self, records: object) -> Any:
        return self._do("dependents", {SourceId("h1")})

    def select(self, *about: object) -> Any:
        found = self._do("select", self.candidates or [candidate(person_id) for person_id in self.people])
        return (
            Selection(self._do("size", len(found)), lambda: self._iterate(found))
            if isinstance(found, list)
            else found
        )

    def _iterate(self, found: list[Any]) -> Iterator[Any]:
        self._do("start", None)
        for one in found:
            yield one
            self._do("iterate", None)


def made(rows: Rows) -> FeedRows:
    return guarded(KindPlugin(HELPER, lambda _: cast("FeedRows", rows)), "toy-kind").make_rows(CONTEXT)


def selected(rows: FeedRows) -> Selection:
    return rows.selectors()[HELPER].select(VIEW, {}, {HELPER.name: frozenset()})


def candidates_of(rows: FeedRows) -> list[Candidate]:
    return [*selected(rows).candidates()]


CALLS: dict[str, Callable[[FeedRows], object]] = {
    "masked": lambda rows: rows.masked,
    "instants": lambda rows: rows.instants,
    "next_transition_at": lambda rows: rows.next_transition_at,
    "selectors": lambda rows: rows.selectors(),
    "dependents": lambda rows: rows.selectors()[HELPER].dependents({}),
    "select": selected,
    "start": candidates_of,
    "iterate": candidates_of,
}


@pytest.mark.parametrize("name", CALLS)
def test_rule_43_what_a_kind_raises_names_its_package(name: str) -> None:
    with pytest.raises(KindFailed) as failed:
        CALLS[name](made(Rows(raises_in=name, candidates=[candidate()])))
    assert str(failed.value) == SENTENCE
    assert failed.value.kind is HELPER


def test_rule_43_a_raise_in_making_the_rows_names_the_package() -> None:
    def broken(_: SelectionContext) -> FeedRows:
        raise KeyError("id")

    with pytest.raises(KindFailed, match=r"^toy-kind failed: KeyError"):
        guarded(KindPlugin(HELPER, broken), "toy-kind").make_rows(CONTEXT)


RESULTS: list[tuple[str, Any, str]] = [
    ("masked", 7, "its masked e-mail is no text"),
    ("instants", [datetime(2030, 1, 1)], "its instants have no time zone"),  # noqa: DTZ001 - that is the fault
    ("next_transition_at", "soon", "its next transition is no instant"),
    ("selectors", {}, "it selects no helpers"),
    ("dependents", {7}, "its dependents are no ids"),
    ("select", None, "it returns no selection"),
    ("size", -1, "its number of records is none"),
]


@pytest.mark.parametrize(("name", "result", "problem"), RESULTS)
def test_rule_43_what_a_kind_returns_wrongly_names_its_package(name: str, result: Any, problem: str) -> None:
    with pytest.raises(KindFailed) as failed:
        CALLS.get(name, selected)(made(Rows(returns={name: result})))
    assert str(failed.value) == f"toy-kind failed: {problem}. Report this to its authors."


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([candidate(), candidate()], "it returns the record 'h1' twice"),
        (["Hedy"], "str is no candidate"),
        (
            [replace(candidate(), record=RecordRef(SESSION, SourceId("s1"), "Talk"))],
            "a record of another kind",
        ),
        ([candidate("")], "a record without an id"),
    ],
)
def test_rule_43_candidates_that_cannot_be_told_apart_stop_the_run(given: list[Any], problem: str) -> None:
    with pytest.raises(KindFailed, match=problem):
        candidates_of(made(Rows(candidates=given)))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            candidate(badge="gold"),
            "It was not sent: toy-kind failed: it sends a field 'badge' that the kind does not",
        ),
        (candidate(shift=7), "its field shift is int, or empty"),
        (candidate(shift=""), "its field shift is str, or empty"),
        (candidate(shift=("early", None)), "its field shift is tuple, or empty"),
        (candidate(shift="\x00"), "its field shift has characters that cannot be stored"),
        (candidate("h" * 300), "which cannot be stored"),
        (replace(candidate(), verdict=cast("Any", "yes")), "str is no verdict"),
        (replace(candidate(), verdict=Eligible(cast("Any", None))), "its fields are no mapping"),
        (replace(candidate(), verdict=Eligible(FIELDS, cast("Any", (7,)))), "its notes are no texts"),
        (candidate(email="no address"), "no address"),
        (replace(candidate(), verdict=Eligible({"email": "hedy@example.org"})), "name"),
        (candidate(id_from_content("abc")), "without an id"),
    ],
)
def test_rule_43_a_record_that_a_kind_selects_wrongly_is_blocked_and_the_others_go_on(
    given: Candidate, problem: str
) -> None:
    first, second = candidates_of(made(Rows(candidates=[given, candidate("h2")])))
    assert isinstance(first.verdict, Blocked)
    assert problem in first.verdict.reason.sentence
    assert second.verdict == Eligible(FIELDS)


def test_rule_34_a_row_that_cannot_be_added_is_reported_and_nothing_counts_as_gone() -> None:
    rows = made(Rows(raises_in="add h1"))
    with pytest.raises(RowFailed):
        rows.add(HEDY)
    rows.add(HUGO)
    selection = selected(rows)
    first, second = selection.candidates()
    assert (selection.size, selection.incomplete, rows.incomplete) == (3, True, True)
    assert isinstance(first.verdict, Blocked)
    assert "toy-kind cannot use it: KeyError: 'id'." in first.verdict.reason.sentence
    assert (first.record.source_id, first.record.label) == ("h1", "Hedy")
    assert second.record.source_id == "h2"


def test_rule_34_after_an_unreadable_row_nothing_counts_as_gone() -> None:
    rows = made(Rows())
    rows.add(Unreadable(SourceId("h3"), "", "It is empty."))
    assert selected(rows).incomplete
    rows = made(Rows())
    rows.incomplete = True
    assert selected(rows).incomplete
    assert not selected(made(Rows())).incomplete


def test_rule_43_a_row_without_an_id_stops_the_run() -> None:
    with pytest.raises(KindFailed, match="str is no row with an id"):
        made(Rows()).add("Hedy")


def test_rule_43_what_is_right_passes_unchanged() -> None:
    rows = made(Rows())
    rows.add(HEDY)
    rows.add(HUGO)
    assert candidates_of(rows) == [candidate(), candidate("h2")]
    assert (rows.masked, rows.instants, rows.next_transition_at) == (None, frozenset(), None)
    assert rows.selectors()[HELPER].dependents({}) == {"h1"}


def make(_: SelectionContext) -> FeedRows:
    return cast("FeedRows", Rows())


def test_rule_43_kinds_of_one_feed_share_their_rows() -> None:
    other = replace(HELPER, name="guard", plural="guards")
    one, two = (guarded(KindPlugin(kind, make), "toy-kind").make_rows for kind in (HELPER, other))
    assert one == two
    assert one != guarded(KindPlugin(HELPER, lambda _: cast("FeedRows", Rows())), "toy-kind").make_rows


def test_rule_43_columns_and_lines_that_raise_name_the_package() -> None:
    def broken(_: Any) -> Any:
        raise KeyError("id")

    plugin = guarded(
        KindPlugin(HELPER, make, lines=broken, columns=(PageColumn("Shift", broken),)), "toy-kind"
    )
    for call in (plugin.lines, plugin.columns[0].text):
        with pytest.raises(KindFailed) as failed:
            call(HEDY)
        assert str(failed.value) == SENTENCE
    without_id = guarded(KindPlugin(HELPER, make, lines=lambda _: ["Hedy"]), "toy-kind")
    with pytest.raises(KindFailed, match="without an id and a label"):
        without_id.lines(HEDY)
