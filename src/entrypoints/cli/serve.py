"""Serve the HTTP entrypoint: `serve`."""

import asyncio
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
from core.usecases.notifications.served_url import SaveServedUrl
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from entrypoints.cli.options import AsJson, examples
from entrypoints.cli.output import Answer, print_answer, safe_text
from entrypoints.cli.runner import finish, run_async, settings
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.http.process import PortUnusable, listen_on, serve_until_cancelled, with_file_limit
from entrypoints.settings import Settings

commands = typer.Typer()
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
DEMO_USER = "newcomer@example.org"


def with_public_url(chosen: Settings, host: str, port: int) -> Settings:
    """Return the settings with the URL at which people reach the program.

    Raises:
        typer.BadParameter: other machines shall reach it and no public URL is set, or it is invalid.
    """
    if chosen.public_url is not None:
        if not _is_origin(chosen.public_url):
            raise typer.BadParameter(
                "GLEANIN_SYNC_PUBLIC_URL is wrong. Use scheme and host, for example https://sync.example.org."
            )
        return chosen
    if host not in LOCAL:
        raise typer.BadParameter(
            "To accept connections from other machines, set GLEANIN_SYNC_PUBLIC_URL to the public URL, for example "
            "https://sync.example.org. Cookies and links depend on it.",
            param_hint="--host",
        )
    name = f"[{host}]" if ":" in host else host
    return chosen.model_copy(update={"public_url": f"http://{name}:{port}"})


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        complete = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    extra = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    return complete and not extra and url.isprintable() and " " not in url


def _listening(host: str, port: int) -> socket.socket:
    try:
        return listen_on(host, port)
    except PortUnusable as error:
        raise typer.BadParameter(str(error), param_hint="--port") from error


async def welcome(container: Container) -> Answer:
    """Return the URL, and while there is no account, the link that creates the first one."""
    chosen = container.settings()
    link_token = await container.resolve(CreateSignUpLink)()
    url = chosen.address_of("/")
    sign_up = chosen.address_of(f"/sign-up/{link_token}") if link_token else None

    def show(screen: Console) -> None:
        screen.print(safe_text(f"Serving at {url} until Ctrl-C."), style="bold", soft_wrap=True)
        if sign_up:
            screen.print(safe_text("There is no account yet. Create the first one here, within a day:"))
            screen.print(safe_text(sign_up), soft_wrap=True)

    return Answer(lambda: {"address": url, "sign_up": sign_up}, show)


@asynccontextmanager
async def playground(chosen: Settings) -> AsyncIterator[tuple[Container, Answer]]:
    """Open a container to try the program: stand-ins for both services, an organization, and a sign-in link."""
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
                NewAccount(DEMO_USER, Grant(Role.ADMIN), password=None), actor=COMMAND_LINE
            )
            link_token = await container.resolve(CreateSignInLink)(DEMO_USER, actor=COMMAND_LINE)
            url = container.settings().address_of(f"/sign-in/once/{link_token}")

            def show(screen: Console) -> None:
                screen.print("Serving with stand-ins for Sessionboard and Gleanin.", style="bold")
                screen.print(safe_text("Open this link to sign in, then start with Integrations > Connect:"))
                screen.print(safe_text(url), soft_wrap=True)
                screen.print(safe_text(f"Gleanin API token for connecting: {GLEANIN_TOKEN}"))
                screen.print(safe_text("Press Ctrl-C to stop. All data will be deleted."), style="dim")

            document = {"address": url, "gleanin_token": GLEANIN_TOKEN, "control_url": sandbox.control_url}
            yield container, Answer(lambda: document, show)


@commands.command(
    epilog=examples(
        "gleanin-sync serve", "gleanin-sync serve --host 0.0.0.0 --port 8080", "gleanin-sync serve --sandbox"
    )
)
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help="Try it with stand-ins for Sessionboard and Gleanin and a temporary database."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Serve the product UI, the portals and the JSON API, and run syncs, until Ctrl-C.

    While there is no account, prints a link that creates the first one.
    With --json, prints one document with the URL once it is served.
    """
    chosen = with_file_limit(with_public_url(settings(), host, port))

    async def until_stopped() -> Answer:
        with (
            _listening(host, port) as listener,
            suppress(asyncio.CancelledError),
        ):  # being stopped is the normal end
            if sandbox:
                async with playground(chosen) as (container, answer):
                    print_answer(answer, as_json=as_json)
                    await serve_until_cancelled(container, listener)
            else:
                async with opened(chosen) as container:
                    await container.resolve(SaveServedUrl)(chosen.address_of(""))
                    print_answer(await welcome(container), as_json=as_json)
                    await serve_until_cancelled(container, listener)
        return Answer(lambda: None, lambda _: None)

    answer = run_async(until_stopped, stops_within=chosen.stop_seconds)
    if not as_json:
        finish(answer, as_json=False)
