"""Errors by table: the HTTP status and the problem details (RFC 9457)."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from pydantic import Field

from core.domain.errors import DomainError, Overloaded, TooManyAttempts
from core.domain.runs.stop_reasons import StopCause
from core.usecases.sync.error_mapping import SyncStopped
from entrypoints.resources.base import ResponseModel
from ports.cipher import DecryptionFailed
from ports.destination import DestinationError, DestinationRefused, DestinationUnavailable
from ports.link_writer import LinkQuotaUsedUp
from ports.notifications import NotDelivered, RecipientRefused, RecipientUnavailable
from ports.source import SourceError, SourceRefused, SourceUnavailable
from ports.store.errors import DatabaseUnavailable

MEDIA_TYPE = "application/problem+json"

STATUS_BY_CODE = {
    "not_found": HTTPStatus.NOT_FOUND,
    "not_signed_in": HTTPStatus.UNAUTHORIZED,
    "wrong_credentials": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "address_expired": HTTPStatus.NOT_FOUND,
    "too_many_attempts": HTTPStatus.TOO_MANY_REQUESTS,
    "too_busy": HTTPStatus.TOO_MANY_REQUESTS,
    "bad_input": HTTPStatus.UNPROCESSABLE_ENTITY,
    "not_confirmed": HTTPStatus.UNPROCESSABLE_ENTITY,
    "time_zone_unconfirmed": HTTPStatus.UNPROCESSABLE_ENTITY,
    "time_zone_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
    "other_account": HTTPStatus.UNPROCESSABLE_ENTITY,
    "event_archived": HTTPStatus.CONFLICT,
    "already_exists": HTTPStatus.CONFLICT,
    "not_connected": HTTPStatus.CONFLICT,
    "nothing_to_probe": HTTPStatus.CONFLICT,
    "already_connected": HTTPStatus.CONFLICT,
    "already_mapped": HTTPStatus.CONFLICT,
    "bound_to_another": HTTPStatus.CONFLICT,
    "not_mapped": HTTPStatus.CONFLICT,
    "still_connected": HTTPStatus.CONFLICT,
    "field_ordered": HTTPStatus.CONFLICT,
    "links_not_taken": HTTPStatus.CONFLICT,
    "write_back_off": HTTPStatus.CONFLICT,
}
"""The status of a `DomainError` by its code."""

STATUS_BY_SYSTEM_ERROR: tuple[tuple[type[Exception], tuple[HTTPStatus, int | None]], ...] = (
    (SourceRefused, (HTTPStatus.UNPROCESSABLE_ENTITY, None)),
    (DestinationRefused, (HTTPStatus.UNPROCESSABLE_ENTITY, None)),
    (LinkQuotaUsedUp, (HTTPStatus.SERVICE_UNAVAILABLE, 900)),
    (SourceUnavailable, (HTTPStatus.SERVICE_UNAVAILABLE, 60)),
    (DestinationUnavailable, (HTTPStatus.SERVICE_UNAVAILABLE, 60)),
    (RecipientRefused, (HTTPStatus.UNPROCESSABLE_ENTITY, None)),
    (RecipientUnavailable, (HTTPStatus.SERVICE_UNAVAILABLE, 60)),
    (NotDelivered, (HTTPStatus.BAD_GATEWAY, None)),
    (SourceError, (HTTPStatus.BAD_GATEWAY, None)),
    (DestinationError, (HTTPStatus.BAD_GATEWAY, None)),
)
"""Errors of sources, destinations and notification recipients: the status, and the seconds until a retry."""
STATUS_BY_STOP = {
    StopCause.RULE: HTTPStatus.CONFLICT,
    StopCause.EXTERNAL_SYSTEM: HTTPStatus.BAD_GATEWAY,
    StopCause.INTERRUPTION: HTTPStatus.SERVICE_UNAVAILABLE,
}


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

    @classmethod
    def from_domain(cls, problem: "Problem") -> Self:
        return cls(
            type=f"urn:gleanin-sync:problem:{problem.code}",
            title=problem.status.phrase,
            status=problem.status.value,
            code=problem.code,
            detail=problem.detail,
            errors=[ProblemErrorResponse(where=where, what=what) for where, what in problem.errors],
        )


@dataclass(frozen=True, slots=True)
class Problem:
    status: HTTPStatus
    code: str
    detail: str
    retry_after: int | None = None
    """Seconds."""
    errors: tuple[tuple[str, str], ...] = ()
    """(where, what) for each error in a request."""

    @property
    def headers(self) -> dict[str, str]:
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status is HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        return headers

    @property
    def document(self) -> dict[str, object]:
        return ProblemResponse.from_domain(self).model_dump(exclude_defaults=True)


INTERNAL_ERROR = Problem(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "fault",
    "Internal error. No data was lost. The log has the details.",
)
# The database's own message may name hosts and files, so only operators see it.
DATABASE = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "store_unusable",
    "The database is unavailable at the moment. Try again later.",
    retry_after=30,
)
HANDLED_ERRORS = (
    DomainError,
    SyncStopped,
    SourceError,
    DestinationError,
    NotDelivered,
    DecryptionFailed,
    DatabaseUnavailable,
)
"""Errors with a message for the client; anything else is an internal error."""


def retry_after_seconds(error: DomainError) -> int | None:
    """Return the seconds until a retry, or None if a retry does not help."""
    match error:
        case TooManyAttempts():
            return max(1, round(error.wait.total_seconds()))
        case Overloaded():
            return 5
        case _:
            return None


def problem_of(error: Exception) -> Problem | None:
    """Return the problem details of an error, or None for an internal error."""
    match error:
        case DomainError():
            return Problem(STATUS_BY_CODE[error.code], error.code, str(error), retry_after_seconds(error))
        case SyncStopped():
            return Problem(STATUS_BY_STOP[error.stop.by], error.stop.code, error.stop.sentence)
        case SourceError() | DestinationError() | NotDelivered():
            status, seconds = next(entry for kind, entry in STATUS_BY_SYSTEM_ERROR if isinstance(error, kind))
            return Problem(status, error.code, str(error), seconds)
        case DecryptionFailed():
            return Problem(HTTPStatus.CONFLICT, "cannot_unseal", str(error))
    return DATABASE if isinstance(error, DatabaseUnavailable) else None
