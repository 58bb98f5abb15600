"""Requests of the JSON API; `entrypoints.resources` has the responses."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, model_validator

from core.domain.access import api_keys
from core.domain.ids import MAX_ID_LENGTH, MappingId
from core.domain.links.link_fields import DEFAULT_FIELD_NAME
from core.domain.notifications.notification import Channel
from core.domain.records.kinds import ALL
from core.domain.records.outcomes import Outcome
from core.domain.records.search import MAX_SEARCH_LENGTH
from core.domain.tenancy import organizations
from core.domain.tenancy.event_mappings import ExhibitorName, TracksFrom
from core.domain.text import MAX_URL_LENGTH
from core.usecases.links.order_link_field import MAX_NAME_LENGTH as MAX_FIELD_NAME_LENGTH
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.organizations.add_organization import DEFAULT_SOURCE
from core.usecases.organizations.connect import DEFAULT_DESTINATION
from core.usecases.shared.link_fields import LinkChange
from entrypoints.http.api.credentials import DestinationAccess, Secret, SourceAccess
from entrypoints.plugins import PluginGroup, installed_plugins
from entrypoints.resources.kind_names import KindName, OneOf, PersonKindName, ScopeName
from entrypoints.resources.kind_values import KindValuesOfMapping


def _printable(text: str) -> str:
    if not text.isprintable():
        message = "contains characters that cannot be printed"
        raise ValueError(message)
    return text


SearchText = Annotated[str, Field(max_length=MAX_SEARCH_LENGTH, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""Text to search for, with characters that every database accepts."""
Name = Annotated[str, Field(min_length=1), AfterValidator(_printable)]
"""Text that can be stored as a name; how long it can be depends on what it names."""
Address = Annotated[Name, Field(max_length=MAX_URL_LENGTH)]
"""A URL or an e-mail address."""
MAX_ITEMS = 500
"""Of one part of a list."""
POSITION = "[0-9]{1,15}"
"""A position in a list: this many digits fit into the integers of every database."""
StrictBool = Annotated[bool, Strict()]
FieldName = Annotated[Name, Field(max_length=200)]
"""The name of a field in the source, or the id of a campaign."""
LINK_SETTINGS = {"field": "link_field", "company_field": "company_link_field", "campaign": "link_campaign"}
"""The settings for links, by their names in a `LinkChange`."""
PREVIEW_CURSOR = rf"^{POSITION}-[^\x00-\x1f\x7f-\x9f]{{1,{MAX_ID_LENGTH}}}$"
"""A position in a preview, and the preview's id."""

SourceName = Annotated[str, OneOf(lambda: installed_plugins().installed[PluginGroup.SOURCES])]
DestinationName = Annotated[str, OneOf(lambda: installed_plugins().installed[PluginGroup.DESTINATIONS])]


class RequestModel(BaseModel):
    """The base of requests. Unknown keys are rejected, because they are probably mistyped."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewOrganizationRequest(RequestModel):
    name: Annotated[Name, Field(max_length=organizations.MAX_NAME_LENGTH)]
    source: SourceName = Field(DEFAULT_SOURCE, description="The source; it never changes")
    region: Name | None = Field(
        None,
        description="The region of the account, if the source has regions. Send either this or sessionboard_url",
    )
    sessionboard_url: Address | None = Field(None, description="The base URL of the source's API")
    token: Secret | None = Field(
        None, description="The API token of the source, unless it needs none; it is never shown again"
    )
    access: SourceAccess = Field(default_factory=dict)


class NewTokenRequest(RequestModel):
    token: Secret | None = Field(None, description="If omitted, the present one stays")
    access: SourceAccess = Field(default_factory=dict)
    """Of the fields that change; the others stay."""


class NewConnectionRequest(RequestModel):
    destination: DestinationName = Field(
        DEFAULT_DESTINATION, description="The destination of a new connection; an open one keeps its own"
    )
    url: Address | None = Field(
        None,
        description="The base URL of the destination's API, unless it is known; an open connection keeps its own",
    )
    token: Secret | None = Field(
        None,
        description="The API token of the destination, unless it needs none; it is never shown again. "
        "If omitted, that of an open connection stays",
    )
    access: DestinationAccess = Field(default_factory=dict)
    continuous_sync: StrictBool | None = Field(
        None,
        description="Whether new mappings start with continuous sync. "
        "If omitted, the current value stays; for a new connection it is off",
    )


class NewMappingRequest(RequestModel):
    sessionboard_event: SearchText
    gleanin_event: SearchText
    confirm_time_zone: StrictBool = Field(
        False, description="Confirms that an admin has checked that both events have the same time zone"
    )


class SettingsChangeRequest(RequestModel):
    """Omitted settings stay unchanged."""

    tracks: TracksFrom | None = None
    chairpersons: StrictBool | None = None
    moderators: StrictBool | None = None
    exhibitor_name: ExhibitorName | None = None
    kinds: KindValuesOfMapping = Field(
        default_factory=dict,
        description="The settings that further kinds of records bring, by the kind's and the setting's name",
    )
    one_name_is_enough: StrictBool | None = None
    only_accepted_roles: StrictBool | None = None
    link_field: FieldName | None = Field(
        None,
        description="The internal name of the source's field of people that share links are written back to. Null "
        "turns it off, and the other settings of links with it",
    )
    company_link_field: FieldName | None = Field(
        None,
        description="The internal name of the field of companies that the primary contact's link is written to. Null "
        "turns it off",
    )
    link_campaign: FieldName | None = Field(
        None, description="The id of the campaign whose links are written back. Null for none"
    )
    continuous_sync: StrictBool | None = None
    confirm_time_zone: StrictBool = Field(
        False,
        description="Confirms that an admin has checked that both events have the same time zone. "
        "Needed only if the destination does not report a known time zone",
    )

    def command(self, mapping_id: MappingId) -> SettingsChange:
        """Return the command; for links, what is null is turned off, and what is omitted stays unchanged."""
        given = self.model_dump()
        links = {
            part: (given.pop(name) or "") if name in self.model_fields_set else None
            for part, name in LINK_SETTINGS.items()
        }
        others = {name: value for name, value in given.items() if name not in LINK_SETTINGS.values()}
        return SettingsChange(mapping_id, **others, links=LinkChange(**links))


class NewLinkFieldRequest(RequestModel):
    name: Annotated[Name, Field(max_length=MAX_FIELD_NAME_LENGTH)] = Field(
        DEFAULT_FIELD_NAME, description="The name that people see in the source"
    )
    for_companies: StrictBool = Field(False, description="Whether it is a field of companies, not of people")


class PersonRequest(RequestModel):
    kind: PersonKindName
    source_id: Annotated[SearchText, Field(min_length=1)]


class PeopleSelectionRequest(RequestModel):
    """Either some people, or all of them."""

    people: list[PersonRequest] = Field(default_factory=list, max_length=MAX_ITEMS)
    all: StrictBool = Field(False, description="Everybody who is synced")

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "PeopleSelectionRequest":
        if bool(self.people) == self.all:
            message = "name people, or set all to true"
            raise ValueError(message)
        return self


class PreviewQuery(RequestModel):
    scope: ScopeName = Field(str(ALL), validate_default=True)
    outcome: list[Outcome] = Field(default_factory=list, max_length=len(Outcome))
    kind: list[KindName] = Field(default_factory=list, max_length=100)
    search: Annotated[
        SearchText, Field(description="Part of a record's name or e-mail, or its full id in the source")
    ] = ""
    limit: int = Field(50, ge=1, le=MAX_ITEMS)
    cursor: str | None = Field(None, pattern=PREVIEW_CURSOR)


class NewRunRequest(RequestModel):
    scope: ScopeName = Field(str(ALL), validate_default=True)


class NewApiKeyRequest(RequestModel):
    name: Annotated[Name, Field(max_length=api_keys.MAX_NAME_LENGTH)]
    role: Literal["admin", "viewer", "hook"]


class NewRecipientRequest(RequestModel):
    channel: Channel
    address: Address = Field(description="A URL for a webhook, an e-mail address for e-mail")
