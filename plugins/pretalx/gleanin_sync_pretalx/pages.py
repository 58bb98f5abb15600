"""Lists of pretalx, read page by page, and checked for being complete (rule 34)."""

import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from gleanin_sync_pretalx.client import NotFound, PretalxClient
from gleanin_sync_pretalx.values import json_type_of
from ports.plugins import SourceIncomplete, SourceUnreadable

PAGE_SIZE = 50
"""Rows of a page, pretalx's own default."""
MAX_PAGES = 2000
"""A list that goes on is not read for ever."""
MAX_READS = 2
"""How often a list is read at most: it may be edited while it is read."""


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[object]
    total: int
    """Rows of the whole list."""
    has_next: bool


@dataclass(slots=True)
class _Tally:
    """What the pages of one read announced and had, and whether that adds up."""

    words: str
    """The rows' name in messages, in the plural."""
    key: str
    """The field that is different in each row."""
    known: set[str] = field(default_factory=set)
    total: int = 0
    fault: str = ""
    _without_key: Counter[str] = field(default_factory=Counter)

    def add(self, page: Page) -> dict[str, object]:
        """Return the page's rows that are new in this read, by their keys."""
        self.total = max(self.total, page.total)
        new: dict[str, object] = {}
        for row in page.rows:
            key = self._key_of(row)
            if key not in self.known:
                new[key] = row
        if page.rows and not new:
            self.fault = f"pretalx returned the same page of {self.words} twice."
        if not page.rows and self.known:
            self.fault = f"pretalx announced a page of {self.words} that has none."
        self.known |= new.keys()
        return new

    def end(self) -> None:
        if not self.fault and len(self.known) < self.total:
            self.fault = f"pretalx reports {self.total:,} {self.words} but returned {len(self.known):,}."

    def _key_of(self, row: object) -> str:
        value = row.get(self.key) if isinstance(row, dict) else None
        if isinstance(value, str) and value.strip():
            return value.strip()
        content = digest_of(row)
        self._without_key[content] += 1
        return f"{content} {self._without_key[content]}"


async def read_list(
    client: PretalxClient, path: str, params: Mapping[str, str | int], words: str, key: str
) -> AsyncIterator[Sequence[object]]:
    """Yield the rows of a list, page by page and each row once; the list is read once more if it does not add up.

    Raises:
        NotFound: there is no such list.
        SourceIncomplete: after the last row, if the second read does not add up either.
    """
    returned: set[str] = set()
    tally = _Tally(words, key)
    for _ in range(MAX_READS):
        tally = _Tally(words, key)
        number = 1
        while number:
            page = await _read_page(client, path, params, number)
            rows = tally.add(page)
            yield [row for key_of_row, row in rows.items() if key_of_row not in returned]
            returned |= rows.keys()
            if number == MAX_PAGES and page.has_next:
                tally.fault = f"pretalx has more than {MAX_PAGES:,} pages of {words}."
            number = number + 1 if page.has_next and not tally.fault else 0
        tally.end()
        if not tally.fault:
            return
    raise SourceIncomplete(tally.fault)


async def _read_page(client: PretalxClient, path: str, params: Mapping[str, str | int], number: int) -> Page:
    # By number, not by the link to the next page: behind a proxy, pretalx may not know its own scheme or host.
    try:
        document = await client.read(path, {**params, "page_size": PAGE_SIZE, "page": number})
    except NotFound:
        if number == 1:
            raise
        return Page((), 0, has_next=False)  # rows were removed since the page was announced
    return page_of(document)


def page_of(document: object) -> Page:
    """Return the page in a document.

    Raises:
        SourceUnreadable: it is no object with `count`, `next` and `results`.
    """
    if not isinstance(document, dict):
        raise SourceUnreadable(f"pretalx returned {json_type_of(document)} instead of a page.")
    rows, total = document.get("results"), document.get("count")
    if not isinstance(rows, list):
        raise SourceUnreadable(f"pretalx returned {json_type_of(rows)} instead of a list of results.")
    if not isinstance(total, int) or isinstance(total, bool):
        raise SourceUnreadable("pretalx does not say how many rows a list has.")
    return Page(rows, total, has_next=bool(document.get("next")))


def digest_of(content: object) -> str:
    """Return an id for what has none, so that the same content gets the same id."""
    try:
        text = json.dumps(content, sort_keys=True)
    except RecursionError:
        text = "nested too deeply"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
