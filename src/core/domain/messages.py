"""The messages that a sync shows, word by word (rule 28)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.domain.kinds import RecordKind, Scope, kinds_in
from core.domain.outcomes import Counts

STARTED = "Sync to Gleanin has started."
COMPLETE = "Sync to Gleanin is complete."


@dataclass(slots=True)
class Remarks:
    """What there is to know of a run as a whole, besides its records: with any, it ends with problems."""

    first: list[str] = field(default_factory=list)
    """What the closing message says before anything else, in sentences that begin with a small letter."""
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.first or self.notes)


def closing_message(
    counts: Counts, scope: Scope, support_contact: str | None = None, remarks: Remarks | None = None
) -> str:
    """Return the sentences in which a run that came to its end says how it ended.

    Args:
        counts: of all records.
        scope: what the run was about.
        support_contact: whom to ask if problems persist.
        remarks: what else there is to know of the whole run.
    """
    kinds, remarks = kinds_in(scope), remarks or Remarks()
    if counts.all_succeeded and not remarks:
        told = ", ".join(kind.counted(counts.of(kind).succeeded) for kind in kinds)
        return f"{COMPLETE} Synced: {told}."
    told = "; ".join(
        f"{kind.counted(counts.of(kind).attempted)} attempted, {counts.of(kind).succeeded} synced"
        for kind in kinds
    )
    message = f"Sync to Gleanin finished with problems: {' '.join((*remarks.first, told))}."
    check = () if counts.all_succeeded else ("Check that your sessions have all the required fields.",)
    ask = (f"If it persists, contact {support_contact}.",) if support_contact else ()
    return " ".join((message, *check, *remarks.notes, *ask))


def links_unread(why: str) -> str:
    return f"The share links could not be read: {why} The next sync reads them."


def records_doubled(number: int) -> str:
    return f"{number} of the records are in Gleanin more than once: their outcomes tell which copies to delete by hand."


def not_all_read(why: str) -> str:
    """Return what a reading that does not add up comes to (rule 34)."""
    return f"Not all of the programme could be read: {why} So nothing is reported as gone. Sync again later."


def rows_unreadable(number: int) -> str:
    """Return what rows that could not be read come to (rule 34)."""
    rows = "1 row" if number == 1 else f"{number} rows"
    return f"{rows} of the programme could not be read, so nothing is reported as gone: the blocked outcomes tell which."


def left_at_once(parts: Sequence[tuple[RecordKind, int, int]]) -> str:
    """Return how much of what was synced has left the programme at once (rule 34).

    Args:
        parts: of each kind how many records left, and how many were synced.
    """
    told = " and ".join(_left_of(*part) for part in parts if part[1])
    was, has = ("was", "has") if sum(left for _, left, _ in parts) == 1 else ("were", "have")
    return (
        f"{told} that {was} synced {has} left Sessionboard's programme at once. Nothing was removed from Gleanin. "
        "If this is not what you did, look at the event in Sessionboard before you delete anything by hand."
    )


def _left_of(kind: RecordKind, left: int, synced: int) -> str:
    if left < synced:
        return f"{left} of {kind.counted(synced)}"
    return f"all {kind.counted(synced)}" if synced > 1 else f"the only {kind.singular}"
