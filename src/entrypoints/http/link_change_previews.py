"""Previews of writing share links back, stored for a while, so that not every page of a list reads the source again."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from core.domain.links.link_homes import LinkSettings
from core.domain.records.digests import digest_of
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.links.preview_link_change import LinkChangePreview, PreviewLinkChange
from entrypoints.container import Container
from entrypoints.http.single_flight import SingleFlight
from entrypoints.http.snapshots import MAX_AGE

WAIT_SECONDS = 3.0
"""How long a request waits for a preview that is being made."""


@dataclass(frozen=True, slots=True)
class StoredLinkChange:
    read_at: datetime
    preview: LinkChangePreview


@dataclass(frozen=True, slots=True)
class LinkChangePreviews:
    """The last preview of each mapping with each choice of fields."""

    _reads: SingleFlight[StoredLinkChange] = field(default_factory=SingleFlight)

    async def get(
        self,
        container: Container,
        mapping: EventMapping,
        settings: LinkSettings,
        *,
        synced_at: datetime | None = None,
        wait_seconds: float = WAIT_SECONDS,
    ) -> StoredLinkChange | None:
        """Return a recent preview with these settings, or None while it is being made.

        Args:
            container: of the application.
            mapping: whose links.
            settings: those to try.
            synced_at: when the mapping's last sync ended; what was read before then is outdated.
            wait_seconds: how long to wait for one that is being made.

        Raises:
            DomainError, SourceError: as `PreviewLinkChange`, once for each attempt.
            Overloaded
        """
        key = digest_of(
            (
                mapping.id,
                mapping.settings.links.campaign,
                settings.field,
                settings.company_field,
                settings.campaign,
            )
        )
        stored = self._reads.cached(key)
        is_recent = stored is not None and container.clock().now() - stored.read_at <= MAX_AGE
        if stored is not None and is_recent and (synced_at is None or synced_at <= stored.read_at):
            return stored
        if failure := self._reads.pop_failure(key):
            raise failure

        async def read() -> StoredLinkChange:
            read_at = container.clock().now()
            return StoredLinkChange(read_at, await container.resolve(PreviewLinkChange)(mapping.id, settings))

        task = self._reads.start(key, mapping.organization_id, read)
        await asyncio.wait([task], timeout=wait_seconds)
        if not task.done():
            return None
        self._reads.pop_failure(key)  # raised here
        return task.result()


def link_change_previews_of(request: Request) -> LinkChangePreviews:
    previews: LinkChangePreviews = request.app.state.link_change_previews
    return previews


LinkChangePreviewsOf = Annotated[LinkChangePreviews, Depends(link_change_previews_of)]
