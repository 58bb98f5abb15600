"""Make text from other sources safe to show in a terminal or a spreadsheet."""

import re

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor movement, clearing the screen
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c)"  # titles, links, the clipboard
    r"|\x1b[ -/]*[0-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]",
    re.DOTALL,
)
_SPACES = re.compile(r"[\t\n\r\v\f\x85\u2028\u2029]+")
_CONTROLS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\ud800-\udfff"
    r"\u202a-\u202e\u2066-\u2069]"  # they reverse the direction of the text after them; names in Arabic do not need them
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(text: object) -> str:
    """Return the text as one line without control characters and escape sequences."""
    return _CONTROLS.sub("", _SPACES.sub(" ", _ESCAPES.sub("", str(text))))


def shortened(text: object, length: int = 200) -> str:
    line = safe(text)
    return line if len(line) <= length else line[: length - 1] + "…"


def spreadsheet_cell(text: str | None) -> str:
    """Return a cell that a spreadsheet does not read as a formula (OWASP: CSV injection)."""
    text = text or ""
    return f"'{text}" if text.startswith(_FORMULA) else text
