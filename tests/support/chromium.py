"""Finds and starts the machine's Chromium, and watches what its pages do that they should not."""

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
DEBIANS = "/usr/bin/chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_GET_IT = (
    f"Install it with `apt-get install chromium`, or name a Chromium or Chrome in {PATH_VARIABLE}."
)
ARGUMENTS = (
    "--no-sandbox",  # it refuses to start as root otherwise, as in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No page reaches another machine by a name, whatever stands in it.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)
LOCAL_SCHEMES = {"about", "blob", "data"}
BAD_STATUS = "Failed to load resource: the server responded with a status of"


class NoChromium(Exception):
    """There is no browser here; the message says how to get one."""


def find() -> str:
    """Give the path of a Chromium.

    Raises:
        NoChromium: there is none.
    """
    named = os.environ.get(PATH_VARIABLE)
    if named:
        if path := shutil.which(named):
            return path
        raise NoChromium(f"There is no program {named}, which {PATH_VARIABLE} names. {HOW_TO_GET_IT}")
    if os.access(DEBIANS, os.X_OK):
        return DEBIANS
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise NoChromium(f"There is no Chromium here. {HOW_TO_GET_IT}")


def required() -> bool:
    return os.environ.get(REQUIRED_VARIABLE) == "required"


@contextmanager
def in_sight(loop: asyncio.AbstractEventLoop | None) -> Iterator[None]:
    """Let this loop pass for the running one until the block ends.

    Playwright's synchronous API stops its loop in the middle and leaves it as the thread's running one, where
    it would refuse every other: those of asynchronous tests, `asyncio.run`. It needs it there while it is used.
    """
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(before)


@contextmanager
def aside() -> Iterator[None]:
    """Leave the browser alone until the block ends: code in it may run an event loop of its own."""
    with in_sight(None):
        yield


@dataclass(frozen=True, slots=True)
class Chromium:
    browser: Browser
    loop: asyncio.AbstractEventLoop

    @contextmanager
    def in_use(self) -> Iterator[Browser]:
        """Give the browser; only in such a block may anything of it be called."""
        with in_sight(self.loop):
            yield self.browser


@contextmanager
def launched() -> Iterator[Chromium]:
    """Start a Chromium, which ends with the block.

    Raises:
        NoChromium: there is none.
    """
    path = find()
    with in_sight(None):
        playwright = sync_playwright().start()
        loop = asyncio.get_running_loop()
        try:
            browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            with in_sight(None):
                yield Chromium(browser, loop)
            browser.close()
        finally:
            playwright.stop()


@dataclass  # without slots: Playwright keeps something on the owner of a listener
class Watch:
    """Notes what the pages of a context do wrong.

    That is an error in the console (a breach of the content security policy is one, and so is a file that is
    missing), an error that nothing catches, and a request to another server than the allowed ones. An answer
    that is shown as a page may have a bad status: a form that was refused is no fault of the page. Neither is
    a missing /favicon.ico, for which the browser asks by itself, and once only for all tests.
    """

    site: str | None = None
    """The server that is watched; without one, the first page that is opened says it."""
    also: Iterable[str] = ()
    """Addresses of other servers that may be asked."""

    _found: list[str] = field(default_factory=list)
    _bad_statuses: list[str] = field(default_factory=list)
    _pages: set[str] = field(default_factory=set)

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("page", self._page)

    @property
    def complaints(self) -> list[str]:
        missing = [
            url
            for url in self._bad_statuses
            if url not in self._pages and urlsplit(url).path != "/favicon.ico"
        ]
        return [*self._found, *(f"it failed to load: {url}" for url in missing)]

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
        self._asked(request.url)

    def _page(self, page: Page) -> None:
        page.on("websocket", self._socket)

    def _socket(self, socket: WebSocket) -> None:
        self._asked(socket.url.replace("ws", "http", 1))

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme in LOCAL_SCHEMES:
            return
        self.site = self.site or url
        if _origin(url) not in {_origin(each) for each in (self.site, *self.also)}:
            self._found.append(f"request to another server: {url}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
