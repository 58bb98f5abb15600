"""What goes wrong with a request, in words that follow the host's name.

- TransientError: sending the request again may help
  - Throttled: the host answered 429
  - TooSlow: there is no time left
- HostUnavailable: the client has given up
"""

import socket
import ssl

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError

TRANSPORT_ERRORS = (httpx.HTTPError, aiohttp.ClientError, HttpProcessingError, TimeoutError)
"""Some of aiohttp's, such as for a header that is too long, httpx-aiohttp leaves as they are."""


class TransientError(Exception):
    """No response came, or one that may be another one later."""

    def __init__(self, problem: str, retry_after: float | None = None, *, not_executed: bool = False) -> None:
        super().__init__(problem)
        self.retry_after = retry_after
        """Seconds that the host asks to wait."""
        self.not_executed = not_executed
        """Whether it is certain that the request was not carried out."""


class Throttled(TransientError):
    def __init__(self, retry_after: float | None) -> None:
        super().__init__("limits how often we may ask (429)", retry_after, not_executed=True)


class TooSlow(TransientError):
    def __init__(self) -> None:
        super().__init__("answers too slowly")


class HostUnavailable(Exception):
    """The request failed for good; the text is a sentence for people."""

    def __init__(self, sentence: str, *, not_executed: bool) -> None:
        super().__init__(sentence)
        self.not_executed = not_executed


_PROBLEMS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((aiohttp.ClientConnectorDNSError, socket.gaierror), "is a host that nobody knows (DNS)"),
    ((aiohttp.ClientSSLError, ssl.SSLError), "has no certificate that can be trusted"),
    ((aiohttp.ClientConnectorError, ConnectionRefusedError, httpx.ConnectError), "accepts no connection"),
    ((aiohttp.ServerTimeoutError, aiohttp.SocketTimeoutError), "did not answer in time"),
    ((aiohttp.ClientConnectionError, aiohttp.ClientPayloadError), "broke the connection"),
    ((httpx.TimeoutException, TimeoutError), "did not answer in time"),
    (
        (httpx.RemoteProtocolError, aiohttp.ClientError, HttpProcessingError),
        "gave an answer that is not HTTP",
    ),
)


def transient(error: BaseException) -> TransientError:
    """Translate an error of the transport; the causes know better than the error."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)

    def has(types: tuple[type[BaseException], ...]) -> bool:
        return any(isinstance(each, types) for each in causes)

    problem = next((words for types, words in _PROBLEMS if has(types)), "broke the connection")
    # httpx-aiohttp reports a connection that was refused and one that was closed later alike: only the cause differs.
    if has((aiohttp.ClientError,)):
        not_executed = has((aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError))
    else:
        not_executed = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    return TransientError(problem, not_executed=not_executed)
