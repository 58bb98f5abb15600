"""The messages that a sync shows, word by word (rule 28)."""

from core.domain.kinds import Scope, kinds_in
from core.domain.outcomes import Counts

STARTED = "Sync to Gleanin has started."
COMPLETE = "Sync to Gleanin is complete."


def closing_message(counts: Counts, scope: Scope, contact: str | None = None) -> str:
    """Say how a run ended. `contact` is whom to ask if problems persist."""
    kinds = kinds_in(scope)
    if counts.all_succeeded:
        told = ", ".join(f"{counts.of(kind).succeeded} {kind.plural}" for kind in kinds)
        return f"{COMPLETE} In Gleanin now: {told}."
    told = "; ".join(
        f"{counts.of(kind).attempted} {kind.plural} attempted, {counts.of(kind).succeeded} synced"
        for kind in kinds
    )
    message = f"Sync to Gleanin finished with problems: {told}. Check that your sessions have all the required fields."
    return f"{message} If it persists, contact {contact}." if contact else message
