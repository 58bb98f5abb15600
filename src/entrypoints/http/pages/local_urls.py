"""URLs of our own pages: redirects go nowhere else."""

from urllib.parse import urlsplit

START = "/organizations"


def is_local(url: str) -> bool:
    """Return whether an address is that of a page of ours, without a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_ours = (
        not parts.scheme and not parts.netloc and url.startswith("/") and url.isascii() and url.isprintable()
    )
    return is_ours and not url.startswith(("//", "/\\")) and "\\" not in url


def local(url: str) -> str:
    """Return the address if it is a page of ours, and the start page otherwise."""
    return url if is_local(url) else START
