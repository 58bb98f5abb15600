"""Requests and responses of the JSON API, for its OpenAPI document; `entrypoints.shapes` builds the responses."""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, Strict

from core.domain.access import api_keys
from core.domain.access.audit import Action
from core.domain.access.authorization import Role
from core.domain.notifications.notification import Channel, Delivery
from core.domain.records.kinds import Scope
from core.domain.records.outcomes import Outcome
from core.domain.runs.health import HealthState, Remedy
from core.domain.runs.health_change import HealthChange
from core.domain.runs.run import RunState, Trigger
from core.domain.tenancy import organizations
from core.domain.tenancy.event_mappings import ExhibitorName, TracksFrom

T = TypeVar("T")


def _printable(text: str) -> str:
    if not text.isprintable():
        message = "contains characters that cannot be printed"
        raise ValueError(message)
    return text


SearchText = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""Text to search for: as long as names can be, with characters that every database accepts."""
Name = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_printable)]
"""Text that can be stored as a name."""
Secret = Annotated[SecretStr, Field(min_length=1, max_length=4096)]
StrictBool = Annotated[bool, Strict()]
KindName = Literal["session", "speaker", "exhibitor_contact"]
PersonKindName = Literal["speaker", "exhibitor_contact"]


class RequestModel(BaseModel):
    """The base of requests. Unknown keys are rejected, because they are probably mistyped."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewOrganizationRequest(RequestModel):
    name: Annotated[Name, Field(max_length=organizations.MAX_NAME_LENGTH)]
    region: Literal["us", "eu"] | None = Field(
        None, description="The Sessionboard region. Send either this or sessionboard_url"
    )
    sessionboard_url: Name | None = Field(None, description="The base URL of Sessionboard's API")
    token: Secret = Field(description="The Sessionboard API token; it is never shown again")


class NewTokenRequest(RequestModel):
    token: Secret


class NewConnectionRequest(RequestModel):
    token: Secret = Field(description="The Gleanin API token; it is never shown again")
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
    continuous_sync: StrictBool | None = None
    confirm_time_zone: StrictBool = Field(
        False,
        description="Confirms that an admin has checked that both events have the same time zone. "
        "Needed only if Gleanin does not report a known time zone",
    )


class PreviewQuery(RequestModel):
    scope: Scope = Scope.ALL
    outcome: list[Outcome] = Field(default_factory=list, max_length=7)
    kind: list[KindName] = Field(default_factory=list, max_length=3)
    search: Annotated[
        SearchText, Field(description="Part of a record's name or e-mail, or its full id in the source")
    ] = ""
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,15}-[^\x00-\x1f\x7f-\x9f]{1,64}$")


class NewRunRequest(RequestModel):
    scope: Scope = Scope.ALL


class NewApiKeyRequest(RequestModel):
    name: Annotated[Name, Field(max_length=api_keys.MAX_NAME_LENGTH)]
    role: Literal["admin", "viewer", "hook"]


class NewRecipientRequest(RequestModel):
    channel: Channel
    address: Annotated[Name, Field(max_length=2000)] = Field(
        description="A URL for a webhook, an e-mail address for e-mail"
    )


class ResponseModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Listed(ResponseModel, Generic[T]):
    items: list[T]
    next: str | None = Field(description="The cursor of the next part; null at the end")


class HealthResponse(ResponseModel):
    state: HealthState
    since: datetime | None = Field(description="When this state began; null if not known")
    reason: str | None = Field(description="The reason as text; null if healthy")
    remedy: Remedy | None = Field(description="What can be done about it")
    system: str | None = Field(description="The system whose token must be replaced")
    run_id: str | None = Field(description="The run that showed it")


class OrganizationResponse(ResponseModel):
    id: str
    name: str
    sessionboard_url: str
    connected: bool
    token_hint: str | None
    connected_at: datetime | None
    health: HealthResponse | None = Field(
        description="The health of the mapping in the worst state; null without a connection"
    )


class ConnectionResponse(ResponseModel):
    connected: bool
    id: str | None = None
    token_hint: str | None = Field(None, description="The last four characters")
    connected_at: datetime | None = None
    continuous_sync: bool | None = None
    health: HealthResponse | None = Field(None, description="The health of the mapping in the worst state")
    lost_by_disconnecting: str | None = Field(
        None, description="The records that could not be synced again after disconnecting, as text"
    )


class EventResponse(ResponseModel):
    id: str
    name: str
    time_zone: str | None
    mappable: bool
    why_not: str
    only_with: str


class EventsResponse(ResponseModel):
    sessionboard: list[EventResponse]
    gleanin: list[EventResponse]
    next: str | None


class EventName(ResponseModel):
    id: str
    name: str


class SettingsResponse(ResponseModel):
    tracks: TracksFrom
    chairpersons: bool
    moderators: bool
    exhibitor_name: ExhibitorName


class MappingResponse(ResponseModel):
    id: str
    organization_id: str
    sessionboard: EventName
    gleanin: EventName
    created_at: datetime
    confirmed_time_zone: str | None
    continuous_sync: bool
    waits_for_settings: bool = Field(
        description="Whether continuous sync waits until the settings have been saved; any change saves them"
    )
    time_zone: str | None = Field(description="The time zone in Sessionboard, as last read")
    gleanin_time_zone: str | None = Field(
        description="The time zone in Gleanin, as last read; null if Gleanin does not report one, or if it has not "
        "been read since an upgrade"
    )
    settings: SettingsResponse
    health: HealthResponse
    last_checked_at: datetime | None = Field(
        description="When a check last found that nothing has changed since the last sync; null if there has been "
        "no such check since. A check is not a run"
    )


class CreatedMappingResponse(MappingResponse):
    warnings: list[str] = Field(description="Why the sync, or some records, cannot go to Gleanin")


class TallyResponse(ResponseModel):
    attempted: int
    succeeded: int
    created: int
    updated: int
    unchanged: int
    kept: int
    skipped: int
    blocked: int
    failed: int


class CountsResponse(ResponseModel):
    sessions: TallyResponse
    speakers: TallyResponse
    exhibitors: TallyResponse


class ProgressResponse(ResponseModel):
    done: int
    total: int


class RunResponse(ResponseModel):
    run_id: str
    mapping_id: str
    state: RunState
    code: str | None = Field(description="Why the run stopped early; null if it did not")
    message: str
    trigger: Trigger
    scope: Scope
    requested_at: datetime
    requested_by: str
    started_at: datetime | None
    finished_at: datetime | None
    counts: CountsResponse
    progress: dict[str, ProgressResponse]


class RecordOutcomeResponse(ResponseModel):
    kind: KindName
    source_id: str
    label: str
    outcome: Outcome
    reason: str
    detail: str
    gleanin_id: str | None
    code: str


class HistoryEntryResponse(RecordOutcomeResponse):
    at: datetime
    confirmed_at: datetime | None = Field(
        description="When a later check last found that nothing had changed; null if none did"
    )
    run_id: str


class FieldChangeResponse(ResponseModel):
    field: str
    old: str | list[str] | None
    new: str | list[str] | None


class StepResponse(RecordOutcomeResponse):
    changes: list[FieldChangeResponse]


class PreviewResponse(ResponseModel):
    read_at: datetime
    counts: CountsResponse
    shortfalls: list[str]
    items: list[StepResponse]
    next: str | None


class LinkResponse(ResponseModel):
    title: str
    url: str


class PersonResponse(ResponseModel):
    kind: PersonKindName
    source_id: str
    name: str
    email: str | None
    links: list[LinkResponse]


class PeopleResponse(Listed[PersonResponse]):
    total: int
    without_link: int


class PortalAddressResponse(ResponseModel):
    address: str


class ApiKeyResponse(ResponseModel):
    id: str
    name: str
    role: Role
    organization_id: str | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class CreatedApiKeyResponse(ApiKeyResponse):
    secret: str = Field(description="The key itself; it is shown only once")


class NotificationResponse(ResponseModel):
    id: str
    mapping_id: str
    run_id: str
    at: datetime
    change: HealthChange
    text: str
    state: Delivery
    attempts: int
    next_attempt_at: datetime | None
    problem: str | None = Field(description="Why the latest attempt failed; null if it did not")


class NotificationsResponse(ResponseModel):
    channel: Channel | None = Field(description="Null if notifications are off")
    address: str | None
    latest: list[NotificationResponse]


class ChosenRecipientResponse(ResponseModel):
    channel: Channel
    address: str
    secret: str | None = Field(description="Signs notifications to a webhook; it is shown only once")


class AuditEntryResponse(ResponseModel):
    at: datetime
    by: str
    action: Action
    organization_id: str | None
    what: str


class ProblemErrorResponse(ResponseModel):
    where: str
    what: str


class ProblemResponse(ResponseModel):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[ProblemErrorResponse] = Field(default_factory=list)
