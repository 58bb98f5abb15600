"""Sessionboard as a plug-in: how it is called, what an admin enters, and how it is opened."""

import json
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, cast

from adapters.http_client.clients import HttpClients
from adapters.sessionboard.source import SessionboardSources
from adapters.sessionboard.system import SESSIONBOARD
from ports.plugins import Access, OpenHttp, SourcePlugin
from ports.source import Source

REGIONS = {
    "us": "https://public-api.sessionboard.com",
    "eu": "https://public-api-eu.sessionboard.com",
}
"""The URLs of the public API; an organization and its token belong to one region."""
READ_TIMEOUT = 120
"""Seconds for a whole read: pages are small."""


def _open(access: Access, http: OpenHttp) -> AbstractAsyncContextManager[Source]:
    clients = cast("HttpClients", http)
    policy = clients.policy
    if not policy.is_interactive:
        policy = replace(policy, read_timeout=READ_TIMEOUT)
    sources = SessionboardSources(
        clients.allow_private, clients.transport, policy, threads=clients.threads, readers=access.readers
    )
    return sources.open(access.url, access.token)


def event_of_hint(body: bytes) -> str | None:
    """Return the event that a webhook is about: its `metadata.event_id`."""
    try:
        document: Any = json.loads(body)
        return str(document["metadata"]["event_id"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


PLUGIN = SourcePlugin(
    SESSIONBOARD.identifier,
    SESSIONBOARD.display_name,
    _open,
    regions=REGIONS,
    access_help="It needs the scopes read:events, read:sessions and read:contacts, and must be allowed to see personal data.",
    event_of_hint=event_of_hint,
    time_zone_help="Sessionboard shows the zone on the event's Details page; only its support can change it.",
)
