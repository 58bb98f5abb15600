"""A harness for every test, and pages signed in as its admin."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import usual_world
from tests.support.browser_harness import Harness, open_harness

PATIENCE = 30_000
"""Milliseconds: two browsers share the cores with the servers."""


@pytest.fixture(scope="session", autouse=True)
def patient() -> None:
    expect.set_options(timeout=PATIENCE)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with open_harness(usual_world(), tmp_path) as harness:
        yield harness


@pytest.fixture
def site(harness: Harness) -> str:
    return harness.url


@pytest.fixture
def admin(harness: Harness, new_page: NewPage) -> Page:
    """Return a page signed in as the organization's admin."""
    return harness.sign_in(new_page())
