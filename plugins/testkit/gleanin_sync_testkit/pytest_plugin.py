"""The pytest plug-in: skips what a plug-in does not claim to do, and prints a table of what it does."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from gleanin_sync_testkit.requirements import requirement_of

PROPERTY = "gleanin-sync-requirement"
_ORDER = ("failed", "passed", "skipped")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table."""

    suite: str
    rule: int | None
    sentence: str


def pytest_runtest_setup(item: pytest.Item) -> None:
    test = getattr(item, "function", None)
    required = requirement_of(test)
    if required is None or not isinstance(item, pytest.Function) or item.cls is None:
        return
    item.user_properties.append((PROPERTY, (item.cls.__name__, required.rule, required.sentence)))
    if missing := required.missing(item.cls.capabilities):
        pytest.skip(f"not declared: {', '.join(missing)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    results = _results(terminalreporter)
    suites = dict.fromkeys(line.suite for line in results)
    for suite in suites:
        terminalreporter.section(f"compliance of {suite}")
        for line, result in results.items():
            if line.suite == suite:
                rule = f"rule {line.rule}" if line.rule else ""
                terminalreporter.write_line(f"{result:8}{rule:9}{line.sentence}")


def _results(terminalreporter: pytest.TerminalReporter) -> Mapping[Line, str]:
    """Return the result of each requirement: the worst of its cases."""
    found: dict[Line, str] = {}
    for result in (*_ORDER, "error"):
        for report in terminalreporter.getreports(result):
            for name, value in getattr(report, "user_properties", ()):
                if name == PROPERTY:
                    line = Line(*value)
                    worst = "failed" if result == "error" else result
                    found[line] = min(found.get(line, worst), worst, key=_ORDER.index)
    return found
