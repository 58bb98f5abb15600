"""The form in which fields are compared: without what differs at every read and means nothing (rule 21).

What was stored by an earlier version comes out as the same value does today, so that a rule that grew stricter
re-sends nothing.
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

_SIGNED = frozenset(
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
"""What stands beside `sig` in a shared access signature; alone, any of them may mean something."""
_AZURE_SIGNATURE = "sig"
_IMGIX, _IMGIX_SIGNATURE = "s", re.compile("[0-9a-f]{32}", re.IGNORECASE)

_ADDRESS = re.compile(r"//(?:&#(?:38|x26);|[^\s\"'<>\\#])+", re.IGNORECASE)
"""What can end an address in HTML, JSON or Python ends it here."""
_QUERY = re.compile(r"\?((?:[^?)]|\)(?=&))*)")
"""A query inside an address; a bracket that closes one in a text is no part of it."""
_AND = re.compile("&(?:amp;|#38;|#x26;)?", re.IGNORECASE)
_AFTER_URL = ".,:!"
"""At the end of an address in a text, they belong to the text."""


def canonical(fields: Fields) -> Fields:
    """Return fields in the form of which the fingerprint is made; what has become empty is left out."""
    pairs = ((name, _comparable(name, value)) for name, value in fields.items())
    return {name: value for name, value in pairs if value}


def unsigned(fields: Fields) -> Fields:
    """Return the canonical form of fields that were mapped just now: their texts are in the normal form already."""
    unsigned = dict(fields)
    for name, without_signature in _UNSIGNED.items():
        if name in fields:
            value = fields[name]
            assert isinstance(value, str)
            unsigned[name] = without_signature(value)
    return unsigned


def stable_text(text: str) -> str:
    """Return a text, whatever it is of, without the signatures in its addresses, which differ at every read."""
    return _ADDRESS.sub(_without_signatures, text) if "//" in text and "?" in text else text


def _comparable(name: str, value: FieldValue) -> FieldValue | None:
    if not isinstance(value, str):
        return tuple(sorted({text for each in value if (text := normalize_line(each))}))
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
    rest, mark, fragment = url.partition("#")
    address, asks, query = rest.partition("?")
    return (_with_kept_query(address, query) if asks else address) + mark + fragment


def _email(email: str) -> str:
    # Nearly all are so, and an address that was mapped just now has nothing around it to be cleaned of.
    return email if email.isascii() and email.islower() else comparable_email(email)


_UNSIGNED = {
    **dict.fromkeys(PICTURES, _without_signed_query),
    **dict.fromkeys(RICH_TEXT, stable_text),
    EMAIL: _email,
}


def _without_signatures(address: re.Match[str]) -> str:
    return _QUERY.sub(_without_signature, address[0])


def _without_signature(found: re.Match[str]) -> str:
    query = found[1]
    bare = query.rstrip(_AFTER_URL)
    return _with_kept_query("", bare) + query[len(bare) :]


def _with_kept_query(address: str, query: str) -> str:
    parameters = _AND.split(query)
    kept = [*_kept(parameters)]
    joined = "&".join(kept)
    return f"{address}?{joined}" if joined or len(kept) == len(parameters) else address


def _kept(parameters: list[str]) -> Iterator[str]:
    names = [unquote(each.partition("=")[0]).lower() for each in parameters]
    is_azure = _AZURE_SIGNATURE in names
    for name, parameter in zip(names, parameters, strict=True):
        is_signature = (
            name in _SIGNED
            or name.startswith(_SIGNED_PREFIXES)
            or (is_azure and name in _AZURE)
            or (name == _IMGIX and _IMGIX_SIGNATURE.fullmatch(parameter.partition("=")[2]))
        )
        if not is_signature:
            yield parameter
