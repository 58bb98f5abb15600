"""HTTP for adapters of other systems: one set of rules for all of them, plug-ins included."""

import json as jsonlib
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx

from adapters.http_client.address_rules import check_base_url
from adapters.http_client.client import HttpClient, InvalidLink, OpenTransport, Url
from adapters.http_client.concurrency_limit import AdaptiveLimit
from adapters.http_client.errors import HostUnavailable
from adapters.http_client.parsing import parsing_threads
from adapters.http_client.responses import Response
from adapters.http_client.retries import INTERACTIVE, RetryPolicy
from adapters.http_client.transport import HardenedTransport
from ports.destination import BeforeWrite
from ports.plugins import Http, HttpAnswer, HttpUnavailable

MAX_BYTES = 32 * 2**20
"""Of one response to a plug-in."""
JSON_HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}
"""Of a plug-in's requests, unless it sets others."""


@dataclass(slots=True)
class HttpClients:
    """Opens clients for any system, all by the same settings."""

    allow_private: bool = False
    transport: OpenTransport = HardenedTransport
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    threads: Executor = field(default_factory=parsing_threads)
    """Shared by all systems, for parsing large responses."""
    limits: dict[str, AdaptiveLimit] = field(default_factory=dict, repr=False)
    """By system and token; shared by clients with other retry policies."""

    def interactive(self) -> "HttpClients":
        """Return the same clients with the short time limits of requests that a person waits for."""
        return replace(self, policy=INTERACTIVE)

    @asynccontextmanager
    async def __call__(
        self, base_url: str, headers: Mapping[str, str], before_write: BeforeWrite | None = None
    ) -> AsyncIterator[Http]:
        base = check_base_url(base_url, allow_private=self.allow_private)
        async with self.transport() as transport:
            policy = self.policy.started()
            system = httpx.URL(base).host
            all_headers = httpx.Headers(JSON_HEADERS)
            all_headers.update(headers)
            yield PluginHttp(
                HttpClient(transport, base, system, all_headers, policy, before_write=before_write)
            )


@dataclass(frozen=True, slots=True)
class PluginHttp:
    """The client that a plug-in gets."""

    client: HttpClient

    async def read(
        self,
        target: str,
        params: Mapping[str, str | int] | None = None,
        *,
        method: str = "GET",
        json: object = None,
    ) -> HttpAnswer:
        return await self._send(method, self._url(target, params), json, is_write=False)

    async def write(self, method: str, target: str, json: object) -> HttpAnswer:
        return await self._send(method, self._url(target, None), json, is_write=True)

    async def _send(self, method: str, url: Url, json: object, *, is_write: bool) -> HttpAnswer:
        body = b"" if json is None else jsonlib.dumps(json, ensure_ascii=False).encode()
        try:
            response = await self.client.send(
                method,
                url,
                _pass_on if is_write else _retry_or_pass_on,
                lambda _: MAX_BYTES,
                body=body,
                is_write=is_write,
            )
        except HostUnavailable as error:
            raise HttpUnavailable(str(error), not_executed=error.not_executed) from error
        if response.problem:
            raise HttpUnavailable(f"{self.client.host} {response.problem}.", not_executed=False)
        return HttpAnswer(response.status, dict(response.headers), response.take_body())

    def _url(self, target: str, params: Mapping[str, str | int] | None) -> Url:
        if "://" in target:
            try:
                url = self.client.follow(self.client.base_url, target)
            except InvalidLink as error:
                raise HttpUnavailable(
                    f"A link that {self.client.host} gave {error}.", not_executed=True
                ) from error
        else:
            url = self.client.url(target.removeprefix("/"))
        return url if not params else url.copy_merge_params(dict(params))


def _pass_on(response: Response) -> Response:
    return response


def _retry_or_pass_on(response: Response) -> Response:
    if response.is_server_error:
        raise response.as_transient()
    return response
