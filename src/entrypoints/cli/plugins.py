"""The installed plug-ins: `plugins`."""

import typer
from rich.console import Console

from entrypoints.cli.options import AsJson, examples
from entrypoints.cli.output import Answer, table
from entrypoints.cli.runner import finish
from entrypoints.plugins import LoadedPlugin, installed_plugins
from entrypoints.text import safe

commands = typer.Typer()


@commands.command("plugins", epilog=examples("gleanin-sync plugins", "gleanin-sync plugins --json"))
def list_plugins(as_json: AsJson = False) -> None:
    """List the sources, destinations and kinds of records that are installed, and why one was refused."""
    finish(answer_of([*installed_plugins().all()]), as_json=as_json)


def answer_of(plugins: list[LoadedPlugin]) -> Answer:
    documents = [document(loaded) for loaded in plugins]

    def show(console: Console) -> None:
        rows = (
            (
                str(each["group"]).rpartition(".")[2],
                safe(each["identifier"]),
                safe(each["display_name"] or ""),
                safe(f"{each['package']} {each['version']}"),
                safe(f"{each['state']}: {each['problem']}" if each["problem"] else each["state"]),
            )
            for each in documents
        )
        console.print(table("Plug-ins", ("Group", "Identifier", "Name", "Package", "State"), rows))

    return Answer(lambda: documents, show)


def document(loaded: LoadedPlugin) -> dict[str, str | None]:
    installed, plugin = loaded.installed, loaded.plugin
    return {
        "group": installed.group.value,
        "identifier": installed.identifier,
        "display_name": plugin.display_name if plugin else None,
        "package": installed.package,
        "version": installed.version,
        "state": loaded.state.value,
        "problem": loaded.problem or None,
    }
