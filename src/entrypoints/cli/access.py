"""Access to the HTTP entrypoint: accounts (`user`) and API keys (`key`)."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.ids import ApiKeyId, OrganizationId
from core.usecases.access.add_account import AddAccount, NewAccount
from core.usecases.access.change_password import ChangePassword
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.access.create_sign_in_link import CreateSignInLink
from core.usecases.access.grant_role import GrantRole
from core.usecases.access.list_keys_of_account import ListKeysOfAccount
from core.usecases.access.queries import ListAccounts, ListAllApiKeys, ListApiKeys
from core.usecases.access.remove_account import RemoveAccount
from core.usecases.access.revoke_api_key import RevokeApiKey
from core.usecases.access.revoke_role import RevokeRole
from core.usecases.access.unbind_identities import UnbindIdentities
from core.usecases.organizations.queries import FindOrganization
from entrypoints.cli.options import AsJson, examples, secret
from entrypoints.cli.output import Answer, safe_text, table
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.resources.access import AccountResponse, ApiKeyResponse, CreatedApiKeyResponse

commands = typer.Typer()
user = typer.Typer()
key = typer.Typer()
commands.add_typer(
    user,
    name="user",
    help="Manage people's accounts and roles.",
    epilog=examples('gleanin-sync user add ada@example.org --role admin --organization "PyCon FR"'),
)
commands.add_typer(
    key,
    name="key",
    help="Manage API keys for other programs.",
    epilog=examples('gleanin-sync key add "Nightly export" --role viewer --organization "PyCon FR"'),
)

Email = Annotated[str, typer.Argument(help="The account's e-mail.", show_default=False)]
WithRole = Annotated[
    Role, typer.Option("--role", help="admin: everything; viewer: read; support: read and sync.")
]
InOrganization = Annotated[
    str | None,
    typer.Option(
        "--organization",
        metavar="ORG",
        help="By name or id. [default: all organizations]",
        show_default=False,
    ),
]
OfOrganization = Annotated[
    str | None,
    typer.Option(
        "--organization", metavar="ORG", help="Only this organization's, by name or id.", show_default=False
    ),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]

NoPassword = Annotated[
    bool, typer.Option("--no-password", help="For someone who signs in with OpenID Connect only.")
]


async def _grant(container: Container, role: Role, org: str | None) -> Grant:
    return Grant(role, (await container.resolve(FindOrganization)(org)).id if org is not None else None)


async def _webhook_help(container: Container, role: Role, org: str | None) -> Sequence[str]:
    """Return how to create webhooks with a key of the role `hook`; nothing for other keys."""
    if role is not Role.HOOK or org is None:
        return ()
    from entrypoints.webhook_help import webhook_help

    found = webhook_help(container.plugins(), await container.resolve(FindOrganization)(org))
    return found.sentences if found else ("The organization's source has no webhooks.",)


def _describe_grant(grant: Grant) -> str:
    return f"{grant.role} of {grant.organization_id or 'all organizations'}"


async def add_account(
    container: Container, email: str, role: Role, org: str | None, password: str | None
) -> Answer:
    account = await container.resolve(AddAccount)(
        NewAccount(email, await _grant(container, role, org), password), actor=COMMAND_LINE
    )

    def show(screen: Console) -> None:
        (grant,) = account.grants
        screen.print(safe_text(f"Added {account.email}, {_describe_grant(grant)}."))

    return Answer(lambda: AccountResponse.from_domain(account).document(), show)


async def list_accounts(container: Container) -> Answer:
    accounts = await container.resolve(ListAccounts)()

    def show(screen: Console) -> None:
        rows = [
            (
                account.email,
                ", ".join(sorted(map(_describe_grant, account.grants))) or "none",
                f"{account.created_at:%Y-%m-%d}",
            )
            for account in accounts
        ]
        screen.print(table("Accounts", ("E-mail", "Roles", "Added"), rows, whole=("E-mail",)))
        if not accounts:
            screen.print("No accounts yet. To add one: gleanin-sync user add EMAIL")

    def document() -> list[dict[str, Any]]:
        return [AccountResponse.from_domain(account).document() for account in accounts]

    return Answer(document, show)


async def remove_account(container: Container, email: str) -> Answer:
    await container.resolve(RemoveAccount)(email, actor=COMMAND_LINE)
    keys = await container.resolve(ListKeysOfAccount)(email)

    def show(screen: Console) -> None:
        screen.print(safe_text(f"Removed {email}."))
        if not keys:
            return
        rows = [(org.name if org else "all", key.name, key.grant.role, key.id) for org, key in keys]
        heading = "API keys created by this account that are still valid"
        screen.print(table(heading, ("Organization", "Name", "Role", "ID"), rows))
        screen.print("To revoke one: gleanin-sync key revoke ID --organization ORG")
        if any(org is None for org, _ in keys):
            screen.print("To revoke one for all organizations: gleanin-sync key revoke ID")

    def document() -> dict[str, Any]:
        still_valid = [
            ApiKeyResponse.from_domain(key).document() | {"organization": org.name if org else None}
            for org, key in keys
        ]
        return {"email": email, "valid_api_keys": still_valid}

    return Answer(document, show)


@user.command("add", epilog=examples('gleanin-sync user add ada@example.org --organization "PyCon FR"'))
def add_user(  # noqa: PLR0917 - typer takes them by name
    email: Email,
    role: WithRole = Role.ADMIN,
    organization: InOrganization = None,
    password_stdin: PasswordStdin = False,
    no_password: NoPassword = False,
    as_json: AsJson = False,
) -> None:
    """Add an account and give it a role."""
    password = None if no_password else secret("Password", from_stdin=password_stdin, confirm=True)
    run_command(
        lambda container: add_account(container, email, role, organization, password), as_json=as_json
    )


@user.command("list", epilog=examples("gleanin-sync user list --json"))
def list_users(as_json: AsJson = False) -> None:
    """List the accounts and their roles."""
    run_command(list_accounts, as_json=as_json)


@user.command("role", epilog=examples("gleanin-sync user role ada@example.org --role support"))
def grant_role(
    email: Email,
    role: WithRole,
    organization: InOrganization = None,
    take: Annotated[bool, typer.Option("--take", help="Remove the role instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Grant an account a role, or revoke it."""

    async def work(container: Container) -> Answer:
        grant = await _grant(container, role, organization)
        change = container.resolve(RevokeRole) if take else container.resolve(GrantRole)
        account = await change(email, grant, actor=COMMAND_LINE)
        message = f"{account.email} is {'no longer' if take else 'now'} {_describe_grant(grant)}."
        return Answer(
            lambda: AccountResponse.from_domain(account).document(),
            lambda screen: screen.print(safe_text(message)),
        )

    run_command(work, as_json=as_json)


@user.command("password", epilog=examples("gleanin-sync user password ada@example.org"))
def change_password(email: Email, password_stdin: PasswordStdin = False, as_json: AsJson = False) -> None:
    """Set a new password; the account is signed out on all devices."""
    password = secret("New password", from_stdin=password_stdin, confirm=True)

    async def work(container: Container) -> Answer:
        account = await container.resolve(ChangePassword)(email, password, actor=COMMAND_LINE)
        message = f"{account.email} has a new password and was signed out on all devices."
        return Answer(
            lambda: AccountResponse.from_domain(account).document(),
            lambda screen: screen.print(safe_text(message)),
        )

    run_command(work, as_json=as_json)


@user.command("sign-in", epilog=examples("gleanin-sync user sign-in ada@example.org"))
def create_sign_in_link(email: Email, as_json: AsJson = False) -> None:
    """Create a sign-in link that works once, for someone who lost their password."""

    async def work(container: Container) -> Answer:
        link_token = await container.resolve(CreateSignInLink)(email, actor=COMMAND_LINE)
        settings = container.settings()
        url = settings.address_of(f"/sign-in/once/{link_token}")

        def show(screen: Console) -> None:
            screen.print(safe_text(f"This link signs in {email}. It works once, within 12 hours:"))
            screen.print(safe_text(url), soft_wrap=True)
            if settings.public_url is None:
                screen.print(
                    "`gleanin-sync serve` has not run on this database yet. If it will have another address,"
                )
                screen.print("set GLEANIN_SYNC_PUBLIC_URL, for example https://sync.example.org.")

        return Answer(lambda: {"email": email, "address": url}, show)

    run_command(work, as_json=as_json)


@user.command("unbind", epilog=examples("gleanin-sync user unbind ada@example.org"))
def unbind(email: Email, as_json: AsJson = False) -> None:
    """Unbind an account from the company's sign-in, and sign it out on all devices.

    The next OpenID Connect sign-in with the account's e-mail binds it again.
    """

    async def work(container: Container) -> Answer:
        account, number = await container.resolve(UnbindIdentities)(email, actor=COMMAND_LINE)
        message = (
            f"{account.email} is no longer bound. The next sign-in with this e-mail binds it again."
            if number
            else f"{account.email} was not bound."
        )
        return Answer(
            lambda: {"email": account.email, "unbound": number},
            lambda screen: screen.print(safe_text(message)),
        )

    run_command(work, as_json=as_json)


@user.command("remove", epilog=examples("gleanin-sync user remove ada@example.org"))
def remove_user(email: Email, as_json: AsJson = False) -> None:
    """Remove an account and sign it out on all devices. API keys it created stay valid and are listed."""
    run_command(lambda container: remove_account(container, email), as_json=as_json)


@key.command("add", epilog=examples('gleanin-sync key add export --role viewer --organization "PyCon FR"'))
def add_key(
    name: Annotated[str, typer.Argument(help="Shown in the audit log.", show_default=False)],
    role: WithRole,
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """Create an API key; its secret is shown only once."""

    async def work(container: Container) -> Answer:
        api_key, key_secret = await container.resolve(CreateApiKey)(
            name, await _grant(container, role, organization), actor=COMMAND_LINE
        )
        help_sentences = await _webhook_help(container, role, organization)

        def show(screen: Console) -> None:
            heading = f"Created the API key {api_key.name}, {_describe_grant(api_key.grant)}. It is shown only once:"
            screen.print(safe_text(heading))
            screen.print(safe_text(key_secret), soft_wrap=True)
            for sentence in help_sentences:
                screen.print(safe_text(sentence), soft_wrap=True)

        return Answer(lambda: CreatedApiKeyResponse.from_domain(api_key, key_secret).document(), show)

    run_command(work, as_json=as_json)


@key.command(
    "list", epilog=examples("gleanin-sync key list", 'gleanin-sync key list --organization "PyCon FR"')
)
def list_keys(organization: OfOrganization = None, as_json: AsJson = False) -> None:
    """List the API keys of all organizations, or those of one."""
    run_command(lambda container: list_api_keys(container, organization), as_json=as_json)


async def list_api_keys(container: Container, org: str | None) -> Answer:
    if org is None:
        keys = await container.resolve(ListAllApiKeys)()
    else:
        owner = await container.resolve(FindOrganization)(org)
        keys = [(owner, key) for key in await container.resolve(ListApiKeys)(owner.id)]

    def show(screen: Console) -> None:
        rows = [
            (
                key.id,
                key.name,
                key.grant.role,
                owner.name if owner else "all organizations",
                "revoked" if key.revoked_at else "valid",
            )
            for owner, key in keys
        ]
        screen.print(table("API keys", ("ID", "Name", "Role", "Organization", "State"), rows))
        if not keys:
            screen.print(
                "No API keys yet. To add one: gleanin-sync key add NAME --role viewer --organization ORG"
            )

    return Answer(lambda: [ApiKeyResponse.from_domain(key).document() for _, key in keys], show)


@key.command("revoke", epilog=examples('gleanin-sync key revoke KEY --organization "PyCon FR"'))
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id.", show_default=False)],
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """Revoke an API key; it stops working immediately."""

    async def work(container: Container) -> Answer:
        revoked = await container.resolve(RevokeApiKey)(
            await _id(container, organization), ApiKeyId(key_id), actor=COMMAND_LINE
        )
        message = f"Revoked the API key {revoked.name}. It no longer works."
        return Answer(
            lambda: ApiKeyResponse.from_domain(revoked).document(),
            lambda screen: screen.print(safe_text(message)),
        )

    run_command(work, as_json=as_json)


async def _id(container: Container, org: str | None) -> OrganizationId | None:
    return (await container.resolve(FindOrganization)(org)).id if org is not None else None
