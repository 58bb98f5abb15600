"""The messages that a sync shows (rule 28)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.domain.links.link_outcomes import LinkCounts, LinkOutcome
from core.domain.records.kinds import KINDS, RecordKind, Scope
from core.domain.records.outcomes import Causes, Counts
from core.domain.records.reasons import ENDED_CONNECTION, MISSING_FIELD_CODES
from core.domain.records.synced_records import SentRecords
from core.domain.systems import ExternalSystem, Systems


def started(systems: Systems) -> str:
    return f"Sync to {systems.destination} has started."


@dataclass(frozen=True, slots=True)
class Remarks:
    """Remarks on a run as a whole, not on single records. A run with any remark ends with problems."""

    first: tuple[str, ...] = ()
    """Shown first in the closing message; sentences that begin with a lower-case letter."""
    notes: tuple[str, ...] = ()
    about_links: tuple[str, ...] = ()
    """On writing share links back: told, but no problem of the sync (rule 38)."""

    def __bool__(self) -> bool:
        return bool(self.first or self.notes)


NO_REMARKS = Remarks()


def closing_message(
    counts: Counts,
    scope: Scope,
    systems: Systems,
    support_contact: str | None = None,
    remarks: Remarks | None = None,
    *,
    causes: Causes = {},  # noqa: B006 - never changed
) -> str:
    """Return the closing message of a run that was not stopped.

    Args:
        counts: of all records.
        scope: of the run.
        systems: the source and the destination of the run.
        support_contact: whom to contact if problems persist.
        remarks: on the run as a whole.
        causes: how many outcomes have which reason.
    """
    kinds, remarks = KINDS.in_scope(scope), remarks or Remarks()
    if counts.all_succeeded and not remarks:
        synced = ", ".join(kind.counted(counts.of(kind).succeeded) for kind in kinds)
        return " ".join(
            (
                f"Sync to {systems.destination} is complete. Synced: {synced}.",
                *_not_again(kinds, causes, systems),
            )
        )
    attempted = "; ".join(
        f"{kind.counted(counts.of(kind).attempted)} attempted, {counts.of(kind).succeeded} synced"
        for kind in kinds
    )
    message = (
        f"Sync to {systems.destination} finished with problems: {' '.join((*remarks.first, attempted))}."
    )
    contact = (f"If this persists, contact {support_contact}.",) if support_contact else ()
    rest = (*_to_check(kinds, causes), *_not_again(kinds, causes, systems), *remarks.notes, *contact)
    return " ".join((message, *rest))


def _to_check(kinds: Iterable[RecordKind], causes: Causes) -> Iterator[str]:
    """Yield a sentence that names the kinds with missing required fields; nothing for other problems."""
    lacking = [kind.plural for kind in kinds if any(causes.get((kind, code)) for code in MISSING_FIELD_CODES)]
    if lacking:
        yield f"Check that your {listed(lacking)} have all the required fields."


def _not_again(kinds: Iterable[RecordKind], causes: Causes, systems: Systems) -> Iterator[str]:
    """Yield a sentence that counts the records skipped because they were sent under an ended connection (rule 10)."""
    numbers = [(kind, causes.get((kind, ENDED_CONNECTION), 0)) for kind in kinds]
    skipped = [kind.counted(number) for kind, number in numbers if number]
    if skipped:
        verb = "was" if sum(number for _, number in numbers) == 1 else "were"
        yield (
            f"{listed(skipped)} {verb} not synced again: sent before the organization was disconnected. Make any "
            f"changes in {systems.destination} by hand."
        )


def lost_by_disconnecting(sent: Iterable[SentRecords], destination: ExternalSystem) -> str:
    """Return a warning about records that cannot be synced again after disconnecting; empty if there are none (rule 10)."""
    count = _counted(sent)
    if not count:
        return ""
    return (
        f"{count} sent under this connection cannot be synced again to the same {destination} events, even if you map "
        f"them again. If you only want to use another token of the same {destination} account, replace the token instead."
    )


def lost_by_mapping(sent: Iterable[SentRecords], destination: ExternalSystem) -> str:
    """Return a warning about records sent under ended connections; empty if there are none (rule 10)."""
    count = _counted(sent)
    if not count:
        return ""
    return (
        f"{count} sent to this {destination} event before the organization was disconnected will not be synced again. Edit "
        f"them in {destination} by hand, or choose another {destination} event. To avoid this, replace a token instead of "
        "disconnecting."
    )


def _counted(sent: Iterable[SentRecords]) -> str:
    numbers = Counter[RecordKind]()
    for records in sent:
        numbers[records.kind] += records.number
    return listed([kind.counted(numbers[kind]) for kind in KINDS if numbers[kind]])


def listed(words: Sequence[str], conjunction: str = "and") -> str:
    """Return words as one list: "sessions, speakers and exhibitors"."""
    return f" {conjunction} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def links_sentence(links: LinkCounts, source: ExternalSystem) -> tuple[str, ...]:
    """Return a sentence that counts the links that were written back, apart from the records; none if there are none."""
    numbers = [f"{links[outcome]:,} {outcome.value}" for outcome in LinkOutcome if links[outcome]]
    return (f"Share links in {source}: {', '.join(numbers)}.",) if numbers else ()


def links_unread(why: str) -> str:
    return f"The share links could not be read: {why} The next sync tries again."


def records_doubled(number: int, destination: ExternalSystem) -> str:
    return f"{number} of the records are in {destination} more than once: their outcomes say which copies to delete by hand."


def not_all_read(why: str) -> str:
    """Return the note for a reading that does not add up (rule 34)."""
    return f"Not all of the programme could be read: {why} Therefore nothing is reported as gone. Sync again later."


def rows_unreadable(number: int) -> str:
    """Return the note for rows that could not be read (rule 34)."""
    rows = "1 row" if number == 1 else f"{number} rows"
    return f"{rows} of the programme could not be read, so nothing is reported as gone. The blocked outcomes say which."


def left_at_once(parts: Sequence[tuple[RecordKind, int, int]], systems: Systems) -> str:
    """Return the remark on an unusually large number of synced records that left the programme (rule 34).

    Args:
        parts: by kind, how many records left and how many were synced.
        systems: the source and the destination of the run.
    """
    subject = " and ".join(_left_of(*part) for part in parts if part[1])
    was, has = ("was", "has") if sum(left for _, left, _ in parts) == 1 else ("were", "have")
    return (
        f"{subject} that {was} synced {has} left {systems.source}'s programme within a day. Nothing was removed from "
        f"{systems.destination}. If you did not expect this, check the event in {systems.source} before you delete anything by hand."
    )


def _left_of(kind: RecordKind, left: int, synced: int) -> str:
    if left < synced:
        return f"{left} of {kind.counted(synced)}"
    return f"all {kind.counted(synced)}" if synced > 1 else f"the only {kind.singular}"
