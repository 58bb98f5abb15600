"""The fields of a source that can hold links, and the choice among them (rule 38)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.domain.links.link_fields import LinksNotTaken, check_campaign, choose_field
from core.domain.links.link_homes import HolderType, LinkField, LinkHome, LinkSettings
from core.domain.links.write_back import campaigns_of
from core.domain.records.kinds import KINDS
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import SealedCredentials
from core.usecases.shared.link_access import LinkAccess


@dataclass(frozen=True, slots=True)
class LinkChange:
    """New settings for links, by names as an admin enters them; None leaves one unchanged, and an empty text turns it off."""

    field: str | None = None
    company_field: str | None = None
    campaign: str | None = None

    def __bool__(self) -> bool:
        """Return whether anything is to be changed."""
        return (self.field, self.company_field, self.campaign) != (None, None, None)


async def changed_settings(
    links: LinkAccess, mapping: EventMapping, sealed: SealedCredentials, change: LinkChange
) -> LinkSettings:
    """Return the mapping's settings for links with a change, checked against what the source has now.

    Raises:
        LinksNotTaken
        InvalidInput: there is no such field or campaign.
        SourceError
    """
    present = mapping.settings.links
    if change.field == "":  # and with it all the rest
        return LinkSettings(company_field=change.company_field or "")
    homes = links.homes(mapping)
    person, company = field_holders(homes)
    field, company_field = present.field, present.company_field
    if change.field is not None:
        field = await _chosen(links, mapping, sealed, person, change.field)
    if change.company_field is not None:
        company_field = ""
        if change.company_field:
            if company is None:
                raise LinksNotTaken(mapping.systems.source, "company_link_field")
            company_field = await _chosen(
                links, mapping, sealed, company, change.company_field, about="company_link_field"
            )
    campaign = present.campaign if change.campaign is None else change.campaign.strip()
    if campaign != present.campaign:
        check_campaign(campaign, await list_campaigns(links, mapping), mapping.systems.destination)
    return LinkSettings(field, company_field, campaign)


async def _chosen(
    links: LinkAccess,
    mapping: EventMapping,
    sealed: SealedCredentials,
    holder: HolderType,
    name: str,
    *,
    about: str = "link_field",
) -> str:
    fields = await list_fields(links, mapping, sealed, holder)
    return choose_field(fields, name.strip(), mapping.systems.source, about=about).internal_name


def field_holders(homes: Mapping[str, LinkHome]) -> tuple[HolderType, HolderType | None]:
    """Return the types of records whose fields are listed: that of people, and that of companies if there is one.

    All kinds share one setting for each, so a source must have one set of fields for all its types of companies.
    """
    person = next(home.person for home in homes.values())
    return person, next((home.company for home in homes.values() if home.company), None)


async def list_fields(
    links: LinkAccess, mapping: EventMapping, sealed: SealedCredentials, holder: HolderType
) -> Sequence[LinkField]:
    """List the fields as the source has them now.

    Raises:
        SourceError
    """
    async with links.writer(mapping, sealed, nothing_is_written) as (writer, _):
        return await writer.fields(mapping.events.source_id, holder)


async def list_campaigns(links: LinkAccess, mapping: EventMapping) -> Mapping[str, str]:
    """Return the titles of the campaigns that the mapping's people have links of, by id."""
    campaigns: dict[str, str] = {}
    async with links.units.read() as unit:
        for kind in KINDS.people:
            people = await unit.synced.list_linked(
                mapping.organization_id, mapping.events.destination_id, kind
            )
            campaigns |= campaigns_of(people)
    return campaigns


async def nothing_is_written() -> None:
    """Refuse any write: for callers that only read.

    Raises:
        RuntimeError: always.
    """
    message = "a reading must not write"
    raise RuntimeError(message)
