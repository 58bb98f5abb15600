"""Normalization of text: one normal form, without invisible characters (rule 18).

A run has tens of thousands of texts, most of them plain ASCII, so these take a fast path.
"""

import re
import unicodedata
from html.parser import HTMLParser
from urllib.parse import SplitResult, urlsplit

_BREAKS = "\t\n\v\f\r\x85\u2028\u2029"
_CONTROLS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_UNSEEN_CHARACTERS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Unicode's Default_Ignorable_Code_Point and the other format characters (Cf) that are invisible.

The visible ones of Cf are not included: Arabic and Kaithi number signs, and hieroglyph format controls.
"""
_EMPTY_BRAILLE = "\u2800"
_BLANK = "".join(filter(str.isspace, map(chr, range(0x3001)))) + _EMPTY_BRAILLE
"""All blanks, including no-break ones, and the empty Braille pattern."""

_INVISIBLE = re.compile(f"[{_CONTROLS}{_UNSEEN_CHARACTERS}]+")
_PRINTABLE_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Those of `_UNSEEN_CHARACTERS` that `str.isprintable` considers printable, and the empty Braille pattern."""
_STACKED_MARKS = re.compile(r"[\u0300-\U0010ffff]\W{30,}")
"""Possibly more marks on one letter than any language uses: 30, by Unicode's Stream-Safe Text Format (UAX 15)."""
_MAX_MARKS = 30
_SURROGATES = re.compile("[\ud800-\udfff]")
_GAP = re.compile(rf"[\s{_EMPTY_BRAILLE}]+")
_BREAK = re.compile(f"[{_BREAKS}]")
_OTHER_BREAK = re.compile("\r\n|[\v\f\r\x85\u2028\u2029]")

MAX_URL_LENGTH = 2000
"""Characters of a URL that somebody enters."""
MAX_NON_ASCII_URL_LENGTH = 2048
"""Characters of a URL."""
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_VIRAMA = 9
"""The canonical combining class of viramas, signs that join two consonants."""
_PICTURE = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u27ff\u2900-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001fbff]"
)
"""Symbols that are emoji or become emoji with a variation selector; also skin tones."""
_KEYCAP, _ENCLOSING_KEYCAP = "#*0123456789", "\u20e3"
_VARIED = re.compile(
    "[\u1000-\u109f\u3400-\u4dbf\u4e00-\u9fff\ua840-\ua877\uaa60-\uaa7f\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Letters changed by variation selectors: Chinese characters (in Japanese names), Myanmar, Phags-pa."""
_VARIATION = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_FLAG, _TAGS = "\U0001f3f4", re.compile("[\U000e0020-\U000e007e]+\U000e007f")
_JOINING = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1aaf\u1b00-\u1bff\u1cd0-\u1cff\ua840-\ua87f"
    "\ua8e0-\ua8ff\ua980-\ua9ff\uaa60-\uaa7f\uabc0-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00010aff\U00010d00-\U00010d3f\U00010f30-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f]"
)
"""Scripts with joining letters: Arabic, Indic and related scripts, Mongolian, Adlam."""


def normalize_line(text: str | None) -> str | None:
    """Return single-line text in its normal form; None if nothing visible is left.

    The normal form is NFC, trimmed, without control and invisible characters; line breaks and tabs become one blank.
    Joiners and variation selectors stay where they change the appearance. Lone surrogates become U+FFFD.
    """
    if text is None:
        return None
    if text.isprintable():
        if text.isascii():
            return text.strip() or None
        if not _is_odd(text):
            return compose(text).strip(_BLANK) or None
    text = _SURROGATES.sub("\ufffd", text)
    previous = None
    while text != previous:  # repeat: a newly composed letter can decide whether the joiner next to it stays
        previous = text
        text = _to_one_line(_INVISIBLE.sub(_visible_in_line, compose(text)))
    return text or None


def normalize_rich_text(text: str | None) -> str | None:
    """Return HTML or multi-line text in its normal form; None if it has no content.

    Like `normalize_line`, but tabs and line breaks stay, the latter as line feeds.
    """
    if text is None:
        return None
    if not text.replace("\n", "").replace("\t", "").isprintable() or _is_odd(text):
        text = _SURROGATES.sub("\ufffd", text)
        previous = None
        while text != previous:
            previous = text
            text = _OTHER_BREAK.sub("\n", _INVISIBLE.sub(_visible, compose(text)))
    elif not text.isascii():
        text = compose(text)
    text = text.strip(_BLANK)
    return text if _has_content(text) else None


def normalize_url(text: str | None) -> str | None:
    """Return a URL without invisible characters, line breaks and surrounding blanks; None if nothing is left.

    It is not converted to NFC, because another normal form can name another file.
    """
    if text is None:
        return None
    if not text.isprintable() or not text.isascii():
        text = _BREAK.sub("", _INVISIBLE.sub(_visible, _SURROGATES.sub("\ufffd", text)))
    return text.strip(_BLANK) or None


def split_url(url: str) -> SplitResult:
    """Split a URL into its parts.

    Python normalizes non-ASCII hosts in a time quadratic in their combining marks, so their length is limited.

    Raises:
        ValueError: it is not a URL, or a non-ASCII one of more than 2048 characters.
    """
    if len(url) > MAX_NON_ASCII_URL_LENGTH and not url.isascii():
        message = f"a non-ASCII URL of {len(url)} characters"
        raise ValueError(message)
    return urlsplit(url)


def strip_invisible(text: str) -> str:
    """Return a text as one line without any invisible characters, including those that `normalize_line` keeps."""
    if text.isprintable() and not _is_odd(text):
        return text.strip(_BLANK)
    return _to_one_line(_INVISIBLE.sub("", _SURROGATES.sub("\ufffd", text)))


def _is_odd(text: str) -> bool:
    """Check whether a printable text still needs normalization beyond NFC."""
    return not text.isascii() and bool(_PRINTABLE_UNSEEN.search(text) or _STACKED_MARKS.search(text))


def compose(text: str) -> str:
    """Return a text in NFC, with at most 30 marks on a letter, because Python's time is quadratic in them."""
    if not text.isascii() and _STACKED_MARKS.search(text):
        text = _STACKED_MARKS.sub(_limit_marks, text)
    return unicodedata.normalize("NFC", text)


def _limit_marks(run: re.Match[str]) -> str:
    characters, marks = [], 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks <= _MAX_MARKS:
            characters.append(character)
    return "".join(characters)


def _to_one_line(text: str) -> str:
    if _BREAK.search(text) or _EMPTY_BRAILLE in text:
        text = _GAP.sub(_collapse, text)
    return text.strip(_BLANK)


def _collapse(gap: re.Match[str]) -> str:
    """Return one blank for a gap with a line break or with mixed kinds of blanks; other gaps unchanged."""
    blanks = gap[0]
    is_mixed = _EMPTY_BRAILLE in blanks and blanks.strip(_EMPTY_BRAILLE) != ""
    return " " if is_mixed or _BREAK.search(blanks) else blanks


def _visible_in_line(run: re.Match[str]) -> str:
    """Return what stays of a run of invisible characters; next to a blank, it merges with the blank."""
    visible = _visible(run)
    if visible:
        return visible
    text, start, end = run.string, run.start(), run.end()
    return "\n" if text[start - 1 : start].isspace() or text[end : end + 1].isspace() else ""


def _visible(run: re.Match[str]) -> str:
    """Return those of a run of invisible characters that change the appearance of their neighbors."""
    text, start, end = run.string, run.start(), run.end()
    before, after, unseen = text[start - 1 : start], text[end : end + 1], run[0]
    visible = ""
    if before == _FLAG and (tags := _TAGS.match(unseen)):
        visible, unseen = tags[0], unseen[tags.end() :]
    if (selector := _VARIATION.search(unseen)) and _is_varied(before, selector[0], after):
        visible += selector[0]
    elif "\u180e" in unseen and _is_mongolian(before) and _is_mongolian(after):
        visible += "\u180e"
    joiner = next((character for character in unseen if character in (_ZWNJ, _ZWJ)), "")
    return visible + joiner if joiner and _joins(before, joiner, after) else visible


def _is_varied(before: str, selector: str, after: str) -> bool:
    if selector < "\u1810":
        return _is_mongolian(before)
    if before and before in _KEYCAP:
        return after == _ENCLOSING_KEYCAP
    return bool(_PICTURE.match(before) or _VARIED.match(before))


def _is_mongolian(character: str) -> bool:
    return "\u1820" <= character <= "\u18aa"


def _joins(before: str, joiner: str, after: str) -> bool:
    if joiner == _ZWJ:
        if _PICTURE.match(before):
            return bool(_PICTURE.match(after))
        if before and unicodedata.combining(before) == _VIRAMA:
            return True  # Malayalam writes vowelless letters this way, also at the end of a word
    return _is_joining(before) and _is_joining(after)


def _is_joining(character: str) -> bool:
    return _JOINING.match(character) is not None and unicodedata.category(character)[0] in "LM"


_MAX_PARSED_LENGTH = 5_000
"""Longer HTML counts as content without parsing: the parser's time is quadratic in unclosed tags."""


class _ContentFound(Exception):
    """Raised to stop parsing at the first content."""


class _ContentFinder(HTMLParser):
    """A parser that stops at the first visible content in HTML."""

    _SHOWN = frozenset(
        ("audio", "canvas", "embed", "iframe", "img", "input", "math", "object", "svg", "video")
    )
    _HIDDEN = frozenset(("script", "style", "template", "title"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's
        if self._inside is None:
            if tag in self._SHOWN:
                raise _ContentFound
            self._inside = tag if tag in self._HIDDEN else None

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is None and normalize_line(data):
            raise _ContentFound


def _has_content(text: str) -> bool:
    if not text or text[0] not in "<&" or len(text) > _MAX_PARSED_LENGTH:
        return bool(text)
    finder = _ContentFinder()
    try:
        finder.feed(text)
        finder.close()
    except (_ContentFound, AssertionError):  # the parser fails an assertion on unknown declarations
        return True
    return False
