"""CSV files, sent as they are made: never all of it in memory."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

from fastapi.responses import StreamingResponse

from entrypoints.text import spreadsheet_cell


def csv_response(
    name: str, columns: Sequence[str], parts: AsyncIterator[Iterable[Sequence[str | None]]]
) -> StreamingResponse:
    """Send rows part by part under a file name of ASCII letters; each cell is safe in a spreadsheet."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_lines(columns, parts), media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(
    columns: Sequence[str], parts: AsyncIterator[Iterable[Sequence[str | None]]]
) -> AsyncIterator[str]:
    # The mark tells spreadsheets that it is UTF-8.
    yield "\ufeff" + _text([columns])
    async for rows in parts:
        yield _text([[spreadsheet_cell(cell) for cell in row] for row in rows])


def _text(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
