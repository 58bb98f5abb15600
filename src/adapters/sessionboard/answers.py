"""One request and its answer, kept small, with every trouble told as one of the port's errors."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from adapters.http_client.connections import problem_in
from adapters.http_client.patience import Faltered, Patience, Throttled, pause_asked, persist, retry_after
from adapters.sessionboard.reading import WrongShape
from ports.session_source import SourceEventGone, SourceRefused, SourceUnavailable, SourceUnreadable

R = TypeVar("R")
MIB = 2**20
SCOPES = "read:events, read:sessions and read:contacts"


class NoSuchPage(SourceUnreadable):
    """A page that nobody had announced is not there."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one answer may take."""

    body: int = 32 * MIB
    headers: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answers:
    client: httpx.AsyncClient
    patience: Patience
    bounds: Bounds = Bounds()

    @property
    def host(self) -> str:
        return self.client.base_url.host

    async def read(
        self,
        method: str,
        path: str,
        params: dict[str, int],
        body: object,
        read: Callable[[bytes], R],
        *,
        announced: bool = True,
    ) -> R:
        """Ask, and read what comes.

        Raises:
            NoSuchPage: it was not announced, and is not there.
            BadInput: the host's name leads to a private address, which no setting allows.
            SourceError: whatever else was wrong, in words for people.
        """

        async def ask() -> tuple[bytes, str]:
            try:
                async with asyncio.timeout(self.patience.whole_read):
                    return await self._ask(method, path, params, body, announced=announced)
            except httpx.DecodingError as error:
                raise SourceUnreadable(f"The answer of {self.host} cannot be decoded.") from error
            except (httpx.RequestError, TimeoutError) as error:
                raise Faltered(problem_in(error)) from error

        try:
            content, kind = await persist(self.patience, self.host, ask)
        except Faltered as error:
            raise SourceUnavailable(f"{self.host} {error}.") from error
        except Throttled as error:
            raise SourceUnavailable(
                f"{self.host} limits how often we may ask (429), and asks for longer pauses "
                f"than {self.patience.waits_in_all / 60:.0f} minutes in all."
            ) from error
        try:
            return read(content)
        except WrongShape as error:
            raise SourceUnreadable(
                f"The answer of {self.host} is {error} ({kind}, {len(content):,} bytes). "
                "Is the address that of Sessionboard's API?"
            ) from error

    async def _ask(
        self, method: str, path: str, params: dict[str, int], body: object, *, announced: bool
    ) -> tuple[bytes, str]:
        sent: dict[str, Any] = {} if body is None else {"json": body}
        async with self.client.stream(method, path, params=params, **sent) as answer:
            self._check(answer, announced=announced)
            kind = answer.headers.get("content-type", "no content type").partition(";")[0].strip()[:60]
            content = bytearray()
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > self.bounds.body:
                    raise SourceUnreadable(
                        f"The answer of {self.host} is larger than {self.bounds.body // MIB} MiB."
                    )
            return bytes(content), kind

    def _check(self, answer: httpx.Response, *, announced: bool) -> None:
        status, host = answer.status_code, self.host
        if sum(len(name) + len(value) for name, value in answer.headers.raw) > self.bounds.headers:
            raise SourceUnreadable(f"The headers of {host}'s answer are too large.")
        if status == httpx.codes.OK:
            return
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise Throttled(pause_asked(answer.headers))
        if answer.is_server_error:
            raise Faltered(f"answers with an error (HTTP {status})", retry_after(answer.headers))
        if status == httpx.codes.UNAUTHORIZED:
            raise SourceRefused(
                f"{host} refused the Sessionboard token (401). Was it revoked, or is it of another region?"
            )
        if status == httpx.codes.FORBIDDEN:
            raise SourceRefused(
                f"The Sessionboard token may not read this (403). It needs the scopes {SCOPES}."
            )
        if status in (httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND) and not announced:
            raise NoSuchPage(f"{host} has no such page.")
        if status == httpx.codes.NOT_FOUND and "/event/" in answer.request.url.path:
            raise SourceEventGone("Sessionboard has no such event any more, or the token does not see it.")
        if answer.is_redirect or answer.has_redirect_location:
            raise SourceUnreadable(
                f"{host} redirects elsewhere (HTTP {status}), and redirects are not followed. "
                "The address is probably wrong."
            )
        raise SourceUnreadable(
            f"{host} answered with HTTP {status}. Is the address that of Sessionboard's API?"
        )
