"""Sends notifications to webhooks, each as a signed POST.

The signature header is `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY` with the secret. By checking
it and the age of the seconds, a recipient can reject forged and replayed notifications.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from http import HTTPStatus

from adapters.http_client.address_rules import check_webhook_url
from adapters.http_client.client import HttpClient, OpenTransport
from adapters.http_client.errors import HostUnavailable
from adapters.http_client.responses import Response
from adapters.http_client.retries import single_attempt
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
    timeout: float = 10
    """Seconds of one attempt, from resolving the name to the response's status; its body is not read."""

    def normalize_address(self, channel: Channel, address: str) -> str:  # noqa: ARG002 - always a webhook
        return check_webhook_url(address, allow_private=self.allow_private)

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        assert secret is not None, "`Recipient` requires one for a webhook"
        try:
            url = self.normalize_address(recipient.channel, recipient.address)
        except InvalidInput as error:
            raise RecipientRefused(f"The webhook's address is no longer allowed. {error}") from error
        body = json.dumps(document(message), separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            ID: message.id,
            SIGNATURE: signature(int(self.clock.now().timestamp()), body, secret),
        }
        try:
            async with self.transport() as transport:
                http = HttpClient(transport, url, "The webhook", headers, single_attempt(self.timeout))
                await http.send("POST", http.base_url, _check, lambda _: 0, body=body)
        except InvalidInput as refusal:  # the host has a private address
            raise RecipientRefused(str(refusal)) from refusal
        except HostUnavailable as error:
            raise RecipientUnavailable(str(error)) from error


def _check(response: Response) -> None:
    status = response.status
    if response.is_redirect:
        raise RecipientRefused(
            f"The webhook redirects to another address (HTTP {status}). Enter that address instead."
        )
    if response.is_server_error or status in _TRY_LATER:
        raise response.as_transient()
    if not response.is_success:
        raise RecipientRefused(f"The webhook refused the notification (HTTP {status}). Check its address.")


def signature(seconds: int, body: bytes, secret: Token) -> str:
    """Return the signature of a body at a time in seconds since 1970."""
    signed = hmac.new(secret.value.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"


def document(message: Message) -> dict[str, object]:
    """Return the JSON body, whose fields are part of the documented interface."""
    mapping = {
        "id": message.mapping_id,
        "sessionboard": _named(message.source_event),
        "gleanin": _named(message.destination_event),
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


def _named(named: Named | None) -> dict[str, str] | None:
    return None if named is None else {"id": named.id, "name": named.name}
