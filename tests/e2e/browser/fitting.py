"""Whether a page fits its window: nothing of it has to be scrolled sideways, not even a table within it."""

from playwright.sync_api import Page

NARROWEST = 360
"""Pixels: the width of a small phone."""

TOO_WIDE = """[document.documentElement, ...document.querySelectorAll('.table-scroll')]
    .filter(each => each.checkVisibility() && each.scrollWidth > each.clientWidth)
    .map(each => each.getAttribute('aria-label') ?? 'the page')"""


def too_wide(page: Page) -> list[str]:
    """Return what scrolls sideways: tables by their names."""
    found: list[str] = page.evaluate(TOO_WIDE)
    return found
