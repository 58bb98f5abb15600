"""What happened to one record of a mapping, over all its runs."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from core.usecases.results.get_record_history import GetRecordHistory
from entrypoints import shapes
from entrypoints.http.api import schemas
from entrypoints.http.api.dependencies import Cursor, Limit, ReadMapping, cursor, offset, problems
from entrypoints.http.dependencies import Wired

routes = APIRouter(prefix="/mappings/{mapping_id}")


@routes.get(
    "/records/{record_id}",
    response_model=schemas.Listed[schemas.HistoryEntryResponse],
    responses=problems(),
    tags=["results"],
)
async def tell_history(
    record_id: Annotated[
        schemas.SearchText, Path(description="Its id in Sessionboard or Gleanin, or an e-mail")
    ],
    here: ReadMapping,
    container: Wired,
    limit: Limit = 100,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """Tell all that ever happened to one record, oldest first; parts go back in time."""
    before = offset(cursor_) or None
    entries = await container.resolve(GetRecordHistory)(here.mapping.id, record_id, limit + 1, before)
    shown = entries[-limit:]
    more = shown[0].position if len(entries) > limit else None
    return {"items": [shapes.history_entry(each) for each in shown], "next": cursor(more)}
