"""Runs, records and plans as text for the terminal."""

from collections.abc import Iterable
from datetime import datetime

from rich.table import Table
from rich.text import Text

from core.domain.planning.plan import Create, FieldChange, Step
from core.domain.records.fields import FieldValue
from core.domain.records.kinds import KINDS
from core.domain.records.outcomes import Counts, Outcome, RecordOutcome, RecordRef
from core.domain.records.reasons import Reason, field_name
from core.domain.runs.health import Health
from core.domain.systems import Systems
from core.usecases.sync.preview import expected_changes, expected_outcome
from entrypoints.cli.output import table
from entrypoints.text import safe, shortened

STYLES = {
    Outcome.CREATED: "green",
    Outcome.UPDATED: "cyan",
    Outcome.UNCHANGED: "dim",
    Outcome.KEPT: "magenta",
    Outcome.SKIPPED: "yellow",
    Outcome.BLOCKED: "red",
    Outcome.FAILED: "bold red",
}
_MAX_VALUE_LENGTH = 60


def counts(all_kinds: Counts) -> Table:
    """Return a table of the counts, with a column for each kind that was read."""
    kinds = [kind for kind in KINDS if all_kinds.of(kind).read]
    tallies = [all_kinds.of(kind) for kind in kinds]
    rows: list[tuple[object, ...]] = [
        ("attempted", *(tally.attempted for tally in tallies)),
        ("synced", *(tally.succeeded for tally in tallies)),
        *((_styled(outcome), *(tally[outcome] for tally in tallies)) for outcome in Outcome),
    ]
    return table("Counts", ("", *(kind.plural for kind in kinds)), rows)


def outcomes(heading: str, record_outcomes: Iterable[RecordOutcome], systems: Systems) -> Table:
    """Return a table of outcomes with their reasons, and their ids in the two systems."""
    rows = (
        (_styled(record_outcome.outcome), _outcome(record_outcome, systems))
        for record_outcome in record_outcomes
    )
    return table(heading, ("Outcome", "Record and reason"), rows)


def plan(steps: Iterable[Step]) -> Table:
    """Return a table of what a sync would do with each record."""
    rows = ((_styled(expected_outcome(step)), _planned(step)) for step in steps)
    return table("What a sync would do", ("On the next sync", "Record, reason and what would be sent"), rows)


def health(current: Health) -> str:
    """Return the health as a sentence: state, since when, and why."""
    since = f" since {current.since:%Y-%m-%d %H:%M} UTC" if current.since else ""
    return f"{current.state.value}{since}: {shortened(current.reason, 200)}"


def unchanged(at: datetime) -> str:
    """Return the beginning of a sentence: when a check last found nothing to sync."""
    return f"Checked {at:%Y-%m-%d %H:%M} UTC: nothing has changed"


def why(reason: Reason) -> str:
    return shortened(" ".join(part for part in (reason.sentence, reason.detail) if part), 1000)


def _styled(outcome: Outcome) -> Text:
    return Text(outcome.value, style=STYLES[outcome])


def _record(record: RecordRef, reason: Reason) -> Text:
    return Text.assemble((shortened(record.label), "bold"), f" ({record.kind}): {why(reason)}")


def _outcome(outcome: RecordOutcome, systems: Systems) -> Text:
    text = _record(outcome.record, outcome.reason)
    text.append(f"\n{safe(systems.source.display_name)} {safe(outcome.record.source_id)}", style="dim")
    if outcome.destination_id:
        text.append(f", {safe(systems.destination.display_name)} {safe(outcome.destination_id)}", style="dim")
    return text


def _planned(step: Step) -> Text:
    text = _record(step.record, step.reason)
    if changes := [_changed(change) for change in expected_changes(step)]:
        # Every field of a new record is new: on separate lines they would hide the changes of other records.
        text.append("\n" + (" · " if isinstance(step, Create) else "\n").join(changes), style="dim")
    return text


def _changed(change: FieldChange) -> str:
    name, old, new = field_name(change.field), _value(change.old), _value(change.new)
    return f"{name}: {new}" if change.old is None else f"{name}: {old} → {new}"


def _value(value: FieldValue | None) -> str:
    if value is None:
        return "(empty)"
    return shortened(", ".join(value) if isinstance(value, tuple) else value, _MAX_VALUE_LENGTH)
