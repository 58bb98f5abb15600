"""What happened to each record, and the synced people with their share links; as models and as rows of CSV files."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import Field

from core.domain.records.outcomes import Outcome, RecordOutcome
from core.domain.records.synced_records import ShareLink, SyncedRecord
from entrypoints.resources.base import Listed, ResponseModel
from entrypoints.resources.links import LatestLinks, WrittenBackResponse
from ports.store.results import HistoryEntry

LINK_COLUMNS = ("kind", "source_id", "name", "email", "title", "url")
_NO_LINK = ShareLink("", "")


class OutcomeOfRecord(ResponseModel):
    """The fields that all outcomes of records have."""

    kind: str
    source_id: str
    label: str
    outcome: Outcome
    reason: str
    detail: str
    gleanin_id: str | None
    code: str


OUTCOME_COLUMNS = tuple(OutcomeOfRecord.model_fields)


def outcome_fields(result: RecordOutcome) -> dict[str, str | None]:
    """Return the values of the fields that all outcomes have, in their order, as a model or a row needs them."""
    return {
        "kind": result.record.kind.name,
        "source_id": result.record.source_id,
        "label": result.record.label,
        "outcome": result.outcome,
        "reason": result.reason.sentence,
        "detail": result.reason.detail,
        "gleanin_id": result.destination_id,
        "code": result.reason.code,
    }


class RecordOutcomeResponse(OutcomeOfRecord):
    @classmethod
    def from_domain(cls, result: RecordOutcome) -> Self:
        return cls.model_validate(outcome_fields(result))


class HistoryEntryResponse(OutcomeOfRecord):
    at: datetime
    confirmed_at: datetime | None = Field(
        description="When a later check last found that nothing had changed; null if none did"
    )
    run_id: str

    first_keys: ClassVar = ("at", "confirmed_at", "run_id")

    @classmethod
    def from_domain(cls, entry: HistoryEntry) -> Self:
        return cls._of(entry)

    @classmethod
    def _of(cls, entry: HistoryEntry, **more: Any) -> Self:
        times = {"at": entry.at, "confirmed_at": entry.confirmed_at}
        return cls.model_validate(outcome_fields(entry.outcome) | times | {"run_id": entry.run_id} | more)


class RecordEntryResponse(HistoryEntryResponse):
    """An entry in the history of a record, which may be a person."""

    written_back: WrittenBackResponse | None = Field(
        description="Of the newest outcome of a person: whether the person's share link is in the source, and why not; "
        "null if it has never been written back"
    )

    @classmethod
    def from_domain(cls, entry: HistoryEntry, written_back: WrittenBackResponse | None = None) -> Self:
        return cls._of(entry, written_back=written_back)


class LinkResponse(ResponseModel):
    title: str
    url: str

    @classmethod
    def from_domain(cls, link: ShareLink) -> Self:
        return cls(title=link.title, url=link.url)


class PersonResponse(ResponseModel):
    kind: str
    source_id: str
    name: str
    email: str | None
    links: list[LinkResponse]

    @classmethod
    def from_domain(cls, person: SyncedRecord) -> Self:
        return cls._of(person)

    @classmethod
    def _of(cls, person: SyncedRecord, **more: Any) -> Self:
        return cls(
            kind=person.kind.name,
            source_id=person.source_id,
            name=person.label,
            email=person.email,
            links=[LinkResponse.from_domain(link) for link in person.links],
            **more,
        )


class SyncedPersonResponse(PersonResponse):
    written_back: WrittenBackResponse | None = Field(
        description="Whether the person's link is in the source, and why not; null if it has never been written back"
    )

    @classmethod
    def of(cls, person: SyncedRecord, latest: LatestLinks) -> Self:
        return cls._of(person, written_back=WrittenBackResponse.find(latest, person.kind, person.source_id))


class PeopleResponse(Listed[SyncedPersonResponse]):
    total: int
    without_link: int


def outcome_row(result: RecordOutcome) -> list[str | None]:
    return list(outcome_fields(result).values())


def link_rows(person: SyncedRecord) -> Iterator[tuple[str, str, str, str | None, str, str]]:
    """Yield a row for each of a person's links, or a single row if there is none yet."""
    for link in person.links or (_NO_LINK,):
        yield person.kind.name, person.source_id, person.label, person.email, link.title, link.url
