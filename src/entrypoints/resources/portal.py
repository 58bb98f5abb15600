"""What is handed out to people: their portal addresses and share links, as models and as rows of a mail merge."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import Field

from core.domain.records.synced_records import presentable
from core.usecases.access.portal_selection import HandOut
from entrypoints.resources.base import Listed, ResponseModel
from entrypoints.resources.results import LinkResponse
from entrypoints.settings import Settings

MAIL_MERGE_COLUMNS = (
    "kind",
    "source_id",
    "name",
    "email",
    "portal_address",
    "expires_at",
    "share_link",
    "share_links",
)
"""One row for each person: `share_link` has the first link, `share_links` all of them, separated by blanks."""


class HandOutResponse(ResponseModel):
    kind: str
    source_id: str
    name: str
    email: str | None
    portal_address: str | None = Field(description="Opens the person's page; null if there is no valid one")
    expires_at: datetime | None
    links: list[LinkResponse]

    @classmethod
    def from_domain(cls, handed_out: HandOut, settings: Settings) -> Self:
        person, address = handed_out.person, handed_out.address
        return cls(
            kind=person.kind.name,
            source_id=person.source_id,
            name=person.label,
            email=person.email,
            portal_address=settings.address_of(f"/portal/{handed_out.signed}") if address else None,
            expires_at=address.expires_at if address else None,
            links=[LinkResponse.from_domain(link) for link in presentable(person.links)],
        )


class HandOutsResponse(Listed[HandOutResponse]):
    total: int


def mail_merge_row(handed_out: HandOut, settings: Settings) -> Sequence[str | None]:
    shown = HandOutResponse.from_domain(handed_out, settings)
    urls = [link.url for link in shown.links]
    return (
        shown.kind,
        shown.source_id,
        shown.name,
        shown.email,
        shown.portal_address,
        shown.expires_at.isoformat() if shown.expires_at else None,
        urls[0] if urls else None,
        " ".join(urls),
    )
