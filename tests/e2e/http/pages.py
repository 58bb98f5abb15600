"""Helpers for reading pages and sending their forms."""

import html
import re

import httpx

_TOKEN = re.compile(r'name="csrf_token"\s+value="([^"]*)"')


def csrf_in(page: httpx.Response) -> str:
    """Return the CSRF token of the page's forms."""
    found = _TOKEN.search(page.text)
    assert found, page.text
    return html.unescape(found.group(1))


def post(browser: httpx.Client, url: str, /, *, page: str = "", **form: str) -> httpx.Response:
    """Send a form of a page with its CSRF token."""
    return browser.post(url, data={"csrf_token": csrf_in(browser.get(page or url)), **form})
