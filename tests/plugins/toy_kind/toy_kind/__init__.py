"""Helpers: people with a name, an e-mail and a shift, from a feed of their own."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ports.plugins import (
    Candidate,
    DestinationView,
    EmailConflicts,
    Feed,
    FeedReader,
    KindPlugin,
    KindSetting,
    PageColumn,
    Person,
    RecordKind,
    RecordRef,
    RecordSchema,
    Scope,
    Selection,
    SelectionContext,
    Selector,
    SourceId,
    Unreadable,
    check_required_fields,
    filled,
    is_masked,
    unreadable_candidate,
)

HELPERS: Feed[Any] = Feed("helpers", Person)
HELPER = RecordKind(
    name="helper",
    plural="helpers",
    singular="helper",
    scope=Scope("helpers"),
    feed=HELPERS,
    required=("name", "email"),
    optional=("job_title",),
    is_person=True,
    phase=2,
    share_text="I am helping",
    about="The people who help at the event.",
    portal_heading="Share Your Help",
    portal_text="Thank you for helping.",
    settings=(
        KindSetting("shifts", "Send shifts", "Whether a helper's shift is sent.", default=True),
        KindSetting(
            "names",
            "Names of helpers",
            default="whole",
            choices=(("whole", "Whole name"), ("first", "First name")),
        ),
        KindSetting("team", "Team", "Put before each shift."),
    ),
)


@dataclass
class HelperRows:
    context: SelectionContext
    masked: str | None = None
    incomplete: bool = False
    instants: AbstractSet[datetime] = frozenset()
    next_transition_at: datetime | None = None
    people: dict[SourceId, Person] = field(default_factory=dict)
    unreadable: dict[SourceId, Unreadable] = field(default_factory=dict)

    def add(self, row: object) -> None:
        if isinstance(row, Unreadable):
            self.incomplete = True
            self.unreadable[row.id] = row
        elif isinstance(row, Person):
            if row.full_name == "Break the rows":
                raise ZeroDivisionError("the helpers broke")
            self.people[row.id] = row
            self.masked = row.email if is_masked(row.email) else self.masked
        else:
            raise TypeError(f"{type(row).__name__} is no helper")

    def selectors(self) -> Mapping[RecordKind, Selector]:
        return {HELPER: HelperSelector(self)}


@dataclass(frozen=True)
class HelperSelector:
    rows: HelperRows

    def dependents(self, records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        return set()

    def select(
        self,
        destination: DestinationView,
        associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        people, systems = self.rows.people, self.rows.context.systems
        unreadable = [row for row in self.rows.unreadable.values() if row.id not in people]

        def can_go(source_id: SourceId) -> bool:
            person = people[source_id]
            return source_id not in excluded[HELPER.name] and bool(person.email and person.full_name)

        conflicts, changes = EmailConflicts(
            people.values, destination.emails_in_use(HELPER), can_go, systems
        ).resolve()

        def candidates() -> Iterator[Candidate]:
            for row in unreadable:
                yield unreadable_candidate(HELPER, row, systems)
            for person in people.values():
                if person.full_name == "Break the list":
                    raise ZeroDivisionError("the list broke")
                fields = filled(_fields(person, self.rows.context))
                verdict = check_required_fields(HELPER, fields, systems, problem=conflicts.get(person.id))
                yield Candidate(RecordRef(HELPER, person.id, person.label, person.email), verdict)

        return Selection(len(people) + len(unreadable), candidates, changes, incomplete=self.rows.incomplete)


def _fields(person: Person, context: SelectionContext) -> Iterator[tuple[str, str | None]]:
    name, shift = person.full_name or "", person.job_title
    yield "name", name.split(" ")[0] if context.setting(HELPER, "names") == "first" else name
    yield "email", person.email
    if shift and context.setting(HELPER, "shifts"):
        yield "job_title", " ".join(filter(None, (str(context.setting(HELPER, "team")), shift)))


def _helpers(row: Mapping[str, Any]) -> list[Person]:
    if not isinstance(row["id"], str) or not row["id"].strip():
        raise ValueError("it has no id")
    return [
        Person(SourceId(row["id"]), full_name=row["name"], email=row["email"], job_title=row.get("shift"))
    ]


def _shift(person: Person) -> str:
    if person.job_title == "Break the column":
        raise ZeroDivisionError("the column broke")
    return person.job_title or ""


def _sandbox_rows(event: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "id": f"{event['id']}-{name}",
            "name": f"{name} Hand",
            "email": f"{name.lower()}@example.org",
            "shift": "Early",
        }
        for name in ("Hana", "Hiro")
    ]


PLUGIN = KindPlugin(
    HELPER,
    HelperRows,
    readers={
        "toys": FeedReader("helpers", _helpers),
        "sessionboard": FeedReader("people/helpers", _helpers),
    },
    schemas={
        "toy-shelf": RecordSchema(
            "helpers", {"name": "whole", "email": "email", "job_title": "shift"}, {"badge": "yes"}
        ),
        "gleanin": RecordSchema(
            "helpers", {"name": "whole_name", "email": "email", "job_title": "shift"}, {"badge": "yes"}
        ),
    },
    page_label="Helpers",
    search_label="Search helpers",
    sandbox_rows={"sessionboard": _sandbox_rows},
    webhooks={"toys": ("helper.changed",), "sessionboard": ("helper.updated",)},
    columns=(PageColumn("Shift", _shift),),
)
