"""Notices to a webhook: one signed POST each.

The signature is that of `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY` with the secret: who checks
it, and that the seconds are of just now, knows that the notice is ours and no copy sent again by somebody else.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from adapters.http_client.connections import careful_client, problem_in
from core.domain.addresses import check_webhook
from core.domain.notices import Channel, Recipient
from core.domain.refusals import BadInput
from core.domain.secrets import Token
from core.domain.telling import Message, Named
from ports.clock import Clock
from ports.notices import RecipientRefused, RecipientUnavailable

SIGNATURE, ID = "X-Gleanin-Sync-Signature", "X-Gleanin-Sync-Notice"
_TRY_LATER = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class WebhookMessenger:
    allow_private: bool
    transport: Callable[[], httpx.AsyncBaseTransport]
    clock: Clock
    longest: float = 10
    """Seconds of one attempt, from looking up the name to the answer's status; its body is not read."""

    def checked(self, channel: Channel, address: str) -> str:  # noqa: ARG002 - there is one here
        return check_webhook(address, allow_private=self.allow_private)

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        assert secret is not None, "a webhook has one: Recipient sees to that"
        try:
            url = httpx.URL(self.checked(recipient.channel, recipient.address))
        except (BadInput, httpx.InvalidURL) as error:
            raise RecipientRefused(f"The webhook's address is not allowed any more. {error}") from error
        body = json.dumps(document(message), separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "gleanin-sync",
            ID: message.id,
            SIGNATURE: signature(int(self.clock.now().timestamp()), body, secret),
        }
        try:
            async with asyncio.timeout(self.longest):
                status = await self._post(url, body, headers)
        except BadInput as refusal:  # the name leads to a private address
            raise RecipientRefused(str(refusal)) from refusal
        except (httpx.RequestError, TimeoutError) as error:
            raise RecipientUnavailable(f"{url.host} {problem_in(error)}.") from error
        _check(status, url.host)

    async def _post(self, url: httpx.URL, body: bytes, headers: dict[str, str]) -> int:
        timeout = httpx.Timeout(self.longest)
        async with (
            careful_client(self.transport(), timeout) as client,
            client.stream("POST", url, content=body, headers=headers) as answer,
        ):
            return answer.status_code


def _check(status: int, host: str) -> None:
    if httpx.codes.is_success(status):
        return
    if httpx.codes.is_redirect(status):
        raise RecipientRefused(
            f"{host} redirects elsewhere (HTTP {status}), and redirects are not followed. Give the webhook's final address."
        )
    if httpx.codes.is_server_error(status) or status in _TRY_LATER:
        raise RecipientUnavailable(f"{host} answers with an error (HTTP {status}).")
    raise RecipientRefused(f"{host} does not take the notice (HTTP {status}). Check the webhook's address.")


def signature(seconds: int, body: bytes, secret: Token) -> str:
    """Sign a body at a moment, given in seconds since 1970."""
    signed = hmac.new(secret.value.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"


def document(message: Message) -> dict[str, object]:
    """Give the body: what it has is a promise to whoever receives it."""
    mapping = {
        "id": message.mapping_id,
        "sessionboard": _named(message.sessionboard),
        "gleanin": _named(message.gleanin),
    }
    return {
        "id": message.id,
        "at": message.at.isoformat(),
        "organization": _named(message.organization),
        "mapping": mapping if message.mapping_id else None,
        "change": message.change.value,
        "text": message.text,
        "url": message.url,
    }


def _named(thing: Named | None) -> dict[str, str] | None:
    return None if thing is None else {"id": thing.id, "name": thing.name}
