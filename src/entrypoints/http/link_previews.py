"""Previews of writing share links back, kept for a while, so that not every part of a list reads the source again."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from core.domain.errors import NotFound
from core.domain.ids import MappingId
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.links.write_links_back import PreviewLinks
from core.usecases.shared.write_back import LinkReport
from entrypoints.container import Container
from entrypoints.http.single_flight import SingleFlight


@dataclass(frozen=True, slots=True)
class StoredLinkPreview:
    id: str
    mapping_id: MappingId
    read_at: datetime
    report: LinkReport


@dataclass(frozen=True, slots=True)
class LinkPreviews:
    _reads: SingleFlight[StoredLinkPreview] = field(default_factory=SingleFlight)

    async def get(
        self, container: Container, mapping: EventMapping, preview_id: str | None
    ) -> StoredLinkPreview:
        """Return a new preview, or the stored one with the id; concurrent requests share a preview.

        Raises:
            NotFound: there is no such mapping, or the preview is no longer stored.
            NotMapped, InvalidInput, SourceError, Overloaded
        """
        if preview_id is not None:
            stored = self._reads.cached(preview_id)
            if stored is None or stored.mapping_id != mapping.id:
                raise NotFound("reading", preview_id, "It has expired: start again without a cursor.")
            return stored

        async def read() -> StoredLinkPreview:
            report = await container.resolve(PreviewLinks)(mapping.id)
            return StoredLinkPreview(container.ids().new(), mapping.id, container.clock().now(), report)

        owner = mapping.organization_id
        # Shield the shared preview: other requests await it.
        preview = await asyncio.shield(self._reads.start(mapping.id, owner, read))
        self._reads.forget(mapping.id)
        self._reads.store(preview.id, owner, preview)
        return preview


def link_previews_of(request: Request) -> LinkPreviews:
    previews: LinkPreviews = request.app.state.link_previews
    return previews


LinkPreviewsOf = Annotated[LinkPreviews, Depends(link_previews_of)]
