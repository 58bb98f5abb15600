"""Checks whether a page fits its window: neither the page nor a table in it scrolls sideways."""

from playwright.sync_api import Page

NARROWEST = 360
"""Pixels: the width of a small phone."""

TOO_WIDE = """[document.documentElement, ...document.querySelectorAll('.table-scroll')]
    .filter(each => each.checkVisibility() && each.scrollWidth > each.clientWidth)
    .map(each => each.getAttribute('aria-label') ?? 'the page')"""


def too_wide(page: Page) -> list[str]:
    """Return the names of the elements that scroll sideways."""
    found: list[str] = page.evaluate(TOO_WIDE)
    return found
