"""Requests to pretalx's API; its error responses become the errors of a source."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from ports.plugins import (
    Http,
    HttpAnswer,
    HttpUnavailable,
    SourceEventRefused,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
)

API_VERSION = "v1"
"""Of pretalx's API, as it is sent with each request; pretalx 2025.1 and newer have it."""
EVENTS = "events/"
"""The path of the list of events. A token includes some events, so what pretalx refuses below concerns one of them."""
_REDIRECTS = range(300, 400)


class NotFound(SourceUnreadable):
    """There is nothing under this path, or not for this token (404)."""


class Forbidden(SourceEventRefused):
    """The token is valid, but may not read this of the event (403)."""


@dataclass(frozen=True, slots=True)
class PretalxClient:
    http: Http

    async def read(self, path: str, params: Mapping[str, str | int] | None = None) -> object:
        """Return the JSON document under a path below the API's address.

        Raises:
            NotFound: pretalx, or something before it, answered 404.
            SourceError: any other failure; its text is a sentence for people.
        """
        try:
            answer = await self.http.read(path, params)
        except HttpUnavailable as error:
            raise SourceUnavailable(str(error)) from error
        _check(answer, path)
        try:
            document: object = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise SourceUnreadable(
                "pretalx's answer is not JSON. Check that the address is that of a pretalx server."
            ) from error
        return document


def _check(answer: HttpAnswer, path: str) -> None:
    status = answer.status
    if status == HTTPStatus.UNAUTHORIZED:
        raise SourceRefused("pretalx refused the token (401). It may have expired or been revoked.")
    if status in _REDIRECTS:
        raise SourceUnreadable(
            f"pretalx redirects to another address (HTTP {status}). Check the address of the pretalx server."
        )
    if status == HTTPStatus.NOT_FOUND:
        raise NotFound(
            "There is no pretalx API at this address (404). Enter the address of the pretalx server."
        )
    if "html" in answer.headers.get("content-type", ""):
        # A challenge, a login or a notice of something between: it does not answer the request.
        raise SourceUnavailable(
            f"pretalx answered with a web page (HTTP {status}). If this persists, check the address."
        )
    if status == HTTPStatus.FORBIDDEN and path == EVENTS:
        raise SourceRefused("pretalx does not let the token list the events (403). Create another token.")
    if status == HTTPStatus.FORBIDDEN:
        raise Forbidden(
            "pretalx does not let the token read this (403). The token must include the event and be allowed to read "
            "the list of submissions, and its user must be in a team that can change submissions."
        )
    if status == HTTPStatus.BAD_REQUEST:
        raise SourceUnreadable(
            f"pretalx did not accept the request (400). It must have version {API_VERSION} of its API, "
            "as pretalx 2025.1 and newer do."
        )
    if status != HTTPStatus.OK:
        raise SourceUnreadable(f"pretalx answered HTTP {status}. Check the address of the pretalx server.")
