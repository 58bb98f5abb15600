"""What guards the program against plug-ins: whatever they raise names them, and is an error of the port."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from typing import TypeVar

from core.domain.errors import DomainError, describe
from ports.probe import Finding

T = TypeVar("T")
Naming = Callable[[], AbstractContextManager[None]]
"""Returns a context in which what is no error of the port is raised as one that names the plug-in."""


@contextmanager
def naming(package: str, known: type[Exception], failure: Callable[[str], Exception]) -> Iterator[None]:
    """Raise what is no error of the port as one that names the plug-in.

    Args:
        package: the distribution that brings the plug-in.
        known: the errors of the port.
        failure: makes the error from a sentence.
    """
    try:
        yield
    except (known, DomainError):
        raise
    except Exception as error:
        raise failure(sentence_of(package, error)) from error


def sentence_of(package: str, error: Exception) -> str:
    return failure_sentence(package, described(error))


def failure_sentence(package: str, what: str) -> str:
    return f"{package} failed: {what}. Report this to its authors."


def described(error: BaseException) -> str:
    """Return an unexpected error in one line, without a full stop."""
    return describe(error).rstrip(".")


def checked_finding(found: object) -> Finding:
    """Check what a probe returned.

    Raises:
        TypeError: it is no finding.
    """
    if not isinstance(found, Finding):
        message = f"its probe returned {type(found).__name__}, which is no Finding"
        raise TypeError(message)
    return found


async def pages_of(start: Callable[[], AsyncIterator[T]], named: Naming) -> AsyncIterator[T]:
    """Yield the pages of a plug-in."""
    with named():
        pages = start()
    while True:
        with named():
            try:
                page = await anext(pages)
            except StopAsyncIteration:
                return
        yield page


@asynccontextmanager
async def opened(start: Callable[[], AbstractAsyncContextManager[T]], named: Naming) -> AsyncIterator[T]:
    """Open a plug-in's system; what is raised while it is open is the caller's, and passes unchanged."""
    with named():
        manager = start()
        system = await manager.__aenter__()
    try:
        yield system
    except BaseException as error:
        with named():
            is_handled = await manager.__aexit__(type(error), error, error.__traceback__)
        if not is_handled:
            raise
    else:
        with named():
            await manager.__aexit__(None, None, None)
