"""Sessionboard as a plug-in: how it is called, what an admin enters, and how it is opened."""

import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, cast

from adapters.http_client.clients import HttpClients
from adapters.sessionboard.link_wire import HOMES, values_in
from adapters.sessionboard.link_writer import open_link_writer
from adapters.sessionboard.probe import probe
from adapters.sessionboard.source import SessionboardSources
from adapters.sessionboard.system import SESSIONBOARD
from core.domain.ids import SourceId
from core.domain.links.link_homes import HolderType
from ports.plugins import Access, BeforeWrite, Finding, HintedRecord, LinkWriter, OpenHttp, SourcePlugin
from ports.source import Source

REGIONS = {
    "us": "https://public-api.sessionboard.com",
    "eu": "https://public-api-eu.sessionboard.com",
}
"""The URLs of the public API; an organization and its token belong to one region."""
READ_TIMEOUT = 120
"""Seconds for a whole read: pages are small."""


def _sources(access: Access, http: OpenHttp) -> SessionboardSources:
    clients = cast("HttpClients", http)
    policy = clients.policy
    if not policy.is_interactive:
        policy = replace(policy, read_timeout=READ_TIMEOUT)
    return SessionboardSources(
        clients.allow_private, clients.transport, policy, threads=clients.threads, readers=access.readers
    )


def _open(access: Access, http: OpenHttp) -> AbstractAsyncContextManager[Source]:
    return _sources(access, http).open(access.url, access.token)


def _open_link_writer(
    access: Access, http: OpenHttp, before_write: BeforeWrite
) -> AbstractAsyncContextManager[LinkWriter]:
    return open_link_writer(_sources(access, http), access.url, access.token, before_write)


async def _probe(access: Access, http: OpenHttp) -> Sequence[Finding]:
    async with _sources(access, http).open_client(access.url, access.token) as client:
        return await probe(client)


def event_of_hint(body: bytes) -> str | None:
    """Return the event that a webhook is about: its `metadata.event_id`, which is null for the whole organization."""
    try:
        document: Any = json.loads(body)
        event = document["metadata"]["event_id"]
        return None if event is None else str(event)
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def record_of_hint(body: bytes) -> HintedRecord | None:
    """Return the record that a webhook tells to have been updated: `contact.updated` and the like, with the record."""
    try:
        document: Any = json.loads(body)
        topic, data = str(document["metadata"]["action"]), document["data"]
        name, _, change = topic.rpartition(".")
        if change != "updated" or not name or not isinstance(data["id"], str | int):
            return None
        values = values_in(data.get("custom_fields"))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return HintedRecord(HolderType(f"{name}s"), SourceId(str(data["id"])), values)


PLUGIN = SourcePlugin(
    SESSIONBOARD.identifier,
    SESSIONBOARD.display_name,
    _open,
    regions=REGIONS,
    access_help="It needs the scopes read:events, read:sessions and read:contacts, and must be allowed to see "
    "personal data. To write share links back, it also needs write:contacts, and for the fields of companies the scope "
    "that writes those.",
    event_of_hint=event_of_hint,
    record_of_hint=record_of_hint,
    open_link_writer=_open_link_writer,
    link_homes=HOMES,
    probe=_probe,
    time_zone_help="Sessionboard shows the zone on the event's Details page; only its support can change it.",
)
