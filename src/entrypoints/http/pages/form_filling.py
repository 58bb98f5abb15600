"""Filling a form in a rendered page with values that were entered before.

Only visible, editable fields are filled. Hidden fields keep the page's values, passwords stay empty.
"""

from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser

from entrypoints.http.pages.saved_forms import SavedForm

_UNTOUCHED = frozenset({"hidden", "password", "submit", "button", "reset", "image", "file"})


def fill_form(page: str, saved_form: SavedForm, note: str, secrets_note: str) -> str | None:
    """Return the page with the form filled and a note on top of it; None if there is nothing to fill.

    Args:
        page: HTML from our templates: attributes in double quotes.
        saved_form: the form and the entered values.
        note: HTML inserted at the start of the form.
        secrets_note: HTML inserted after it if the form asks for a secret.
    """
    form = _Form(page, saved_form)
    if form.start is None or not form.changes:
        return None
    changes = [
        *form.changes,
        (form.start, form.start, note + (secrets_note if form.has_secret else "")),
    ]
    for start, end, text in sorted(changes, reverse=True):
        page = page[:start] + text + page[end:]
    return page


class _Form(HTMLParser):
    """The position of a form in a page, and the changes to make: (from, to, text)."""

    def __init__(self, page: str, saved_form: SavedForm) -> None:
        super().__init__()
        self.start: int | None = None
        self.changes: list[tuple[int, int, str]] = []
        self.has_secret = False
        self._saved_form = saved_form
        self._is_inside = False
        self._select: str | None = None
        self._text_area: tuple[str, int] | None = None
        self._lines = [0]
        for line in page.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            # A form without an action is sent to its page's URL.
            self._is_inside = (
                self.start is None
                and (attributes.get("action") or self._saved_form.page) == self._saved_form.action
            )
            if self._is_inside:
                self.start = self._end_of_tag()
        elif self._is_inside and not attributes.keys() & {"disabled", "readonly"}:
            self._control(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._text_area:
            name, start = self._text_area
            self._text_area = None
            self.changes.append((start, self._offset(), "\n" + escape(self._values(name)[0])))

    def _control(self, tag: str, attributes: dict[str, str | None]) -> None:
        name = attributes.get("name") or ""
        match tag:
            case "input":
                self._input(name, attributes)
            case "select":
                self._select = name if self._values(name) else None
            case "option" if self._select:
                self._set_mark(
                    attributes, "selected", (attributes.get("value") or "") in self._values(self._select)
                )
            case "textarea" if self._values(name):
                self._text_area = name, self._end_of_tag()

    def _input(self, name: str, attributes: dict[str, str | None]) -> None:
        input_type = attributes.get("type") or "text"
        self.has_secret = self.has_secret or input_type == "password"
        if input_type in _UNTOUCHED or not name:
            return
        if input_type == "checkbox" or (input_type == "radio" and self._values(name)):
            self._set_mark(attributes, "checked", (attributes.get("value") or "on") in self._values(name))
        elif input_type != "radio" and self._values(name):
            self._change({**attributes, "value": self._values(name)[0]})

    def _set_mark(self, attributes: dict[str, str | None], mark: str, is_chosen: bool) -> None:
        rest = {name: value for name, value in attributes.items() if name != mark}
        self._change({**rest, mark: None} if is_chosen else rest)

    def _change(self, attributes: dict[str, str | None]) -> None:
        tag = self.get_starttag_text() or ""
        name = tag[1:].split(None, 1)[0].rstrip(">")
        attributes_text = "".join(
            f" {key}" if value is None else f' {key}="{escape(value)}"' for key, value in attributes.items()
        )
        self.changes.append((self._offset(), self._end_of_tag(), f"<{name}{attributes_text}>"))

    def _values(self, name: str) -> list[str]:
        return [value for key, value in self._saved_form.fields if key == name]

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _end_of_tag(self) -> int:
        return self._offset() + len(self.get_starttag_text() or "")
