"""Preview other settings for share links before they are saved (rule 38)."""

from dataclasses import dataclass

from core.domain.ids import MappingId
from core.domain.links.link_fields import check_campaign, choose_field
from core.domain.links.link_homes import LinkField, LinkSettings
from core.usecases.links.queries import ListLinkChoices
from core.usecases.links.write_links_back import PreviewLinks
from core.usecases.shared.link_access import LinkAccess
from core.usecases.shared.mapping_access import get_mapping_access
from core.usecases.shared.write_back import LinkReport


@dataclass(frozen=True, slots=True)
class LinkChangePreview:
    field: LinkField
    company_field: LinkField | None
    campaign: str
    """The title of the chosen campaign, or its id if no one has a link of it; empty if none was chosen."""
    report: LinkReport


@dataclass(frozen=True, slots=True)
class PreviewLinkChange:
    links: LinkAccess

    async def __call__(self, mapping_id: MappingId, settings: LinkSettings) -> LinkChangePreview:
        """Return what writing back would do with these settings, which are checked as they are when they are saved.

        Raises:
            NotFound, NotMapped, SourceError
            InvalidInput: the source takes no links, or there is no such field or campaign.
        """
        mapping, _ = await get_mapping_access(self.links.units, mapping_id)
        choices = await ListLinkChoices(self.links)(mapping_id)
        source = mapping.systems.source
        field = choose_field(choices.fields, settings.field, source)
        company_field = (
            choose_field(choices.company_fields, settings.company_field, source, about="company_link_field")
            if settings.company_field
            else None
        )
        if settings.campaign != choices.chosen.campaign:
            check_campaign(settings.campaign, choices.campaigns, mapping.systems.destination)
        chosen = LinkSettings(
            field.internal_name, company_field.internal_name if company_field else "", settings.campaign
        )
        report = await PreviewLinks(self.links)(mapping_id, chosen)
        title = choices.campaigns.get(settings.campaign, settings.campaign)
        return LinkChangePreview(field, company_field, title, report)
