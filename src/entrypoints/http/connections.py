"""Open connections: limits in total and per address; at the limit, idle connections are closed."""

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
    connections_per_address: int = 100
    """Also per IPv6 network (/64); not for a proxy, behind which all clients have the same address."""
    request_seconds: float = 15
    """Time limit for the head of a request, and again for its body."""
    stalled_seconds: float = 60
    """Time limit for the client to read a part of a response that does not fit into a buffer."""


class Abortable(Protocol):
    def make_room(self) -> None:
        """Close immediately."""
        ...


def network_of(host: str) -> str:
    """Return what counts as one address: the IPv4 address or IPv6 network, or a name unchanged."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))


class OpenConnections:
    """Counts connections; at the limit, the connection that has waited longest for a request is closed.

    Half-sent requests, however many, therefore do not keep other clients out.
    """

    def __init__(self, limits: ServerLimits, is_proxy: Callable[[str], bool] = lambda _: False) -> None:
        self.limits = limits
        self._is_proxy = is_proxy
        self._addresses: dict[Abortable, str | None] = {}
        """The address of each connection; None for a proxy."""
        self._counts: Counter[str] = Counter()
        self._waiting: dict[Abortable, None] = {}
        """Connections that wait for a request, longest wait first."""

    def __len__(self) -> int:
        return len(self._addresses)

    def admit(self, connection: Abortable, host: str | None) -> bool:
        """Count a connection, unless too many are busy; return whether it was admitted."""
        address = None if host is None or self._is_proxy(host) else network_of(host)
        if address is not None and self._counts[address] >= self.limits.connections_per_address:
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

    def mark_waiting(self, connection: Abortable) -> None:
        """Record that the connection waits for a request from now on."""
        if connection in self._addresses:
            self._waiting.pop(connection, None)
            self._waiting[connection] = None

    def mark_busy(self, connection: Abortable) -> None:
        """Record that the connection's request is being answered."""
        self._waiting.pop(connection, None)

    def _make_room(self, address: str | None = None) -> bool:
        longest = next(
            (
                connection
                for connection in self._waiting
                if address is None or self._addresses[connection] == address
            ),
            None,
        )
        if longest is None:
            return False
        self.leave(longest)
        longest.make_room()
        CUT.labels(MADE_ROOM).inc()
        return True
