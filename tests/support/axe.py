"""The accessibility rules that a page breaks, according to axe-core.

`axe.min.js` is axe-core 4.14.1 as its npm package has it, under the Mozilla Public License 2.0.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = Path(__file__).with_name("axe.min.js")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

# An evaluated script is not subject to the page's content security policy, as one in a <script> would be.
RUN = """async tags => (await axe.run(document, {
    runOnly: {type: "tag", values: tags},
    resultTypes: ["violations"],
})).violations"""


def violations(page: Page) -> list[str]:
    """Return a line for every rule that the page breaks: the rule, what it requires, where it is broken.

    The page must have JavaScript switched on.
    """
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(SOURCE.read_text(encoding="utf-8"))
    return [_line(each) for each in page.evaluate(RUN, list(TAGS))]


def _line(violation: dict[str, Any]) -> str:
    where = "; ".join(" > ".join(_selectors(node["target"])) for node in violation["nodes"])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {where}"


def _selectors(target: list[Any]) -> Iterator[str]:
    """Flatten a target: one selector for each frame on the way, a list of selectors for a shadow tree."""
    for each in target:
        if isinstance(each, list):
            yield from _selectors(each)
        else:
            yield str(each)
