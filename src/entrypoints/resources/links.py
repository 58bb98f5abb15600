"""Share links written back into the source: the choice of their field, and what became of them (rule 38)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from core.domain.ids import SourceId
from core.domain.links.link_homes import LinkField
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome, LinkResult
from core.domain.records.kinds import RecordKind
from core.usecases.links.order_link_field import OrderedField
from core.usecases.links.queries import LinkChoices
from core.usecases.shared.write_back import LinkReport
from entrypoints.resources.base import Listed, ResponseModel

LatestLinks = Mapping[tuple[RecordKind, SourceId], Sequence[LinkResult]]
"""What became of people's links last, by kind and id."""


class LinkFieldResponse(ResponseModel):
    internal_name: str = Field(description="By which the field is chosen")
    public_name: str = Field(description="The name that people see in the source")

    @classmethod
    def from_domain(cls, field: LinkField) -> Self:
        return cls(internal_name=field.internal_name, public_name=field.public_name)


class OrderedFieldResponse(LinkFieldResponse):
    is_new: bool = Field(description="Whether it was made now; false if there was one of this name already")

    @classmethod
    def of(cls, ordered: OrderedField) -> Self:
        return cls(
            internal_name=ordered.internal_name, public_name=ordered.public_name, is_new=ordered.is_new
        )


class CampaignResponse(ResponseModel):
    id: str
    title: str


class LinkChoicesResponse(ResponseModel):
    link_field: str | None = Field(
        description="The internal name of the chosen field of people; null if links are not written back"
    )
    company_link_field: str | None = Field(
        description="The internal name of the chosen field of companies; null for none"
    )
    link_campaign: str | None = Field(description="The id of the chosen campaign; null if none was chosen")
    fields: list[LinkFieldResponse] = Field(description="The fields of people that can be chosen")
    company_fields: list[LinkFieldResponse] = Field(description="The fields of companies that can be chosen")
    campaigns: list[CampaignResponse] = Field(description="The campaigns that people have links of")

    @classmethod
    def from_domain(cls, choices: LinkChoices) -> Self:
        return cls(
            link_field=choices.chosen.field or None,
            company_link_field=choices.chosen.company_field or None,
            link_campaign=choices.chosen.campaign or None,
            fields=[LinkFieldResponse.from_domain(field) for field in choices.fields],
            company_fields=[LinkFieldResponse.from_domain(field) for field in choices.company_fields],
            campaigns=[CampaignResponse(id=key, title=title) for key, title in choices.campaigns.items()],
        )


class LinkCountsResponse(ResponseModel):
    written: int
    unchanged: int
    kept: int
    failed: int

    @classmethod
    def from_domain(cls, counts: LinkCounts) -> Self:
        return cls(**{outcome.value: counts[outcome] for outcome in LinkOutcome})


class LinkResultResponse(ResponseModel):
    kind: str
    source_id: str = Field(description="The id of the record that holds the link: of a person or a company")
    name: str
    outcome: LinkOutcome
    reason: str

    @classmethod
    def from_domain(cls, result: LinkResult) -> Self:
        return cls(
            kind=result.kind.name,
            source_id=result.source_id,
            name=result.label,
            outcome=result.outcome,
            reason=why(result),
        )


class WrittenBackResponse(ResponseModel):
    outcome: LinkOutcome
    reason: str

    @classmethod
    def find(cls, latest: LatestLinks, kind: RecordKind, source_id: SourceId) -> Self | None:
        """Return what became of a person's link last; None if it has never been written back."""
        for result in latest.get((kind, source_id), ()):
            return cls(outcome=result.outcome, reason=why(result))
        return None


class WriteBackResponse(ResponseModel):
    counts: LinkCountsResponse
    links: list[LinkResultResponse]
    problems: list[str] = Field(description="Why links may be missing in the list, in sentences")

    @classmethod
    def from_domain(cls, report: LinkReport) -> Self:
        return cls(
            counts=LinkCountsResponse.from_domain(report.counts),
            links=link_results(report.results),
            problems=report.problems,
        )

    def document(self) -> dict[str, Any]:
        """Return the document that `--json` prints; it has `problems` only if there are any."""
        return self.model_dump(exclude=None if self.problems else {"problems"})


class WriteBackPreviewResponse(Listed[LinkResultResponse]):
    read_at: datetime = Field(description="When the source was read; further parts continue that reading")
    counts: LinkCountsResponse = Field(description="Of all links, whatever was searched for")
    problems: list[str] = Field(description="Why links may be missing in the list, in sentences")


class RunLinksResponse(Listed[LinkResultResponse]):
    counts: LinkCountsResponse = Field(description="Of all links of the run, whatever was searched for")


def link_results(results: Iterable[LinkResult]) -> list[LinkResultResponse]:
    return [LinkResultResponse.from_domain(result) for result in results]


def why(result: LinkResult) -> str:
    """Return the reason as one text: what happened, and what to do."""
    return " ".join(part for part in (result.reason.sentence, result.reason.detail) if part)
