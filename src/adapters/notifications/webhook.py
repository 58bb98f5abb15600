"""Notices to a webhook: one signed POST each.

The signature is that of `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY` with the secret: who checks
it, and that the seconds are of just now, knows that the notice is ours and no copy sent again by somebody else.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from adapters.http_client.client import HttpClient, OpenTransport
from adapters.http_client.errors import HostUnavailable
from adapters.http_client.responses import Response
from adapters.http_client.retries import single_attempt
from core.domain.addresses import check_webhook_url
from core.domain.errors import InvalidInput
from core.domain.notifications.messages import Message, Named
from core.domain.notifications.notification import Channel, Recipient
from core.domain.tenancy.secrets import Token
from ports.clock import Clock
from ports.notifications import RecipientRefused, RecipientUnavailable

SIGNATURE, ID = "X-Gleanin-Sync-Signature", "X-Gleanin-Sync-Notice"
_TRY_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})


@dataclass(frozen=True, slots=True)
class WebhookNotifier:
    allow_private: bool
    transport: OpenTransport
    clock: Clock
    longest: float = 10
    """Seconds of one attempt, from looking up the name to the answer's status; its body is not read."""

    def normalize_address(self, channel: Channel, address: str) -> str:  # noqa: ARG002 - there is one here
        return check_webhook_url(address, allow_private=self.allow_private)

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        assert secret is not None, "a webhook has one: Recipient sees to that"
        try:
            url = self.normalize_address(recipient.channel, recipient.address)
        except InvalidInput as error:
            raise RecipientRefused(f"The webhook's address is not allowed any more. {error}") from error
        body = json.dumps(document(message), separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            ID: message.id,
            SIGNATURE: signature(int(self.clock.now().timestamp()), body, secret),
        }
        try:
            async with self.transport() as transport:
                http = HttpClient(transport, url, "The webhook", headers, single_attempt(self.longest))
                check = partial(_check, http.host)
                await http.send("POST", http.base_url, check, lambda _: 0, body=body)
        except InvalidInput as refusal:  # the name leads to a private address
            raise RecipientRefused(str(refusal)) from refusal
        except HostUnavailable as error:
            raise RecipientUnavailable(str(error)) from error


def _check(host: str, response: Response) -> None:
    status = response.status
    if response.is_redirect:
        raise RecipientRefused(
            f"{host} redirects elsewhere (HTTP {status}), and redirects are not followed. Give the webhook's final address."
        )
    if response.is_server_error or status in _TRY_LATER:
        raise response.as_transient()
    if not response.is_success:
        raise RecipientRefused(
            f"{host} does not take the notice (HTTP {status}). Check the webhook's address."
        )


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
