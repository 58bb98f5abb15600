"""The connections that are open: so many in all and from one address, and those that wait for a request make room."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

from prometheus_client import Counter as Meter

CUT = Meter(
    "gleanin_sync_http_connections_cut_total",
    "Connections that were refused or cut off: too many, or too slow.",
    ("why",),
)
FULL, MADE_ROOM, NO_HEAD, NO_BODY, NOT_READ = "full", "made_room", "no_head", "no_body", "not_read"


@dataclass(frozen=True, slots=True)
class ServerLimits:
    connections: int = 2000
    connections_of_address: int = 100
    """Of a network of IPv6 (/64), too; not of a proxy, behind which everybody has one address."""
    request_seconds: float = 15
    """Until the head of a request is complete, and once more for its body."""
    stalled_seconds: float = 60
    """Until a part of an answer has been read, of those that do not fit into a buffer."""


class Abortable(Protocol):
    def make_room(self) -> None:
        """End at once."""
        ...


def network_of(host: str) -> str:
    """Return what is counted as one address; not an address, it is itself."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))


class OpenConnections:
    """Counts connections; at the limit, the one that has waited longest for a request makes room.

    So half-sent requests, however many there are, do not keep others out.
    """

    def __init__(self, limits: ServerLimits, is_proxy: Callable[[str], bool] = lambda _: False) -> None:
        self.limits = limits
        self._is_proxy = is_proxy
        self._addresses: dict[Abortable, str | None] = {}
        """Of all; None for a proxy's."""
        self._counts: Counter[str] = Counter()
        self._waiting: dict[Abortable, None] = {}
        """For a request, the longest first."""

    def __len__(self) -> int:
        return len(self._addresses)

    def admit(self, connection: Abortable, host: str | None) -> bool:
        """Count one more, unless there are too many that are busy."""
        address = None if host is None or self._is_proxy(host) else network_of(host)
        if address is not None and self._counts[address] >= self.limits.connections_of_address:
            made_room = self._make_room(address)
        else:
            made_room = len(self._addresses) < self.limits.connections or self._make_room()
        if not made_room:
            CUT.labels(FULL).inc()
            return False
        self._addresses[connection] = address
        if address is not None:
            self._counts[address] += 1
        return True

    def leave(self, connection: Abortable) -> None:
        self._waiting.pop(connection, None)
        address = self._addresses.pop(connection, None)
        if address is not None:
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]

    def waits(self, connection: Abortable) -> None:
        """Note that it waits for a request from now on."""
        if connection in self._addresses:
            self._waiting.pop(connection, None)
            self._waiting[connection] = None

    def is_busy(self, connection: Abortable) -> None:
        """Note that its request is being answered."""
        self._waiting.pop(connection, None)

    def _make_room(self, address: str | None = None) -> bool:
        longest = next(
            (each for each in self._waiting if address is None or self._addresses[each] == address), None
        )
        if longest is None:
            return False
        self.leave(longest)
        longest.make_room()
        CUT.labels(MADE_ROOM).inc()
        return True
