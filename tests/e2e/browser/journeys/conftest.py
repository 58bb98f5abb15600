"""A stage for every test, and pages that are signed in as its admin."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import usual_world
from tests.e2e.browser.journeys.stage import Stage, staged

PATIENCE = 30_000
"""Milliseconds: two browsers share the machine's cores with what they look at."""


@pytest.fixture(scope="session", autouse=True)
def patient() -> None:
    expect.set_options(timeout=PATIENCE)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(usual_world(), tmp_path) as stage:
        yield stage


@pytest.fixture
def site(stage: Stage) -> str:
    return stage.url


@pytest.fixture
def admin(stage: Stage, new_page: NewPage) -> Page:
    """Give a page that is signed in as the organization's admin."""
    return stage.sign_in(new_page())
