"""Errors of requests. Their texts follow the system's name: "refused the connection".

- TransientError: a retry may help
  - HostNotFound: the host's name does not resolve
  - Throttled: the host answered 429
  - TooSlow: the time limit has passed
- HostUnavailable: the client has given up
"""

import socket
import ssl

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError

TRANSPORT_ERRORS = (httpx.HTTPError, aiohttp.ClientError, HttpProcessingError, TimeoutError)
"""httpx-aiohttp does not translate all of aiohttp's errors, for instance that of a header that is too long."""


class TransientError(Exception):
    """No response came, or one that may be different later."""

    def __init__(self, problem: str, retry_after: float | None = None, *, not_executed: bool = False) -> None:
        super().__init__(problem)
        self.retry_after = retry_after
        """Seconds that the host asks to wait."""
        self.not_executed = not_executed
        """Whether it is certain that the request was not executed."""


class HostNotFound(TransientError):
    """Its text follows "the host" and the host's name."""


class Throttled(TransientError):
    def __init__(self, retry_after: float | None) -> None:
        super().__init__("is limiting our requests (429)", retry_after, not_executed=True)


class TooSlow(TransientError):
    def __init__(self) -> None:
        super().__init__("is taking too long to answer")


class HostUnavailable(Exception):
    """The request has failed for good; the text is a sentence for people."""

    def __init__(self, sentence: str, *, not_executed: bool) -> None:
        super().__init__(sentence)
        self.not_executed = not_executed


_DNS_ERRORS = (aiohttp.ClientConnectorDNSError, socket.gaierror)
_PROBLEMS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (_DNS_ERRORS, "cannot be found (DNS)"),
    ((aiohttp.ClientSSLError, ssl.SSLError), "does not have a trusted certificate"),
    ((aiohttp.ClientConnectorError, ConnectionRefusedError, httpx.ConnectError), "refused the connection"),
    ((aiohttp.ServerTimeoutError, aiohttp.SocketTimeoutError), "did not answer in time"),
    ((aiohttp.ClientConnectionError, aiohttp.ClientPayloadError), "closed the connection"),
    ((httpx.TimeoutException, TimeoutError), "did not answer in time"),
    (
        (httpx.RemoteProtocolError, aiohttp.ClientError, HttpProcessingError),
        "sent a response that is not HTTP",
    ),
)


def transient(error: BaseException) -> TransientError:
    """Translate an error of the transport, by its chain of causes, which is more specific than the error."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)

    def has(types: tuple[type[BaseException], ...]) -> bool:
        return any(isinstance(cause, types) for cause in causes)

    problem = next((words for types, words in _PROBLEMS if has(types)), "closed the connection")
    # httpx-aiohttp raises the same error for a refused connection and one that closed later: only the cause differs.
    if has((aiohttp.ClientError,)):
        not_executed = has((aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError))
    else:
        not_executed = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    kind = HostNotFound if has(_DNS_ERRORS) else TransientError
    return kind(problem, not_executed=not_executed)
