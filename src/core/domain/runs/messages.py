"""The messages that a sync shows, word by word (rule 28)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.domain.records.kinds import KINDS, RecordKind, Scope, kinds_in
from core.domain.records.outcomes import Causes, Counts
from core.domain.records.reasons import ENDED_CONNECTION, LACKING
from core.domain.records.synced_records import SentRecords

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
    counts: Counts,
    scope: Scope,
    support_contact: str | None = None,
    remarks: Remarks | None = None,
    causes: Causes = {},  # noqa: B006 - never changed
) -> str:
    """Return the sentences in which a run that came to its end says how it ended.

    Args:
        counts: of all records.
        scope: what the run was about.
        support_contact: whom to ask if problems persist.
        remarks: what else there is to know of the whole run.
        causes: the reasons that the outcomes have.
    """
    kinds, remarks = kinds_in(scope), remarks or Remarks()
    if counts.all_succeeded and not remarks:
        told = ", ".join(kind.counted(counts.of(kind).succeeded) for kind in kinds)
        return " ".join((f"{COMPLETE} Synced: {told}.", *_not_again(kinds, causes)))
    told = "; ".join(
        f"{kind.counted(counts.of(kind).attempted)} attempted, {counts.of(kind).succeeded} synced"
        for kind in kinds
    )
    message = f"Sync to Gleanin finished with problems: {' '.join((*remarks.first, told))}."
    ask = (f"If it persists, contact {support_contact}.",) if support_contact else ()
    rest = (*_to_check(kinds, causes), *_not_again(kinds, causes), *remarks.notes, *ask)
    return " ".join((message, *rest))


def _to_check(kinds: Iterable[RecordKind], causes: Causes) -> Iterator[str]:
    """Name the kinds of which records lack a required field; nothing where something else is the matter."""
    lacking = [kind.plural for kind in kinds if any(causes.get((kind.name, code)) for code in LACKING)]
    if lacking:
        yield f"Check that your {_listed(lacking)} have all the required fields."


def _not_again(kinds: Iterable[RecordKind], causes: Causes) -> Iterator[str]:
    """Yield the sentence that counts what was left out as sent under an ended connection (rule 10)."""
    numbers = [(kind, causes.get((kind.name, ENDED_CONNECTION.code), 0)) for kind in kinds]
    told = [kind.counted(number) for kind, number in numbers if number]
    if told:
        verb = "was" if sum(number for _, number in numbers) == 1 else "were"
        yield (
            f"{_listed(told)} {verb} not synced again: sent before the organization was disconnected. Edit what has "
            "changed in Gleanin by hand."
        )


def lost_by_disconnecting(sent: Iterable[SentRecords]) -> str:
    """Return what disconnecting means for records that were sent; empty where none was (rule 10)."""
    told = _counted(sent)
    if not told:
        return ""
    return (
        f"{told} sent under this connection cannot be synced again to the same Gleanin events, even if you map them "
        "again. If you only want to give another token of the same Gleanin account, replace the token instead."
    )


def lost_by_mapping(sent: Iterable[SentRecords]) -> str:
    """Return what was sent to a Gleanin event under ended connections; empty where nothing was (rule 10)."""
    told = _counted(sent)
    if not told:
        return ""
    return (
        f"{told} sent to this Gleanin event before the organization was disconnected will not be synced again. Edit "
        "them in Gleanin by hand, or choose another Gleanin event. To avoid this, replace a token instead of "
        "disconnecting."
    )


def _counted(sent: Iterable[SentRecords]) -> str:
    numbers = Counter[RecordKind]()
    for each in sent:
        numbers[each.kind] += each.number
    return _listed([kind.counted(numbers[kind]) for kind in KINDS if numbers[kind]])


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


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
