"""Picture URLs like those of a file store, with a new signature at every read."""

import itertools
import re
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

PICTURES = frozenset({"photo_url", "logo_image_url"})
VALID_S = 3600
_IN_HTML = re.compile(r"""(<img\b[^>]*?\bsrc\s*=\s*["'])(https?://[^"']*)""", re.IGNORECASE)
_numbers = itertools.count()


def signed(row: Any, now: datetime) -> Any:
    """Return the row with a new signature on every picture URL."""

    def sign(url: str, separator: str = "&") -> str:
        signature = sha256(f"{url} {next(_numbers)}".encode()).hexdigest()
        query = {
            "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
            "X-Amz-Expires": str(VALID_S),
            "X-Amz-Signature": signature,
        }
        parameters = urlencode(query).replace("&", separator)
        return f"{url}{separator if '?' in url else '?'}{parameters}"

    return _with_pictures(row, sign)


def _with_pictures(value: Any, sign: Callable[..., str]) -> Any:
    match value:
        case list():
            return [_with_pictures(item, sign) for item in value]
        case dict():
            return {key: _with_picture(key, item, sign) for key, item in value.items()}
    return value


def _with_picture(key: str, value: Any, sign: Callable[..., str]) -> Any:
    if key in PICTURES and isinstance(value, str) and value.startswith(("http://", "https://")):
        return sign(value)
    if key == "description" and isinstance(value, str):
        return _IN_HTML.sub(lambda found: found[1] + sign(found[2], "&amp;"), value)
    return _with_pictures(value, sign)
