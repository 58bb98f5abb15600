"""The fields of the source that share links can be written back to: `link-fields`."""

from typing import Annotated

import typer
from rich.console import Console

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import MappingId
from core.domain.links.link_fields import DEFAULT_FIELD_NAME
from core.usecases.links.order_link_field import FieldOrder, OrderLinkField
from core.usecases.links.queries import LinkChoices, ListLinkChoices
from core.usecases.mappings.queries import GetMapping
from entrypoints.cli.options import AsJson, Mapping, examples
from entrypoints.cli.output import Answer, safe_text, table
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.resources.links import LinkChoicesResponse, OrderedFieldResponse

commands = typer.Typer()


async def list_choices(container: Container, mapping_id: str) -> Answer:
    choices = await container.resolve(ListLinkChoices)(MappingId(mapping_id))
    source = (await container.resolve(GetMapping)(MappingId(mapping_id))).systems.source
    settings = f"gleanin-sync settings {mapping_id}"

    def show(console: Console) -> None:
        rows = [
            (field.internal_name, field.public_name, whose, _mark(is_chosen=field.internal_name == chosen))
            for whose, fields, chosen in (
                ("people", choices.fields, choices.chosen.field),
                ("companies", choices.company_fields, choices.chosen.company_field),
            )
            for field in fields
        ]
        columns = ("Internal name", "Name", "Of", "Chosen")
        if rows:
            console.print(table(f"Fields in {source} for share links", columns, rows))
        if not choices.fields:
            hint = f"{source} has no event-level text field of people. To order one: gleanin-sync link-fields {mapping_id} --order"
        elif choices.chosen.is_on:
            hint = f"To stop writing links back: {settings} --link-field off"
        else:
            hint = f"Links are not written back. To choose a field: {settings} --link-field INTERNAL_NAME"
        _show_campaigns(console, choices)
        console.print(safe_text(hint), style="dim", soft_wrap=True)

    return Answer(lambda: LinkChoicesResponse.from_domain(choices).document(), show)


def _show_campaigns(console: Console, choices: LinkChoices) -> None:
    if not choices.campaigns:
        return
    chosen = choices.chosen.campaign
    rows = ((key, title, _mark(is_chosen=key == chosen)) for key, title in choices.campaigns.items())
    console.print(table("Campaigns that people have links of", ("Campaign id", "Title", "Chosen"), rows))


def _mark(*, is_chosen: bool) -> str:
    return "yes" if is_chosen else ""


async def order_field(container: Container, order: FieldOrder) -> Answer:
    field = await container.resolve(OrderLinkField)(order, actor=COMMAND_LINE)
    source = (await container.resolve(GetMapping)(order.mapping_id)).systems.source
    option = "--company-link-field" if order.for_companies else "--link-field"

    def show(console: Console) -> None:
        done = f"{source} has the new field" if field.is_new else f"{source} has had the field"
        name = f"{field.public_name}. Its internal name: {field.internal_name}"
        console.print(safe_text(f"{done} {name}"), soft_wrap=True)
        hint = f"To choose it: gleanin-sync settings {order.mapping_id} {option} {field.internal_name}"
        console.print(safe_text(hint), style="dim", soft_wrap=True)

    return Answer(lambda: OrderedFieldResponse.of(field).document(), show)


@commands.command(
    "link-fields",
    epilog=examples(
        "gleanin-sync link-fields MAPPING", 'gleanin-sync link-fields MAPPING --order "Gleanin Link"'
    ),
)
def link_fields(
    mapping: Mapping,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help=f"With --order: the name that people will see; {DEFAULT_FIELD_NAME} if omitted.",
            show_default=False,
        ),
    ] = "",
    order: Annotated[
        bool, typer.Option("--order", help="Order a field in the source; it is made once, and never twice.")
    ] = False,
    for_companies: Annotated[
        bool, typer.Option("--for-companies", help="With --order: a field of companies, not of people.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the fields of the source that share links can be written back to, or order one to be made."""
    if not order:
        if name or for_companies:
            what = "A name" if name else "--for-companies"
            raise typer.BadParameter(f"{what} needs --order.", param_hint="--order")
        run_command(lambda container: list_choices(container, mapping), as_json=as_json)
        return
    command = FieldOrder(MappingId(mapping), name or DEFAULT_FIELD_NAME, for_companies)
    run_command(lambda container: order_field(container, command), as_json=as_json)
