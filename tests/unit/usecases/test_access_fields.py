"""Access fields of sources and destinations: tried, then stored sealed, and replaced (rules 1, 2, 3, 8 and 43)."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from cryptography.fernet import Fernet

from adapters.memory.destination import InMemoryDestination
from adapters.memory.source import InMemorySources
from adapters.security.cipher import FernetCipher
from core.domain.access.audit import Action
from core.domain.errors import AlreadyConnected, InvalidInput, NothingToProbe
from core.domain.ids import OrganizationId
from core.domain.tenancy.access_fields import AccessField, AccessRequirements
from core.domain.tenancy.secrets import NO_TOKEN, NOTHING_SEALED, SystemCredentials, Token
from core.usecases.access.queries import ListAuditEntries
from core.usecases.organizations.add_organization import NewOrganization
from core.usecases.organizations.probe_destination import ProbeDestination
from core.usecases.shared.credentials import unseal
from ports.cipher import DecryptionFailed
from ports.destination import BeforeWrite, DestinationRefused
from ports.source import Source, SourceRefused
from tests.support.assertions import present
from tests.support.harness import SESSIONBOARD_TOKEN, TOKEN, URL, Gate, Harness

PIN = AccessField("pin", "PIN", is_secret=True)
LID = AccessField("lid", "Lid", choices=("open", "shut"))
NOTE = AccessField("note", "Note", is_required=False)
FIELDS = (PIN, LID, NOTE)
VALID = {"pin": "1234", "lid": "open"}
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
SERVER = "https://elsewhere.example.org/api"


@dataclass(slots=True)
class FieldedSources(InMemorySources):
    """A source that accepts one PIN only."""

    needed: AccessRequirements | None = None
    pin: str = "1234"
    opened: list[SystemCredentials] = field(default_factory=list)

    @property
    def requirements(self) -> AccessRequirements:
        return self.needed or AccessRequirements(self.system, FIELDS)

    def open(self, credentials: SystemCredentials) -> AbstractAsyncContextManager[Source]:
        self.opened.append(credentials)
        accepted = credentials.fields.get("pin", self.pin) == self.pin
        self.source.error = None if accepted else SourceRefused("Wrong PIN.")
        return InMemorySources.open(self, credentials)


@dataclass(slots=True)
class FieldedGate(Gate):
    """A destination whose URL an admin enters, and that accepts one PIN only."""

    needed: AccessRequirements | None = None
    pin: str = "1234"
    opened: list[SystemCredentials] = field(default_factory=list)

    @property
    def requirements(self) -> AccessRequirements:
        return self.needed or AccessRequirements(self.gleanin.system, FIELDS)

    @asynccontextmanager
    async def open(
        self, credentials: SystemCredentials, before_write: BeforeWrite | None = None
    ) -> AsyncIterator[InMemoryDestination]:
        self.opened.append(credentials)
        if credentials.fields.get("pin", self.pin) != self.pin:
            raise DestinationRefused("Wrong PIN.")
        async with Gate.open(self, credentials, before_write) as destination:
            yield destination


@pytest.fixture
def harness() -> Harness:
    made = Harness(sources=FieldedSources(), cipher=FernetCipher([OLD]))
    made.destinations = made.gate = FieldedGate(made.gleanin)
    return made


def sources(harness: Harness) -> FieldedSources:
    assert isinstance(harness.sources, FieldedSources)
    return harness.sources


def gate(harness: Harness) -> FieldedGate:
    assert isinstance(harness.gate, FieldedGate)
    return harness.gate


async def added(harness: Harness, **values: str) -> OrganizationId:
    fields = {**VALID, **values}
    new = NewOrganization("Acme", URL, SESSIONBOARD_TOKEN, fields=fields)
    return (await harness.add_organization(new)).id


async def connected(harness: Harness, **values: str) -> OrganizationId:
    organization_id = await added(harness)
    await harness.connect(organization_id, TOKEN, url=f"{SERVER}/", fields={**VALID, **values})
    return organization_id


async def stored_source(harness: Harness, organization_id: OrganizationId) -> SystemCredentials:
    async with harness.units.read() as unit:
        organization = present(await unit.organizations.get(organization_id))
    return unseal(harness.cipher, organization.source_access)


async def test_rule_01_the_source_is_tried_with_its_fields_before_anything_is_stored(
    harness: Harness,
) -> None:
    with pytest.raises(SourceRefused):
        await added(harness, pin="9999")
    with pytest.raises(InvalidInput):
        await added(harness, lid="ajar")
    async with harness.units.read() as unit:
        assert await unit.organizations.all() == []
    organization_id = await added(harness)
    assert sources(harness).opened[-1] == SystemCredentials(URL, SESSIONBOARD_TOKEN, VALID)
    assert await stored_source(harness, organization_id) == SystemCredentials(URL, SESSIONBOARD_TOKEN, VALID)


async def test_rule_02_what_is_stored_is_sealed_as_one_document(harness: Harness) -> None:
    organization_id = await connected(harness, note="a private note")
    async with harness.units.read() as unit:
        organization = present(await unit.organizations.get(organization_id))
        connection = present(await unit.connections.get_open(organization_id))
    stored = f"{present(organization.source_fields).value} {present(connection.fields).value}"
    shown = f"{organization!r} {connection!r} {await audit(harness, organization_id)}"
    assert not any(value in stored + shown for value in ("1234", "a private note"))


async def test_rule_01_the_destination_is_tried_with_its_url_and_fields_before_anything_is_stored(
    harness: Harness,
) -> None:
    organization_id = await added(harness)
    for url, values, error in (
        (SERVER, {"pin": "9999"}, DestinationRefused),
        (SERVER, {"pin": ""}, InvalidInput),
        ("no url", {}, InvalidInput),
        ("", {}, InvalidInput),
    ):
        with pytest.raises(error):
            await harness.connect(organization_id, TOKEN, url=url, fields={**VALID, **values})
    async with harness.units.read() as unit:
        assert await unit.connections.list_open() == []
    connection = await harness.connect(organization_id, TOKEN, url=f"{SERVER}/", fields=VALID)
    assert connection.url == SERVER
    assert gate(harness).opened[-1] == SystemCredentials(SERVER, TOKEN, VALID)
    with pytest.raises(AlreadyConnected):  # rule 3
        await harness.connect(organization_id, TOKEN, url=SERVER, fields=VALID)


async def test_rule_43_a_sync_opens_both_systems_with_what_is_stored(harness: Harness) -> None:
    mapping = await harness.map(await connected(harness))
    await harness.sync(mapping)
    assert sources(harness).opened[-1] == SystemCredentials(URL, SESSIONBOARD_TOKEN, VALID)
    assert gate(harness).opened[-1] == SystemCredentials(SERVER, TOKEN, VALID)


async def test_rule_08_disconnecting_erases_the_fields_with_the_token(harness: Harness) -> None:
    organization_id = await connected(harness)
    ended = await harness.disconnect(organization_id, "Acme")
    assert (ended.token, ended.fields, ended.url) == (None, None, SERVER)
    async with harness.units.read() as unit:
        assert await unit.connections.get(ended.id) == ended


async def test_rule_01_fields_that_are_not_named_stay_when_others_are_replaced(harness: Harness) -> None:
    organization_id = await connected(harness, note="to go")
    before = await stored_source(harness, organization_id)
    await harness.replace_sessionboard_token(organization_id, NO_TOKEN, fields={"lid": "shut"})
    assert await stored_source(harness, organization_id) == replace(before, fields={**VALID, "lid": "shut"})
    await harness.replace_destination_token(organization_id, NO_TOKEN, fields={"note": "", "lid": "shut"})
    assert gate(harness).opened[-1] == SystemCredentials(SERVER, TOKEN, {**VALID, "lid": "shut"})
    token = Token("another-token-9876")
    connection = await harness.replace_destination_token(organization_id, token)
    assert gate(harness).opened[-1] == SystemCredentials(SERVER, token, {**VALID, "lid": "shut"})
    assert connection.token_hint == token.hint
    assert (await audit(harness, organization_id))[:3] == [
        (Action.TOKEN_REPLACED, "Gleanin token", ""),
        (Action.TOKEN_REPLACED, "Gleanin access (lid, note)", ""),
        (Action.TOKEN_REPLACED, "Sessionboard access (lid)", ""),
    ]


async def test_rule_01_a_replacement_that_is_refused_changes_nothing(harness: Harness) -> None:
    organization_id = await connected(harness)
    before = await stored_source(harness, organization_id)
    for values, error in (
        ({"pin": "9999"}, SourceRefused),
        ({"pin": ""}, InvalidInput),
        ({"pim": "1"}, InvalidInput),
        ({"lid": "open"}, InvalidInput),
        ({}, InvalidInput),
    ):
        with pytest.raises(error):
            await harness.replace_sessionboard_token(organization_id, NO_TOKEN, fields=values)
    assert await stored_source(harness, organization_id) == before


async def test_rule_02_a_replacement_seals_everything_anew_under_the_newest_key(harness: Harness) -> None:
    organization_id = await added(harness)
    harness.cipher = FernetCipher([NEW, OLD])
    await harness.replace_sessionboard_token(organization_id, NO_TOKEN, fields={"lid": "shut"})
    async with harness.units.read() as unit:
        organization = present(await unit.organizations.get(organization_id))
    access = unseal(FernetCipher([NEW]), organization.source_access)
    assert access == SystemCredentials(URL, SESSIONBOARD_TOKEN, {**VALID, "lid": "shut"})
    with pytest.raises(DecryptionFailed):
        FernetCipher([OLD]).unseal_fields(present(organization.source_fields))


async def test_rule_02_what_cannot_be_decrypted_any_more_is_entered_again(harness: Harness) -> None:
    organization_id = await added(harness)
    harness.cipher = FernetCipher([NEW])
    with pytest.raises(DecryptionFailed):
        await harness.replace_sessionboard_token(organization_id, NO_TOKEN, fields=VALID)
    with pytest.raises(InvalidInput, match="PIN"):
        await harness.replace_sessionboard_token(organization_id, SESSIONBOARD_TOKEN)
    await harness.replace_sessionboard_token(organization_id, SESSIONBOARD_TOKEN, fields=VALID)
    assert (await stored_source(harness, organization_id)).fields == VALID


async def test_rule_43_a_source_that_needs_no_token_has_none(harness: Harness) -> None:
    sources(harness).needed = AccessRequirements(harness.sources.system, (LID,), needs_token=False)
    with pytest.raises(InvalidInput, match="needs no token"):
        await harness.add_organization(
            NewOrganization("Acme", URL, SESSIONBOARD_TOKEN, fields={"lid": "open"})
        )
    organization = await harness.add_organization(
        NewOrganization("Acme", URL, NO_TOKEN, fields={"lid": "open"})
    )
    assert organization.source_token == NOTHING_SEALED
    assert await stored_source(harness, organization.id) == SystemCredentials(URL, NO_TOKEN, {"lid": "open"})
    await harness.replace_sessionboard_token(organization.id, NO_TOKEN, fields={"lid": "shut"})
    assert sources(harness).opened[-1] == SystemCredentials(URL, NO_TOKEN, {"lid": "shut"})
    with pytest.raises(InvalidInput, match="needs no token"):
        await harness.replace_sessionboard_token(organization.id, SESSIONBOARD_TOKEN)


async def test_connecting_again_replaces_fields_of_the_open_connection(harness: Harness) -> None:
    organization_id = await connected(harness)
    connection, is_new = await harness.connect_or_renew(organization_id, NO_TOKEN, fields={"lid": "shut"})
    assert not is_new
    assert connection.url == SERVER
    assert gate(harness).opened[-1] == SystemCredentials(SERVER, TOKEN, {**VALID, "lid": "shut"})


async def test_the_audit_log_keeps_what_the_destination_was_called(harness: Harness) -> None:
    organization_id = await connected(harness)
    await harness.disconnect(organization_id, "Acme")
    entries = await audit(harness, organization_id)
    assert entries[:2] == [(Action.DISCONNECTED, "Acme", "Gleanin"), (Action.CONNECTED, "Acme", "Gleanin")]


async def test_a_destination_without_checks_says_so(harness: Harness) -> None:
    organization_id = await connected(harness)
    probe = ProbeDestination(harness.units, harness.destinations, harness.cipher)
    with pytest.raises(NothingToProbe, match="Gleanin has no checks to run"):
        await probe(organization_id)


async def audit(harness: Harness, organization_id: OrganizationId) -> list[tuple[Action, str, str]]:
    entries = await ListAuditEntries(harness.units)(organization_id)
    return [(entry.action, entry.what, entry.detail) for entry in entries]
