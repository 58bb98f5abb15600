"""Previews: what a sync would do with each record."""

from datetime import datetime
from typing import Self

from core.domain.planning.plan import Create, FieldChange, Step
from core.domain.records.fields import FieldValue
from core.domain.records.outcomes import RecordOutcome
from core.usecases.sync.preview import expected_changes, expected_outcome
from entrypoints.resources.base import ResponseModel
from entrypoints.resources.results import OutcomeOfRecord, outcome_fields
from entrypoints.resources.runs import CountsResponse


class FieldChangeResponse(ResponseModel):
    field: str
    old: str | list[str] | None
    new: str | list[str] | None

    @classmethod
    def from_domain(cls, change: FieldChange) -> Self:
        return cls(field=change.field, old=_value(change.old), new=_value(change.new))


def _value(value: FieldValue | None) -> str | list[str] | None:
    return list(value) if isinstance(value, tuple) else value


class StepResponse(OutcomeOfRecord):
    changes: list[FieldChangeResponse]

    @classmethod
    def from_domain(cls, step: Step) -> Self:
        destination_id = None if isinstance(step, Create) else step.destination_id
        expected = RecordOutcome(step.record, expected_outcome(step), step.reason, destination_id)
        changes = [FieldChangeResponse.from_domain(change) for change in expected_changes(step)]
        return cls.model_validate(outcome_fields(expected) | {"changes": changes})


class PreviewResponse(ResponseModel):
    read_at: datetime
    counts: CountsResponse
    shortfalls: list[str]
    items: list[StepResponse]
    next: str | None
