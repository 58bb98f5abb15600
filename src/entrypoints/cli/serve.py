"""The HTTP entrypoint, served: `serve`."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console

from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.tenancy.secrets import Token
from core.usecases.access.add_account import AddAccount, NewAccount
from core.usecases.access.create_sign_in_link import CreateSignInLink
from core.usecases.access.create_sign_up_link import CreateSignUpLink
from core.usecases.notifications.served_url import NoteServedUrl
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from entrypoints.cli.options import AsJson, examples
from entrypoints.cli.output import Answer, print_answer, say
from entrypoints.cli.runner import finish, in_loop, settings
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.http.app import application
from entrypoints.http.connections import ServerLimits
from entrypoints.http.server import Server, ServerConfig
from entrypoints.settings import Settings

commands = typer.Typer()
SECONDS_TO_END = 5
"""For requests that are under way; whoever follows a run would stay for as long as it goes on."""
FILES_BESIDE = 256
"""File descriptors that are kept for the database, for Sessionboard and Gleanin, and for files."""
MANY_FILES = 65_536
"""Asked for where the system names no limit."""
BACKLOG = 2048
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
NEWCOMER = "newcomer@example.org"


def reachable_as(chosen: Settings, host: str, port: int) -> Settings:
    """Settle where people reach the program.

    Raises:
        typer.BadParameter: other machines are to reach it, and nobody said under which address.
    """
    if chosen.public_url is not None:
        if not _is_origin(chosen.public_url):
            raise typer.BadParameter(
                "GLEANIN_SYNC_PUBLIC_URL is wrong: give scheme and host, as in https://sync.example.org."
            )
        return chosen
    if host not in LOCAL:
        raise typer.BadParameter(
            "To be reached from other machines, it must know its address: set GLEANIN_SYNC_PUBLIC_URL, as in "
            "https://sync.example.org. Cookies and the addresses that are handed out follow it.",
            param_hint="--host",
        )
    name = f"[{host}]" if ":" in host else host
    return chosen.model_copy(update={"public_url": f"http://{name}:{port}"})


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    return whole and not more and url.isprintable() and " " not in url


def within_files(chosen: Settings) -> Settings:
    """Raise the limit of open files as far as it goes, and keep the connections below it."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return chosen
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # some systems have a lower one than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    if soft == resource.RLIM_INFINITY:
        return chosen
    room = max(soft - FILES_BESIDE, soft // 2)
    return chosen.model_copy(update={"max_connections": min(chosen.max_connections, room)})


def listening(host: str, port: int) -> socket.socket:
    """Take the port.

    Raises:
        typer.BadParameter: it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named: only then does asyncio send small answers at once (TCP_NODELAY).
    door = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((host, port))
        door.listen(BACKLOG)  # clients that connect before the server runs wait
    except (OSError, UnicodeError) as error:
        number = getattr(error, "errno", None) or 0
        # The resolver's own numbers are negative, and no others know them.
        said = os.strerror(number) if number > 0 else "there is no such host"
        message = f"{host:.80}, port {port} cannot be used: {said}."
        door.close()
        raise typer.BadParameter(message, param_hint="--port") from error
    return door


async def served(container: Container, door: socket.socket) -> None:
    """Serve until cancelled; requests and runs under way are seen through."""
    settings = container.settings()
    limits = ServerLimits(
        settings.max_connections, settings.max_connections_per_address, settings.request_seconds
    )
    server = Server(ServerConfig(application(container), limits, seconds_to_end=SECONDS_TO_END))
    # The signals are ours: they cancel what waits here, and that ends the server.
    serving = asyncio.ensure_future(server._serve([door]))  # noqa: SLF001 - `serve` is this, and takes the signals
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


async def welcome(container: Container) -> Answer:
    """Tell where it is served, and how the first account is made, as long as there is none."""
    chosen = container.settings()
    offered = await container.resolve(CreateSignUpLink)()
    at = chosen.address_of("/")
    sign_up = chosen.address_of(f"/sign-up/{offered}") if offered else None

    def show(screen: Console) -> None:
        screen.print(say(f"Serving at {at} until Ctrl-C."), style="bold", soft_wrap=True)
        if sign_up:
            screen.print(say("There is no account yet. Make the first one here, within a day:"))
            screen.print(say(sign_up), soft_wrap=True)

    return Answer({"address": at, "sign_up": sign_up}, show)


@asynccontextmanager
async def playground(chosen: Settings) -> AsyncIterator[tuple[Container, Answer]]:
    """Open a container for a newcomer: stand-ins of both services, one organization, somebody who is signed in."""
    from entrypoints.cli.demo import NAME, settings_for
    from entrypoints.sandbox.loading import load_state
    from entrypoints.sandbox.server import serve as serve_sandbox
    from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN

    with TemporaryDirectory(prefix="gleanin-sync-playground-") as folder:
        async with (
            serve_sandbox(load_state()) as sandbox,
            opened(settings_for(chosen, Path(folder), sandbox)) as container,
        ):
            new = NewOrganization(NAME, sandbox.sessionboard_url, Token(SESSIONBOARD_TOKEN))
            await container.resolve(AddOrganization)(new, actor=COMMAND_LINE)
            await container.resolve(AddAccount)(
                NewAccount(NEWCOMER, Grant(Role.ADMIN), password=None), actor=COMMAND_LINE
            )
            entry = await container.resolve(CreateSignInLink)(NEWCOMER, actor=COMMAND_LINE)
            at = container.settings().address_of(f"/sign-in/once/{entry}")

            def show(screen: Console) -> None:
                screen.print("Stand-ins of Sessionboard and Gleanin are running behind it.", style="bold")
                screen.print(say("Open this to be signed in, and begin with Integrations > Connect:"))
                screen.print(say(at), soft_wrap=True)
                screen.print(say(f"The Gleanin API token to connect with: {GLEANIN_TOKEN}"))
                screen.print(say("Ctrl-C stops it, and nothing of it is left."), style="dim")

            document = {"address": at, "gleanin_token": GLEANIN_TOKEN, "control_url": sandbox.control_url}
            yield container, Answer(document, show)


@commands.command(
    epilog=examples(
        "gleanin-sync serve", "gleanin-sync serve --host 0.0.0.0 --port 8080", "gleanin-sync serve --sandbox"
    )
)
def serve(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help="To try it: with stand-ins of both services, and a database of its own."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Serve the product UI, the portals and the JSON API, and carry out syncs, until Ctrl-C.

    The first start without any account prints an address at which to make one. With --json, one document tells
    the address as soon as it is served.
    """
    chosen = within_files(reachable_as(settings(), host, port))

    async def until_stopped() -> Answer:

        with listening(host, port) as door, suppress(asyncio.CancelledError):  # to be stopped is how it ends
            if sandbox:
                async with playground(chosen) as (container, told):
                    print_answer(told, as_json=as_json)
                    await served(container, door)
            else:
                async with opened(chosen) as container:
                    await container.resolve(NoteServedUrl)(chosen.address_of(""))
                    print_answer(await welcome(container), as_json=as_json)
                    await served(container, door)
        return Answer(None, lambda _: None)

    answer = in_loop(until_stopped, stops_within=chosen.stop_seconds)
    if not as_json:
        finish(answer, as_json=False)
