"""The process that serves the application: its listening socket, its limit of open files, and its end."""

import asyncio
import os
import socket
from contextlib import suppress

from entrypoints.container import Container
from entrypoints.http.app import application
from entrypoints.http.connections import ServerLimits
from entrypoints.http.server import Server, ServerConfig
from entrypoints.settings import Settings

SHUTDOWN_SECONDS = 5
"""How long requests in progress may take at shutdown; a client that follows a run would otherwise stay until its end."""
RESERVED_FILES = 256
"""File descriptors reserved for the database, for the sources and destinations, and for files."""
FILE_LIMIT = 65_536
"""The limit of open files to set if the system has none."""
BACKLOG = 2048


class PortUnusable(Exception):
    """The host or the port cannot be used. The message is for the operator."""


def with_file_limit(chosen: Settings) -> Settings:
    """Raise the limit of open files to its maximum, and return the settings with fewer connections than that."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return chosen
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = FILE_LIMIT if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < target:
        with suppress(ValueError, OSError):  # some systems enforce a lower limit than they report
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
            soft = target
    if soft == resource.RLIM_INFINITY:
        return chosen
    available = max(soft - RESERVED_FILES, soft // 2)
    return chosen.model_copy(update={"max_connections": min(chosen.max_connections, available)})


def listen_on(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Raises:
        PortUnusable
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Name the protocol: only then does asyncio set TCP_NODELAY and send small answers without delay.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)  # clients that connect before the server runs wait in the backlog
    except (OSError, UnicodeError) as error:
        number = getattr(error, "errno", None) or 0
        # Error numbers of the resolver are negative, and `strerror` does not know them.
        reason = os.strerror(number) if number > 0 else "host not found"
        message = f"Cannot listen on {host:.80}, port {port}: {reason}."
        listener.close()
        raise PortUnusable(message) from error
    return listener


async def serve_until_cancelled(container: Container, listener: socket.socket) -> None:
    """Serve until cancelled, then finish the requests and runs in progress."""
    settings = container.settings()
    limits = ServerLimits(
        settings.max_connections, settings.max_connections_per_address, settings.request_seconds
    )
    server = Server(ServerConfig(application(container), limits, seconds_to_end=SHUTDOWN_SECONDS))
    # This program handles the signals: they cancel the await below, which then stops the server.
    serving = asyncio.ensure_future(server._serve([listener]))  # noqa: SLF001 - `serve` also installs signal handlers
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
