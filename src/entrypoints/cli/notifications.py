"""The recipient of an organization's notifications: `notices`."""

from typing import Annotated, Any

import typer
from rich.console import Console

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import OrganizationId
from core.domain.notifications.notification import Channel
from core.domain.tenancy.secrets import Token
from core.usecases.notifications.choose_recipient import ChooseRecipient
from core.usecases.notifications.queries import FindRecipient
from core.usecases.notifications.remove_recipient import RemoveRecipient
from core.usecases.notifications.send_test import SendTestNotification
from core.usecases.organizations.queries import FindOrganization
from entrypoints.cli.options import AsJson, Org, examples
from entrypoints.cli.output import Answer, safe_text
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.resources.notifications import NotificationsResponse

commands = typer.Typer()
CHANNELS = {Channel.WEBHOOK: "webhook", Channel.EMAIL: "e-mail address"}


async def _recipient_answer(
    container: Container, organization_id: OrganizationId, secret: Token | None = None
) -> Answer:
    recipient, latest = await container.resolve(FindRecipient)(organization_id)

    def show(screen: Console) -> None:
        if recipient is None:
            screen.print(
                "Notifications are off. To switch them on: gleanin-sync notices ORG --webhook URL, or --email ADDRESS"
            )
        else:
            screen.print(
                safe_text(f"Notifications go to this {CHANNELS[recipient.channel]}: {recipient.address}"),
                soft_wrap=True,
            )
        if secret is not None:
            screen.print("They are signed with this secret, which is shown only once:")
            screen.print(safe_text(secret.value), soft_wrap=True)
        for notification in latest:
            state = notification.state.replace("_", " ")
            screen.print(
                safe_text(f"{notification.at:%Y-%m-%d %H:%M} UTC, {state}: {notification.text}"),
                soft_wrap=True,
            )
            if notification.problem:
                screen.print(safe_text(f"  Not delivered: {notification.problem}"), soft_wrap=True)

    def document() -> dict[str, Any]:
        chosen = NotificationsResponse.from_domain(recipient, latest).document()
        return chosen | ({"secret": secret.value} if secret else {})

    return Answer(document, show)


async def show_recipient(container: Container, org: str) -> Answer:
    return await _recipient_answer(container, (await container.resolve(FindOrganization)(org)).id)


async def choose_recipient(container: Container, org: str, channel: Channel, address: str) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    _, secret = await container.resolve(ChooseRecipient)(found.id, channel, address, actor=COMMAND_LINE)
    return await _recipient_answer(container, found.id, secret)


async def switch_off(container: Container, org: str) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    await container.resolve(RemoveRecipient)(found.id, actor=COMMAND_LINE)
    return await _recipient_answer(container, found.id)


async def send_test(container: Container, org: str) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    recipient = await container.resolve(SendTestNotification)(found.id, actor=COMMAND_LINE)
    message = f"Sent a test notification to this {CHANNELS[recipient.channel]}: {recipient.address}"
    return Answer(
        lambda: {"channel": recipient.channel, "address": recipient.address, "tried": True},
        lambda screen: screen.print(safe_text(message), soft_wrap=True),
    )


@commands.command(
    epilog=examples(
        'gleanin-sync notices "PyCon FR" --webhook https://hooks.example.org/gleanin-sync',
        'gleanin-sync notices "PyCon FR" --email ops@example.org',
        'gleanin-sync notices "PyCon FR" --try',
    )
)
def notices(  # noqa: PLR0917 - typer takes them by name
    org: Org,
    webhook: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Send notifications to a webhook, signed.", show_default=False),
    ] = None,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Send notifications by e-mail.", show_default=False)
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Switch notifications off.")] = False,
    attempt: Annotated[bool, typer.Option("--try", help="Send a test notification now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show or choose where notifications go: one when a sync starts failing, one when it recovers.

    The secret that signs notifications to a webhook is shown only once. Setting the webhook again creates a new one.
    """
    if sum((webhook is not None, email is not None, off, attempt)) > 1:
        raise typer.BadParameter(
            "Use only one of these.", param_hint=["--webhook", "--email", "--off", "--try"]
        )
    if webhook is not None:
        run_command(
            lambda container: choose_recipient(container, org, Channel.WEBHOOK, webhook), as_json=as_json
        )
    elif email is not None:
        run_command(lambda container: choose_recipient(container, org, Channel.EMAIL, email), as_json=as_json)
    else:
        work = switch_off if off else send_test if attempt else show_recipient
        run_command(lambda container: work(container, org), as_json=as_json)
