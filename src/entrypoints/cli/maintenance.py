"""Keeping an installation well: `doctor`, `database upgrade`, `probe`."""

from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from core.usecases.organizations.probe_destination import ProbeDestination
from core.usecases.organizations.queries import FindOrganization
from entrypoints.cli.checks import checks
from entrypoints.cli.errors import ExitCode
from entrypoints.cli.options import AsJson, Org, examples
from entrypoints.cli.output import Answer, say, table
from entrypoints.cli.runner import carry_out, finish, in_loop, settings
from entrypoints.container import Container
from entrypoints.database import upgrade_database
from entrypoints.settings import Settings
from entrypoints.text import safe

commands = typer.Typer()
database = typer.Typer()
commands.add_typer(
    database,
    name="database",
    help="The database's upkeep.",
    epilog=examples("gleanin-sync database upgrade"),
)

STYLES = {
    "ok": "green",
    "agrees": "green",
    "warning": "yellow",
    "not seen": "yellow",
    "problem": "bold red",
    "differs": "bold red",
}


async def examined(chosen: Settings) -> Answer:

    found = [check async for check in checks(chosen)]
    shown = told_settings(chosen)

    def show(console: Console) -> None:
        console.print("Settings", style="bold")
        for name, value in shown.items():
            # No table: a path or an address is longer than a column has room for.
            console.print(say(f"  {name} = {value}"), soft_wrap=True)
        console.print()
        rows = ((_styled(each.health), _below(each.name, each.message)) for each in found)
        console.print(table("Checks", ("", "What, and what was found"), rows))

    document = {
        "settings": shown,
        "checks": [
            {"name": each.name, "health": each.health.value, "message": each.message} for each in found
        ],
    }
    worst = next((each.exit_code for each in found if each.exit_code), ExitCode.DONE)
    return Answer(document, show, worst)


def told_settings(chosen: Settings) -> dict[str, Any]:
    """Give the settings as variables, without what is secret in them."""
    return {
        "GLEANIN_SYNC_DATABASE_URL": _without_password(chosen.database),
        "GLEANIN_SYNC_SECRET_KEYS": f"set ({len(chosen.keys)})" if chosen.keys else f"in {chosen.keys_file}",
        **{
            f"GLEANIN_SYNC_{name.upper()}": getattr(chosen, name)
            for name in type(chosen).model_fields
            if name not in {"database_url", "secret_keys", "smtp_url", "openid_client_secret"}
        },
        "GLEANIN_SYNC_SMTP_URL": _without_password(chosen.smtp_url.get_secret_value())
        if chosen.smtp_url
        else None,
        "GLEANIN_SYNC_OPENID_CLIENT_SECRET": "set" if chosen.openid_client_secret else None,
    }


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator:
        return "not a database URL"
    if scheme.startswith("sqlite"):
        return url
    # Passwords stand before the last @, and in a query such as ?password=...
    return (
        f"{scheme}://…@{rest.rpartition('@')[2].partition('?')[0]}"
        if "@" in rest
        else f"{scheme}://{rest.partition('?')[0]}"
    )


async def probed(container: Container, org: str) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    findings = await container.resolve(ProbeDestination)(found.id)

    def show(console: Console) -> None:
        rows = ((_styled(each.verdict), each.marked, _below(each.assumption, each.seen)) for each in findings)
        heading = f"Gleanin, as {found.name} sees it, and what is assumed of it"
        console.print(table(heading, ("", "Rests on", "Assumption, and what was seen"), rows))
        console.print("Nothing was written.", style="dim")

    document = [
        {
            "assumption": each.assumption,
            "marked": each.marked.value,
            "verdict": each.verdict.value,
            "seen": each.seen,
        }
        for each in findings
    ]
    return Answer(document, show)


def _below(subject: str, found: str) -> Text:
    """Lay out what was looked at and what was found, one below the other: side by side, paths would break in two."""
    return Text.assemble((safe(subject), "bold"), "\n", safe(found))


def _styled(state: str) -> Text:
    return Text(state, style=STYLES[state])


@commands.command(epilog=examples('gleanin-sync probe "PyCon FR"'))
def probe(org: Org, as_json: AsJson = False) -> None:
    """Compare an organization's real Gleanin account with what this program assumes of Gleanin; reads only."""
    carry_out(lambda container: probed(container, org), as_json=as_json)


@commands.command(epilog=examples("gleanin-sync doctor"))
def doctor(as_json: AsJson = False) -> None:
    """Check settings, keys, database, migrations, queue and clock, and whether both sides can be reached.

    Ends with the exit code of the first problem.
    """
    chosen = settings()
    finish(in_loop(lambda: examined(chosen)), as_json=as_json)


@database.command(epilog=examples("gleanin-sync database upgrade"))
def upgrade(as_json: AsJson = False) -> None:
    """Bring the database up to date with this program."""
    revision = upgrade_database(settings())

    def show(console: Console) -> None:
        console.print(say(f"The database is up to date ({revision})."))

    finish(Answer({"revision": revision}, show), as_json=as_json)
