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


def post(browser: httpx.Client, url: str, *, page: str = "", **form: str) -> httpx.Response:
    """Send a form of a page, with the secret that it carries."""
    return browser.post(url, data={"csrf_token": csrf_in(browser.get(page or url)), **form})
