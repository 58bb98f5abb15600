"""Maintenance of an installation: `doctor`, `database upgrade`, `probe`."""

from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from core.domain.errors import NothingToProbe
from core.usecases.organizations.probe_destination import ProbeDestination
from core.usecases.organizations.probe_source import ProbeSource
from core.usecases.organizations.queries import FindConnection, FindOrganization
from entrypoints.cli.checks import checks
from entrypoints.cli.errors import ExitCode
from entrypoints.cli.options import AsJson, Org, examples
from entrypoints.cli.output import Answer, safe_text, table
from entrypoints.cli.runner import finish, run_async, run_command, settings
from entrypoints.container import Container
from entrypoints.database import upgrade_database
from entrypoints.names import default_destination
from entrypoints.settings import Settings
from entrypoints.text import safe
from ports.probe import Finding

commands = typer.Typer()
database = typer.Typer()
commands.add_typer(
    database,
    name="database",
    help="Maintain the database.",
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


async def examine(chosen: Settings) -> Answer:
    """Run the checks of `doctor`."""
    results = [check async for check in checks(chosen)]
    shown = public_settings(chosen)

    def show(console: Console) -> None:
        console.print("Settings", style="bold")
        for name, value in shown.items():
            # Not a table, because paths and URLs are too long for a column.
            console.print(safe_text(f"  {name} = {value}"), soft_wrap=True)
        console.print()
        rows = ((_styled(check.health), _below(check.name, check.message)) for check in results)
        console.print(table("Checks", ("", "Check and result"), rows))

    document = {
        "settings": shown,
        "checks": [
            {"name": check.name, "health": check.health.value, "message": check.message} for check in results
        ],
    }
    exit_code = next((check.exit_code for check in results if check.exit_code), ExitCode.DONE)
    return Answer(lambda: document, show, exit_code)


def public_settings(chosen: Settings) -> dict[str, Any]:
    """Return the settings by variable name, without secrets."""
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
    # A password is before the last @, or in a query such as ?password=...
    return (
        f"{scheme}://…@{rest.rpartition('@')[2].partition('?')[0]}"
        if "@" in rest
        else f"{scheme}://{rest.partition('?')[0]}"
    )


async def probe_systems(container: Container, org: str) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    connection = await container.resolve(FindConnection)(found.id)
    destination = connection.destination if connection else default_destination(container)
    probes = (
        (destination, container.resolve(ProbeDestination)),
        (found.source, container.resolve(ProbeSource)),
    )
    findings: dict[str, Sequence[Finding]] = {}
    refusal: NothingToProbe | None = None
    for system, probe_it in probes:
        try:
            findings[str(system)] = await probe_it(found.id)
        except NothingToProbe as error:
            refusal = error
    if not findings and refusal is not None:
        raise refusal

    def show(console: Console) -> None:
        for system, of_system in findings.items():
            rows = (
                (_styled(finding.verdict), finding.marked, _below(finding.assumption, finding.seen))
                for finding in of_system
            )
            heading = f"Assumptions about {system}, checked with the account of {found.name}"
            console.print(table(heading, ("", "Based on", "Assumption and observation"), rows))
        console.print("Nothing was written.", style="dim")

    document = [
        {
            "assumption": finding.assumption,
            "marked": finding.marked.value,
            "verdict": finding.verdict.value,
            "seen": finding.seen,
            "system": system,
        }
        for system, of_system in findings.items()
        for finding in of_system
    ]
    return Answer(lambda: document, show)


def _below(subject: str, result: str) -> Text:
    """Return the result below its subject: side by side, paths would be wrapped."""
    return Text.assemble((safe(subject), "bold"), "\n", safe(result))


def _styled(state: str) -> Text:
    return Text(state, style=STYLES[state])


@commands.command(epilog=examples('gleanin-sync probe "PyCon FR"'))
def probe(org: Org, as_json: AsJson = False) -> None:
    """Check what this program assumes about both systems against an organization's accounts; nothing is written."""
    run_command(lambda container: probe_systems(container, org), as_json=as_json)


@commands.command(epilog=examples("gleanin-sync doctor"))
def doctor(as_json: AsJson = False) -> None:
    """Check settings, keys, database, migrations, queue and clock, and that sources and destinations can be reached.

    The exit code is that of the first problem.
    """
    chosen = settings()
    finish(run_async(lambda: examine(chosen)), as_json=as_json)


@database.command(epilog=examples("gleanin-sync database upgrade"))
def upgrade(as_json: AsJson = False) -> None:
    """Upgrade the database to this version of the program."""
    revision = upgrade_database(settings())

    def show(console: Console) -> None:
        console.print(safe_text(f"The database is up to date ({revision})."))

    finish(Answer(lambda: {"revision": revision}, show), as_json=as_json)
