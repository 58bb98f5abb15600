"""What the tests read in pages."""

import html
import re

import httpx

_TOKEN = re.compile(r'name="csrf_token"\s+value="([^"]*)"')


def csrf_in(page: httpx.Response) -> str:
    """Give the secret that the page's forms carry."""
    found = _TOKEN.search(page.text)
    assert found, page.text
    return html.unescape(found.group(1))
