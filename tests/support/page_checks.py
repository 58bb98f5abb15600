"""Checks of a page as a whole: accessibility, and no horizontal scrolling."""

from playwright.sync_api import Page

from tests.support.axe import violations

LOOKS = [{"width": 1280, "color_scheme": "light"}, {"width": 360, "color_scheme": "dark"}]
"""A desktop and a phone, in both colour schemes."""


def check(page: Page) -> None:
    """Check that the page breaks no accessibility rule and fits its window."""
    page.evaluate("document.getAnimations().forEach(animation => animation.finish())")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
