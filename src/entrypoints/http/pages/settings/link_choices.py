"""What is entered and offered where an admin chooses the fields for share links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from starlette.datastructures import FormData

from core.domain.ids import MAX_EXTERNAL_ID_LENGTH
from core.domain.links.link_homes import LinkField, LinkSettings
from core.domain.text import normalize_line
from core.usecases.links.queries import LinkChoices
from core.usecases.shared.link_fields import LinkChange
from entrypoints.http.pages.forms import text
from entrypoints.http.pages.lists import ListQuery
from entrypoints.text import shortened

MAX_LABEL_LENGTH = 80
"""Maximum characters of a name in a list of choices."""
Option = Mapping[str, str]
FieldQuery = Annotated[str, Query(max_length=MAX_EXTERNAL_ID_LENGTH)]


@dataclass(frozen=True, slots=True)
class EnteredLinks:
    """The fields and the campaign as they were entered, or as they are chosen now."""

    field: str = ""
    company_field: str = ""
    campaign: str = ""

    @property
    def query(self) -> ListQuery:
        return {"field": self.field, "company_field": self.company_field, "campaign": self.campaign}

    @property
    def settings(self) -> LinkSettings:
        """Return the settings.

        Raises:
            InvalidInput: see `LinkSettings`.
        """
        return LinkSettings(self.field, self.company_field, self.campaign)

    @property
    def change(self) -> LinkChange:
        return LinkChange(self.field, self.company_field, self.campaign)


def entered_links(
    field: FieldQuery = "", company_field: FieldQuery = "", campaign: FieldQuery = ""
) -> EnteredLinks:
    return _cleaned(field, company_field, campaign)


EnteredInQuery = Annotated[EnteredLinks, Depends(entered_links)]


def sent_links(form: FormData) -> EnteredLinks:
    return _cleaned(*(text(form, name)[:MAX_EXTERNAL_ID_LENGTH] for name in EnteredLinks().query))


def stored_links(settings: LinkSettings) -> EnteredLinks:
    return EnteredLinks(settings.field, settings.company_field, settings.campaign)


def _cleaned(*values: str) -> EnteredLinks:
    return EnteredLinks(*(normalize_line(value) or "" for value in values))


@dataclass(frozen=True, slots=True)
class OfferedLinks:
    """The options of the selects; a campaign is asked for only where there are several."""

    fields: Sequence[Option]
    company_fields: Sequence[Option]
    campaigns: Sequence[Option]


def offered(choices: LinkChoices, entered: EnteredLinks) -> OfferedLinks:
    campaigns = dict(choices.campaigns)
    if chosen := choices.chosen.campaign or entered.campaign:
        campaigns.setdefault(chosen, "")
    is_asked = len(campaigns) > 1 or bool(chosen)
    return OfferedLinks(
        [_option(field) for field in choices.fields],
        [_option(field) for field in choices.company_fields],
        [
            {"value": campaign, "label": _campaign(campaign, title, list(campaigns.values()))}
            for campaign, title in campaigns.items()
            if is_asked
        ],
    )


def _option(field: LinkField) -> Option:
    name, internal = (
        shortened(value, MAX_LABEL_LENGTH) for value in (field.public_name, field.internal_name)
    )
    is_too_long = len(field.internal_name) > MAX_EXTERNAL_ID_LENGTH
    return {
        "value": field.internal_name,
        "label": name if name == internal else f"{name} ({internal})",
        "reason": "its internal name is too long" if is_too_long else "",
    }


def _campaign(campaign: str, title: str, titles: Sequence[str]) -> str:
    name, with_id = shortened(title, MAX_LABEL_LENGTH), shortened(campaign, MAX_LABEL_LENGTH)
    if not title:
        return f"{with_id} (no one has a link of it)"
    return f"{name} ({with_id})" if titles.count(title) > 1 else name
