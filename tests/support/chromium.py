"""The installed Chromium: finding it, starting it, and recording what its pages do wrong."""

import asyncio
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    WebSocket,
    sync_playwright,
)

PATH_VARIABLE = "GLEANIN_SYNC_CHROMIUM"
REQUIRED_VARIABLE = "GLEANIN_SYNC_BROWSER"
DEBIAN_PATH = "/usr/bin/chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_INSTALL = (
    f"Install it with `apt-get install chromium`, or set {PATH_VARIABLE} to the path of a Chromium or Chrome."
)
ARGUMENTS = (
    "--no-sandbox",  # otherwise it refuses to start as root, as in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No page can reach another machine by name.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)
LOCAL_SCHEMES = {"about", "blob", "data"}
BAD_STATUS = "Failed to load resource: the server responded with a status of"


class NoChromium(Exception):
    """No browser is installed; the message says how to install one."""


def find() -> str:
    """Return the path of a Chromium.

    Raises:
        NoChromium: none is installed.
    """
    named = os.environ.get(PATH_VARIABLE)
    if named:
        if path := shutil.which(named):
            return path
        raise NoChromium(f"{PATH_VARIABLE} names {named}, which is no program. {HOW_TO_INSTALL}")
    if os.access(DEBIAN_PATH, os.X_OK):
        return DEBIAN_PATH
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise NoChromium(f"Chromium is not installed. {HOW_TO_INSTALL}")


def required() -> bool:
    return os.environ.get(REQUIRED_VARIABLE) == "required"


@contextmanager
def running_loop_set_to(loop: asyncio.AbstractEventLoop | None) -> Iterator[None]:
    """Set the thread's running event loop until the block ends.

    Playwright's synchronous API suspends its loop and leaves it set as the thread's running one. It needs that while
    it is used, but no other loop can run meanwhile: neither that of an asynchronous test, nor `asyncio.run`.
    """
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(before)


@contextmanager
def aside() -> Iterator[None]:
    """Do not use the browser until the block ends: code in it can run another event loop."""
    with running_loop_set_to(None):
        yield


@dataclass(frozen=True, slots=True)
class Chromium:
    browser: Browser
    loop: asyncio.AbstractEventLoop

    @contextmanager
    def in_use(self) -> Iterator[Browser]:
        """Return the browser, which can be used only in such a block."""
        with running_loop_set_to(self.loop):
            yield self.browser


@contextmanager
def launched() -> Iterator[Chromium]:
    """Start a Chromium, and stop it when the block ends.

    Raises:
        NoChromium: none is installed.
    """
    path = find()
    with running_loop_set_to(None):
        playwright = sync_playwright().start()
        loop = asyncio.get_running_loop()
        try:
            browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            with running_loop_set_to(None):
                yield Chromium(browser, loop)
            browser.close()
        finally:
            playwright.stop()


@dataclass  # without slots: Playwright stores an attribute on the owner of a listener
class Watch:
    """Records what the pages of a context do wrong.

    Wrong are errors in the console (which include violations of the content security policy and missing files),
    uncaught errors, and requests to other servers than the allowed ones. A response shown as a page may have an error
    status, as when a form was refused. A missing /favicon.ico is ignored: the browser requests it by itself, and only
    once for all tests.
    """

    site: str | None = None
    """The server under test; by default that of the first page that is opened."""
    also: Iterable[str] = ()
    """URLs of other servers that may be requested."""

    _found: list[str] = field(default_factory=list)
    _bad_statuses: list[str] = field(default_factory=list)
    _pages: set[str] = field(default_factory=set)

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("page", self._page)

    @property
    def errors(self) -> list[str]:
        missing = [
            url
            for url in self._bad_statuses
            if url not in self._pages and urlsplit(url).path != "/favicon.ico"
        ]
        return [*self._found, *(f"failed to load: {url}" for url in missing)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        url = message.location["url"]
        if message.text.startswith(BAD_STATUS):
            self._bad_statuses.append(url)
        else:
            self._found.append(f"console error: {message.text} ({url})")

    def _error(self, error: WebError) -> None:
        self._found.append(f"uncaught error: {error.error}")

    def _request(self, request: Request) -> None:
        if request.is_navigation_request():
            self._pages.add(urldefrag(request.url).url)
        self._check_server(request.url)

    def _page(self, page: Page) -> None:
        page.on("websocket", self._socket)

    def _socket(self, socket: WebSocket) -> None:
        self._check_server(socket.url.replace("ws", "http", 1))

    def _check_server(self, url: str) -> None:
        if urlsplit(url).scheme in LOCAL_SCHEMES:
            return
        self.site = self.site or url
        if _origin(url) not in {_origin(each) for each in (self.site, *self.also)}:
            self._found.append(f"request to another server: {url}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
