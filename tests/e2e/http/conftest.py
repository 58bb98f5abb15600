"""The served application, with two organizations that must not see each other's data.

`served` is one server for all tests of a module; tests that change its data use `fresh`. Both start with a copy of the
same seeded database.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.running import in_thread
from tests.e2e.http.pages import csrf_in
from tests.support.http_fixtures import PASSWORD, SeededDatabase, Tenant, initial_state, seed_database
from tests.support.http_server import Running, serving
from tests.support.timeouts import WITHIN


@dataclass(frozen=True, slots=True)
class Served:
    """A served application and the contents of its database."""

    running: Running
    seeded_database: SeededDatabase
    clients: ExitStack
    """All are closed at the end."""
    browsers: dict[str, httpx.Client] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def acme(self) -> Tenant:
        return self.seeded_database.acme

    @property
    def stranger(self) -> Tenant:
        return self.seeded_database.stranger

    def key(self, role: str) -> str:
        return self.seeded_database.keys[role]

    def client(self, role: str | None = None, **more: Any) -> httpx.Client:
        """Return a client of the JSON API with the role's API key."""
        headers = {"Authorization": f"Bearer {self.key(role)}"} if role else {}
        return self._client(base_url=self.url + "/api/v1", headers=headers, **more)

    def browser(self, role: str | None = None) -> httpx.Client:
        """Return a client that keeps cookies and does not follow redirects; signed in, if a role is given."""
        browser = self._client(base_url=self.url)
        if role:
            signed_in = self.sign_in(browser, role)
            assert signed_in.status_code == 303, signed_in.text
        return browser

    def signed_in(self, role: str) -> httpx.Client:
        """Return a signed-in browser, shared by all tests that leave it signed in."""
        if role not in self.browsers:
            self.browsers[role] = self.browser(role)
        return self.browsers[role]

    def sign_in(
        self, browser: httpx.Client, email: str, password: str = PASSWORD, **more: str
    ) -> httpx.Response:
        form = {"csrf_token": csrf_in(browser.get("/sign-in")), "email": email, "password": password, **more}
        return browser.post("/sign-in", data=form)

    def _client(self, **options: Any) -> httpx.Client:
        return self.clients.enter_context(httpx.Client(timeout=WITHIN, trust_env=False, **options))


@contextmanager
def in_trouble(served: Served, trouble: Fault) -> Iterator[None]:
    """Inject faults into the sandbox within the context."""
    control = ControlClient(served.seeded_database.sandbox.control_url)
    control.inject_faults(trouble)
    try:
        yield
    finally:
        control.inject_faults()


@contextmanager
def served_from(seeded_database: SeededDatabase, folder: Path, **settings: Any) -> Iterator[Served]:
    copy = seeded_database.copied(folder)
    with serving(copy.settings(**settings)) as running, ExitStack() as clients:
        yield Served(running, copy, clients)


@pytest.fixture(scope="session")
def seeded_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeededDatabase]:
    with in_thread(initial_state()) as sandbox:
        yield asyncio.run(seed_database(sandbox, tmp_path_factory.mktemp("seeded_database")))


@pytest.fixture(scope="module")
def served(seeded_database: SeededDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_from(seeded_database, tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def fresh(seeded_database: SeededDatabase, tmp_path: Path) -> Iterator[Served]:
    with served_from(seeded_database, tmp_path) as running:
        yield running
