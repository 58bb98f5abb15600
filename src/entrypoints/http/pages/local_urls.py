"""URLs of our own pages, the only ones that redirects may lead to."""

from urllib.parse import urlsplit

START = "/organizations"


def is_local(url: str) -> bool:
    """Check whether a URL is the host-less URL of one of our pages."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_ours = (
        not parts.scheme and not parts.netloc and url.startswith("/") and url.isascii() and url.isprintable()
    )
    return is_ours and not url.startswith(("//", "/\\")) and "\\" not in url


def local(url: str) -> str:
    """Return the URL if it is one of our pages, and the start page otherwise."""
    return url if is_local(url) else START
