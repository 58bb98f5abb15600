"""What an admin enters to access a system: the token, and the fields that its plug-in declares."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Annotated

import typer

from core.domain.tenancy.access_fields import AccessField
from core.domain.tenancy.secrets import NO_TOKEN, Token
from entrypoints.cli.options import has_terminal, token
from entrypoints.plugins import PluginMissing, installed_plugins
from entrypoints.text import safe
from ports.plugins import DestinationPlugin, SourcePlugin

System = SourcePlugin | DestinationPlugin

AccessOption = Annotated[
    list[str] | None,
    typer.Option(
        "--access",
        metavar="NAME=VALUE",
        help="Another field of the access, such as its plug-in needs it; repeat it for several.",
        show_default=False,
    ),
]


def access_values(options: Iterable[str] | None) -> dict[str, str]:
    """Return the values of access fields by name.

    Raises:
        typer.BadParameter: one is not NAME=VALUE; it is not repeated, because it may be secret.
    """
    values: dict[str, str] = {}
    for option in options or ():
        name, separator, value = option.partition("=")
        if not name or not separator:
            raise typer.BadParameter("Use NAME=VALUE.", param_hint="--access")
        if name in values:
            raise typer.BadParameter(f"{safe(name)} is given twice.", param_hint="--access")
        values[name] = value
    return values


def find_source(identifier: str) -> SourcePlugin | None:
    """Return a source; None if it is not installed, which is said when it is used."""
    with suppress(PluginMissing):
        return installed_plugins().source(identifier)
    return None


def find_destination(identifier: str) -> DestinationPlugin | None:
    """Return a destination; None if it is not installed, which is said when it is used."""
    with suppress(PluginMissing):
        return installed_plugins().destination(identifier)
    return None


def display_name(identifier: str, plugin: System | None) -> str:
    """Return what a source or a destination is called; its identifier if it is not installed."""
    return safe(plugin.display_name) if plugin else safe(identifier).capitalize()


def ask_token(identifier: str, plugin: System | None, *, from_stdin: bool, new: bool = False) -> Token:
    """Read a token, if the system needs one.

    Raises:
        InvalidInput: the text is not a valid token.
        typer.BadParameter: one was given that is not needed, or there is no way to read it.
    """
    name = display_name(identifier, plugin)
    if plugin is None or plugin.needs_token:
        return token(f"{'New ' if new else ''}{name} API token", from_stdin=from_stdin)
    if from_stdin:
        raise typer.BadParameter(f"{name} needs no token. Leave it out.", param_hint="--token-stdin")
    return NO_TOKEN


def ask_missing(plugin: System | None, values: dict[str, str]) -> dict[str, str]:
    """Prompt for required access fields without a value, if there is a terminal to prompt at."""
    fields: Sequence[AccessField] = plugin.access_fields if plugin else ()
    missing = [field for field in fields if field.is_required and field.name not in values]
    if not has_terminal():
        return values
    return {**values, **{field.name: _ask(field) for field in missing}}


def _ask(field: AccessField) -> str:
    choices = f" (one of {', '.join(field.choices)})" if field.choices else ""
    answer: str = typer.prompt(f"{safe(field.label)}{safe(choices)}", hide_input=field.is_secret, err=True)
    return answer
