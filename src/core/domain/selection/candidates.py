"""Selection: which source records sync, with which fields, and why the others may not.

Every kind's selection ends in the same `Candidate`; from there on nothing asks for the kind any more.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from core.domain.email import is_address
from core.domain.ids import SourceId
from core.domain.records import reasons
from core.domain.records.fields import Fields, FieldValue
from core.domain.records.kinds import RecordKind
from core.domain.records.outcomes import RecordRef
from core.domain.records.reasons import Reason
from core.domain.records.source_records import Person, Unreadable
from core.domain.systems import Systems

UNDATED = datetime.max.replace(tzinfo=UTC)
"""A contact without a date counts as the most recent."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Eligible:
    fields: Fields
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    reason: Reason
    has_left: bool = True
    """It left the programme, so a copy in the destination is kept (rule 22); False if only time has passed."""


@dataclass(frozen=True, slots=True)
class Blocked:
    reason: Reason


Verdict = Eligible | Skipped | Blocked


@dataclass(frozen=True, slots=True)
class Candidate:
    record: RecordRef
    verdict: Verdict

    def with_note(self, note: str) -> "Candidate":
        """Return the candidate with one more note; records that are not sent get no notes."""
        if not isinstance(self.verdict, Eligible):
            return self
        return replace(self, verdict=replace(self.verdict, notes=(note, *self.verdict.notes)))


@dataclass(frozen=True, slots=True)
class Selection:
    """The candidates of one kind, in the form that all kinds share."""

    size: int
    candidates: Callable[[], Iterator[Candidate]]
    email_changes: Mapping[SourceId, str] = field(default_factory=dict)
    """People who will release an e-mail in the destination, with their new one, normalized."""
    incomplete: bool = False
    """Not all rows could be read, so a missing record may still be in the programme."""


def filled(fields: Iterable[tuple[str, FieldValue | None]]) -> Fields:
    """Return the fields that have a value (rule 20)."""
    return {name: value for name, value in fields if value}


def check_required_fields(
    kind: RecordKind,
    fields: Fields,
    systems: Systems,
    notes: tuple[str, ...] = (),
    problem: Reason | None = None,
    *,
    mentioned: Container[str] = (),
    waived: Container[str] = (),
) -> Eligible | Blocked:
    """Check the required fields of a kind, and name every missing one (rule 18).

    Args:
        problem: what else blocks the record.
        mentioned: the fields that `problem` mentions already.
        waived: the fields that a setting of the mapping does not require.
    """
    missing = [name for name in kind.required if not (name in fields or name in mentioned or name in waived)]
    if problem:
        return Blocked(problem.with_note(reasons.missing(missing, systems).sentence) if missing else problem)
    if missing:
        return Blocked(reasons.missing(missing, systems))
    email = fields.get("email")
    if isinstance(email, str) and not is_address(email):
        return Blocked(reasons.not_an_address(email, systems))
    return Eligible(fields, notes)


def unreadable_candidate(kind: RecordKind, row: Unreadable, systems: Systems) -> Candidate:
    reason = reasons.unreadable(kind, row.problem, systems)
    return Candidate(RecordRef(kind, row.id, row.label), Blocked(reason))


def is_preferred(one: Person, other: Person) -> bool:
    """Return whether a copy of a person counts before another one (rule 14).

    The newest does, and of equally new ones the most complete; where both are alike in this, always the same one.
    """
    return one is not other and _precedence(one) > _precedence(other)


def _precedence(copy: Person) -> tuple[datetime, int, tuple[str, ...]]:
    values = (
        copy.first_name,
        copy.last_name,
        copy.full_name,
        copy.email,
        copy.job_title,
        copy.company_name,
        copy.headshot,
        copy.created_at and copy.created_at.isoformat(),
    )
    return copy.updated_at or _NEVER, len([*filter(None, values)]), tuple(value or "" for value in values)


def listed(values: Iterable[str | None]) -> Iterator[str]:
    """Yield the distinct values, sorted, without the empty ones."""
    yield from sorted({value for value in values if value})
