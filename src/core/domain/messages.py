"""The messages that a sync shows, word by word (rule 28)."""

from collections.abc import Sequence

from core.domain.kinds import Scope, kinds_in
from core.domain.outcomes import Counts

STARTED = "Sync to Gleanin has started."
COMPLETE = "Sync to Gleanin is complete."


def closing_message(
    counts: Counts, scope: Scope, support_contact: str | None = None, notes: Sequence[str] = ()
) -> str:
    """Say how a run ended.

    Args:
        counts: of all records.
        scope: what the run was about.
        support_contact: whom to ask if problems persist.
        notes: what else there is to know of the whole run.
    """
    kinds = kinds_in(scope)
    if counts.all_succeeded:
        told = ", ".join(kind.counted(counts.of(kind).succeeded) for kind in kinds)
        return " ".join((f"{COMPLETE} Synced: {told}.", *notes))
    told = "; ".join(
        f"{kind.counted(counts.of(kind).attempted)} attempted, {counts.of(kind).succeeded} synced"
        for kind in kinds
    )
    message = f"Sync to Gleanin finished with problems: {told}. Check that your sessions have all the required fields."
    ask = (f"If it persists, contact {support_contact}.",) if support_contact else ()
    return " ".join((message, *notes, *ask))


def links_unread(why: str) -> str:
    return f"The share links could not be read: {why} The next sync reads them."


def records_doubled(number: int) -> str:
    return f"{number} of the records are in Gleanin more than once: their outcomes tell which copies to delete by hand."
