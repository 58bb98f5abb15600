"""The history of a record of a mapping, over all runs."""

from typing import Annotated

from fastapi import APIRouter, Path

from core.usecases.links.queries import ListLatestLinks
from core.usecases.results.get_record_history import GetRecordHistory
from entrypoints.http.api import requests
from entrypoints.http.api.dependencies import Cursor, Limit, ReadMapping, cursor, offset, problems
from entrypoints.http.dependencies import Wired
from entrypoints.resources.base import Listed
from entrypoints.resources.links import WrittenBackResponse
from entrypoints.resources.results import RecordEntryResponse

routes = APIRouter(prefix="/mappings/{mapping_id}")


@routes.get(
    "/records/{record_id}",
    responses=problems(),
    tags=["results"],
    operation_id="records_tell_history",
)
async def get_history(
    record_id: Annotated[
        requests.SearchText,
        Path(
            description="The record's id in the source or the destination, its title or name, or the person's e-mail"
        ),
    ],
    ctx: ReadMapping,
    container: Wired,
    limit: Limit = 100,
    cursor_: Cursor = None,
) -> Listed[RecordEntryResponse]:
    """Return the full history of a record, oldest first; each further part is earlier."""
    before = offset(cursor_) or None
    entries = await container.resolve(GetRecordHistory)(
        ctx.mapping.id, record_id, limit + 1, before, mapping=ctx.mapping
    )
    shown = entries[-limit:]
    more = shown[0].position if len(entries) > limit else None
    items = [RecordEntryResponse.from_domain(entry) for entry in shown]
    if before is None:  # the newest outcome is here
        record = shown[-1].outcome.record
        latest = await container.resolve(ListLatestLinks)(ctx.mapping.id, [record.source_id])
        items[-1].written_back = WrittenBackResponse.find(latest, record.kind, record.source_id)
    return Listed[RecordEntryResponse](items=items, next=cursor(more))
