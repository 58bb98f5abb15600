"""What a kind made of some rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.records.fields import Fields
from core.domain.records.reasons import Reason, field_name
from core.domain.selection.candidates import Blocked, Candidate, Eligible, Selection, Verdict
from core.domain.selection.feed_rows import FeedRows


@dataclass(frozen=True, slots=True)
class Selected:
    """What a kind made of some rows."""

    rows: FeedRows
    selection: Selection
    candidates: Sequence[Candidate]

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        return {candidate.record.source_id: candidate.verdict for candidate in self.candidates}

    @property
    def fields(self) -> Mapping[str, Fields]:
        """The fields of the eligible records."""
        return {
            key: verdict.fields for key, verdict in self.verdicts.items() if isinstance(verdict, Eligible)
        }

    def of(self, source_id: str) -> Verdict:
        assert source_id in self.verdicts, (
            f"There is no candidate {source_id!r}, only {[*self.verdicts]}. Each record that was read needs one (rule 26)."
        )
        return self.verdicts[source_id]

    def eligible(self, source_id: str) -> Eligible:
        verdict = self.of(source_id)
        assert isinstance(verdict, Eligible), f"{source_id!r} should be eligible, but it is {verdict}"
        return verdict

    def blocked(self, source_id: str) -> Reason:
        verdict = self.of(source_id)
        assert isinstance(verdict, Blocked), f"{source_id!r} should be blocked, but it is {verdict}"
        return verdict.reason


def naming_all(fields: Iterable[str], reason: Reason) -> bool:
    """Check whether a reason names all these fields in words for people."""
    text = f"{reason.sentence} {reason.detail}".lower()
    return all(field_name(name) in text for name in fields)


def texts_of(value: str | Sequence[str]) -> tuple[str, ...]:
    """Return the texts in the value of a field."""
    return (value,) if isinstance(value, str) else tuple(value)
