"""CSV files, streamed without being held in memory as a whole."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

from fastapi.responses import StreamingResponse

from entrypoints.text import spreadsheet_cell


def csv_response(
    name: str, columns: Sequence[str], parts: AsyncIterator[Iterable[Sequence[str | None]]]
) -> StreamingResponse:
    """Return a response that streams rows; the file name must be ASCII. Cells are made safe for spreadsheets."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_lines(columns, parts), media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(
    columns: Sequence[str], parts: AsyncIterator[Iterable[Sequence[str | None]]]
) -> AsyncIterator[str]:
    # The byte order mark tells spreadsheets that the file is UTF-8.
    yield "\ufeff" + _text([columns])
    async for rows in parts:
        yield _text([[spreadsheet_cell(cell) for cell in row] for row in rows])


def _text(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
