"""Who may use the HTTP entrypoint: accounts (`user`) and API keys (`key`)."""

from typing import Annotated

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
from entrypoints import shapes
from entrypoints.cli.options import AsJson, examples, secret
from entrypoints.cli.output import Answer, say, table
from entrypoints.cli.runner import carry_out
from entrypoints.container import Container

commands = typer.Typer()
user = typer.Typer()
key = typer.Typer()
commands.add_typer(
    user,
    name="user",
    help="Accounts of people, and their roles.",
    epilog=examples('gleanin-sync user add ada@example.org --role admin --organization "PyCon FR"'),
)
commands.add_typer(
    key,
    name="key",
    help="API keys for other programs.",
    epilog=examples('gleanin-sync key add "Nightly export" --role viewer --organization "PyCon FR"'),
)

Email = Annotated[str, typer.Argument(help="The account's e-mail.", show_default=False)]
WithRole = Annotated[
    Role, typer.Option("--role", help="admin: all; viewer: reads; support: reads and syncs.")
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
    typer.Option("--organization", metavar="ORG", help="Only this one's, by name or id.", show_default=False),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]

NoPassword = Annotated[
    bool, typer.Option("--no-password", help="For somebody who signs in by OpenID Connect only.")
]


async def _grant(container: Container, role: Role, org: str | None) -> Grant:
    return Grant(role, (await container.resolve(FindOrganization)(org)).id if org is not None else None)


def _said(grant: Grant) -> str:
    return f"{grant.role} of {grant.organization_id or 'all organizations'}"


async def added(
    container: Container, email: str, role: Role, org: str | None, password: str | None
) -> Answer:
    account = await container.resolve(AddAccount)(
        NewAccount(email, await _grant(container, role, org), password), actor=COMMAND_LINE
    )

    def show(screen: Console) -> None:
        (grant,) = account.grants
        screen.print(say(f"Added {account.email}, {_said(grant)}."))

    return Answer(shapes.account(account), show)


async def listed(container: Container) -> Answer:
    accounts = await container.resolve(ListAccounts)()

    def show(screen: Console) -> None:
        rows = [
            (each.email, ", ".join(sorted(map(_said, each.grants))) or "none", f"{each.created_at:%Y-%m-%d}")
            for each in accounts
        ]
        screen.print(table("Accounts", ("E-mail", "Roles", "Added"), rows, whole=("E-mail",)))
        if not accounts:
            screen.print("None yet. To add one: gleanin-sync user add EMAIL")

    return Answer([shapes.account(each) for each in accounts], show)


async def removed(container: Container, email: str) -> Answer:
    await container.resolve(RemoveAccount)(email, actor=COMMAND_LINE)
    keys = await container.resolve(ListKeysOfAccount)(email)

    def show(screen: Console) -> None:
        screen.print(say(f"Removed {email}."))
        if not keys:
            return
        rows = [(org.name if org else "all", key.name, key.grant.role, key.id) for org, key in keys]
        heading = "API keys that it made, and that are still valid"
        screen.print(table(heading, ("Organization", "Name", "Role", "ID"), rows))
        screen.print("To revoke one: gleanin-sync key revoke ID --organization ORG")
        if any(org is None for org, _ in keys):
            screen.print("One for all organizations: gleanin-sync key revoke ID")

    still_valid = [shapes.api_key(key) | {"organization": org.name if org else None} for org, key in keys]
    return Answer({"email": email, "valid_api_keys": still_valid}, show)


@user.command("add", epilog=examples('gleanin-sync user add ada@example.org --organization "PyCon FR"'))
def add_user(  # noqa: PLR0917 - typer takes them by name
    email: Email,
    role: WithRole = Role.ADMIN,
    organization: InOrganization = None,
    password_stdin: PasswordStdin = False,
    no_password: NoPassword = False,
    as_json: AsJson = False,
) -> None:
    """Add an account with a first role."""
    given = None if no_password else secret("Password", from_stdin=password_stdin, confirm=True)
    carry_out(lambda container: added(container, email, role, organization, given), as_json=as_json)


@user.command("list", epilog=examples("gleanin-sync user list --json"))
def list_users(as_json: AsJson = False) -> None:
    """List the accounts with their roles."""
    carry_out(listed, as_json=as_json)


@user.command("role", epilog=examples("gleanin-sync user role ada@example.org --role support"))
def give_role(
    email: Email,
    role: WithRole,
    organization: InOrganization = None,
    take: Annotated[bool, typer.Option("--take", help="Take the role away instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give an account a role, or take it away."""

    async def done(container: Container) -> Answer:
        grant = await _grant(container, role, organization)
        change = container.resolve(RevokeRole) if take else container.resolve(GrantRole)
        account = await change(email, grant, actor=COMMAND_LINE)
        said = f"{account.email} is {'not ' if take else ''}{_said(grant)}{' any more' if take else ' now'}."
        return Answer(shapes.account(account), lambda screen: screen.print(say(said)))

    carry_out(done, as_json=as_json)


@user.command("password", epilog=examples("gleanin-sync user password ada@example.org"))
def change_password(email: Email, password_stdin: PasswordStdin = False, as_json: AsJson = False) -> None:
    """Give an account a new password; it is signed out everywhere."""
    given = secret("New password", from_stdin=password_stdin, confirm=True)

    async def done(container: Container) -> Answer:
        account = await container.resolve(ChangePassword)(email, given, actor=COMMAND_LINE)
        said = f"{account.email} has a new password, and is signed out everywhere."
        return Answer(shapes.account(account), lambda screen: screen.print(say(said)))

    carry_out(done, as_json=as_json)


@user.command("sign-in", epilog=examples("gleanin-sync user sign-in ada@example.org"))
def offer_sign_in(email: Email, as_json: AsJson = False) -> None:
    """Give an address that signs an account in, once: for who has lost a password."""

    async def done(container: Container) -> Answer:
        offered = await container.resolve(CreateSignInLink)(email, actor=COMMAND_LINE)
        reached = container.settings()
        at = reached.address_of(f"/sign-in/once/{offered}")

        def show(screen: Console) -> None:
            screen.print(say(f"This signs in {email}, once, within 12 hours:"))
            screen.print(say(at), soft_wrap=True)
            if reached.public_url is None:
                screen.print(
                    "`gleanin-sync serve` has not run on this database yet. If it is to be reached elsewhere,"
                )
                screen.print("set GLEANIN_SYNC_PUBLIC_URL, as in https://sync.example.org.")

        return Answer({"email": email, "address": at}, show)

    carry_out(done, as_json=as_json)


@user.command("unbind", epilog=examples("gleanin-sync user unbind ada@example.org"))
def unbind(email: Email, as_json: AsJson = False) -> None:
    """Unbind an account from the company's sign-in, and sign it out everywhere.

    The next sign-in there with the account's e-mail binds it again.
    """

    async def done(container: Container) -> Answer:
        account, number = await container.resolve(UnbindIdentities)(email, actor=COMMAND_LINE)
        said = (
            f"{account.email} is no longer bound. The next sign-in with its e-mail binds it again."
            if number
            else f"{account.email} was not bound."
        )
        return Answer({"email": account.email, "unbound": number}, lambda screen: screen.print(say(said)))

    carry_out(done, as_json=as_json)


@user.command("remove", epilog=examples("gleanin-sync user remove ada@example.org"))
def remove_user(email: Email, as_json: AsJson = False) -> None:
    """Take an account away; it is signed out everywhere. API keys that it made stay valid, and are named."""
    carry_out(lambda container: removed(container, email), as_json=as_json)


@key.command("add", epilog=examples('gleanin-sync key add export --role viewer --organization "PyCon FR"'))
def add_key(
    name: Annotated[str, typer.Argument(help="What it is for.", show_default=False)],
    role: WithRole,
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key; its secret is shown this once."""

    async def done(container: Container) -> Answer:
        made, shown_once = await container.resolve(CreateApiKey)(
            name, await _grant(container, role, organization), actor=COMMAND_LINE
        )

        def show(screen: Console) -> None:
            screen.print(say(f"The API key {made.name}, {_said(made.grant)}. It is shown this once:"))
            screen.print(say(shown_once), soft_wrap=True)

        return Answer(shapes.api_key(made) | {"secret": shown_once}, show)

    carry_out(done, as_json=as_json)


@key.command(
    "list", epilog=examples("gleanin-sync key list", 'gleanin-sync key list --organization "PyCon FR"')
)
def list_keys(organization: OfOrganization = None, as_json: AsJson = False) -> None:
    """List the API keys of all organizations, or those of one."""
    carry_out(lambda container: keys_listed(container, organization), as_json=as_json)


async def keys_listed(container: Container, org: str | None) -> Answer:
    if org is None:
        found = await container.resolve(ListAllApiKeys)()
    else:
        owner = await container.resolve(FindOrganization)(org)
        found = [(owner, each) for each in await container.resolve(ListApiKeys)(owner.id)]

    def show(screen: Console) -> None:
        rows = [
            (
                each.id,
                each.name,
                each.grant.role,
                owner.name if owner else "all organizations",
                "revoked" if each.revoked_at else "valid",
            )
            for owner, each in found
        ]
        screen.print(table("API keys", ("ID", "Name", "Role", "Organization", "State"), rows))
        if not found:
            screen.print("None yet. To add one: gleanin-sync key add NAME --role viewer --organization ORG")

    return Answer([shapes.api_key(each) for _, each in found], show)


@key.command("revoke", epilog=examples('gleanin-sync key revoke KEY --organization "PyCon FR"'))
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id.", show_default=False)],
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """Revoke an API key; from now on it opens nothing."""

    async def done(container: Container) -> Answer:
        revoked = await container.resolve(RevokeApiKey)(
            await _id(container, organization), ApiKeyId(key_id), actor=COMMAND_LINE
        )
        said = f"The API key {revoked.name} opens nothing any more."
        return Answer(shapes.api_key(revoked), lambda screen: screen.print(say(said)))

    carry_out(done, as_json=as_json)


async def _id(container: Container, org: str | None) -> OrganizationId | None:
    return (await container.resolve(FindOrganization)(org)).id if org is not None else None
