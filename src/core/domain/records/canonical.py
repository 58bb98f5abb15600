"""The canonical form in which fields are compared, without meaningless differences between reads (rule 21).

Values stored by earlier versions get the same form as today's, so that stricter rules do not cause re-sending.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from core.domain.email import comparable_email
from core.domain.records.fields import Fields, FieldValue
from core.domain.records.pictures import picture_url
from core.domain.text import normalize_line, normalize_rich_text

PICTURES = frozenset(("headshot", "logo"))
RICH_TEXT = frozenset(("description",))
EMAIL = "email"

_SIGNATURE_NAMES = frozenset(
    [
        "awsaccesskeyid",
        "googleaccessid",
        "signature",
        "sig",
        "expires",
        "expiry",
        "exp",
        "expires_at",
        "key-pair-id",
        "policy",
        "hmac",
        "token",
        "access_token",
        "nonce",
        "hdnts",
        "hdnea",
        "verify",
    ]
)
_SIGNED_PREFIXES = ("x-amz-", "x-goog-")
_AZURE = frozenset(["sv", "se", "st", "sr", "sp", "spr", "skoid", "sktid", "skt", "ske", "sks", "skv"])
"""Parameters next to `sig` in a shared access signature; without `sig` they may have other meanings."""
_AZURE_SIGNATURE = "sig"
_IMGIX, _IMGIX_SIGNATURE = "s", re.compile("[0-9a-f]{32}", re.IGNORECASE)

_URL = re.compile(r"//(?:&#(?:38|x26);|[^\s\"'<>\\#])+", re.IGNORECASE)
"""URLs in a text; they end at the characters that can end a URL in HTML, JSON or Python."""
_QUERY = re.compile(r"\?((?:[^?)]|\)(?=&))*)")
"""The query of a URL; a closing bracket of the surrounding text is not part of it."""
_SEPARATOR = re.compile("&(?:amp;|#38;|#x26;)?", re.IGNORECASE)
_AFTER_URL = ".,:!"
"""Characters at the end of a URL that belong to the surrounding text."""


def canonical(fields: Fields) -> Fields:
    """Return fields in the form used for the fingerprint; values that become empty are left out."""
    pairs = ((name, _comparable(name, value)) for name, value in fields.items())
    return {name: value for name, value in pairs if value}


def unsigned(fields: Fields) -> Fields:
    """Return the canonical form of fields that were just mapped, whose texts are already normalized."""
    unsigned = dict(fields)
    for name, without_signature in _UNSIGNED.items():
        if name in fields:
            value = fields[name]
            assert isinstance(value, str)
            unsigned[name] = without_signature(value)
    return unsigned


def stable_text(text: str) -> str:
    """Return any text without the signatures in its URLs, which differ at every read."""
    return _URL.sub(_without_signatures, text) if "//" in text and "?" in text else text


def _comparable(name: str, value: FieldValue) -> FieldValue | None:
    if not isinstance(value, str):
        return tuple(sorted({text for item in value if (text := normalize_line(item))}))
    if name in PICTURES:
        return _picture(value)
    if name in RICH_TEXT:
        text = normalize_rich_text(value)
        return stable_text(text) if text else None
    return comparable_email(value) if name == EMAIL else normalize_line(value)


def _picture(text: str) -> str | None:
    url, _ = picture_url(text)
    return url and _without_signed_query(url)


def _without_signed_query(url: str) -> str:
    rest, hash_sign, fragment = url.partition("#")
    base, question_mark, query = rest.partition("?")
    return (_with_unsigned_query(base, query) if question_mark else base) + hash_sign + fragment


def _email(email: str) -> str:
    # The fast path: most are like this, and a just-mapped address needs no cleaning.
    return email if email.isascii() and email.islower() else comparable_email(email)


_UNSIGNED = {
    **dict.fromkeys(PICTURES, _without_signed_query),
    **dict.fromkeys(RICH_TEXT, stable_text),
    EMAIL: _email,
}


def _without_signatures(url: re.Match[str]) -> str:
    return _QUERY.sub(_without_signature, url[0])


def _without_signature(match: re.Match[str]) -> str:
    query = match[1]
    bare = query.rstrip(_AFTER_URL)
    return _with_unsigned_query("", bare) + query[len(bare) :]


def _with_unsigned_query(base: str, query: str) -> str:
    parameters = _SEPARATOR.split(query)
    unsigned = [*_unsigned(parameters)]
    joined = "&".join(unsigned)
    return f"{base}?{joined}" if joined or len(unsigned) == len(parameters) else base


def _unsigned(parameters: list[str]) -> Iterator[str]:
    names = [unquote(parameter.partition("=")[0]).lower() for parameter in parameters]
    is_azure = _AZURE_SIGNATURE in names
    for name, parameter in zip(names, parameters, strict=True):
        is_signature = (
            name in _SIGNATURE_NAMES
            or name.startswith(_SIGNED_PREFIXES)
            or (is_azure and name in _AZURE)
            or (name == _IMGIX and _IMGIX_SIGNATURE.fullmatch(parameter.partition("=")[2]))
        )
        if not is_signature:
            yield parameter
