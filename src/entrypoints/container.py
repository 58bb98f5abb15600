"""The composition root: the only place that chooses adapters."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from dependency_injector import containers, providers
from dependency_injector.providers import Provider
from sqlalchemy import Engine

from adapters.gleanin.http import GleaninDestinations
from adapters.gleanin.probe import GleaninProbe
from adapters.gleanin.wire import LINK_HOSTS
from adapters.http_client.library_transport import LibraryTransport
from adapters.http_client.metrics import WEBHOOK
from adapters.http_client.retries import INTERACTIVE
from adapters.http_client.transport import HardenedTransport
from adapters.jobs.in_process import InProcessJobs, Work
from adapters.notices.channels import Channels
from adapters.notices.smtp import SmtpMessenger
from adapters.notices.webhook import WebhookMessenger
from adapters.persistence.engine import engine_at
from adapters.persistence.migrate import HEAD, current_revision, is_current, upgrade
from adapters.persistence.server_clock import server_clock
from adapters.persistence.unit_of_work import SqlUnits
from adapters.security.cipher import FernetCipher
from adapters.security.keys_file import key_in
from adapters.security.passwords import Argon2Passwords
from adapters.security.signer import ItsdangerousSigner
from adapters.sessionboard.file import SavedEvent, SavedEvents
from adapters.sessionboard.http import SessionboardSources
from adapters.system.clock import SystemClock
from adapters.system.exposition import Meters
from adapters.system.log import StructlogEvents
from adapters.system.meters import CountedEvents
from adapters.system.names import RandomNames
from adapters.system.sampled_log import SampledEvents
from core.usecases.add_account import AddAccount
from core.usecases.add_organization import AddOrganization
from core.usecases.admit import AdmitToMapping, AdmitToOrganization, AdmitToRun
from core.usecases.api_keys import ListKeysMadeBy, MakeApiKey, RevokeApiKey, WhoseApiKey
from core.usecases.change_account import ChangeOwnPassword, ChangePassword, GiveRole, RemoveAccount, TakeRole
from core.usecases.change_connection import ChangeConnection
from core.usecases.change_settings import ChangeSettings, NoteTimeZone
from core.usecases.choose_recipient import ChooseRecipient, RemoveRecipient, ShowRecipient, TryRecipient
from core.usecases.choose_runs import ChooseRuns
from core.usecases.connect import Connect, ConnectOrRenew, ReplaceGleaninToken
from core.usecases.count_lost import CountLostByDisconnecting, CountLostByMapping
from core.usecases.deliver_notices import DeliverNotices
from core.usecases.disconnect import Disconnect
from core.usecases.forget_old import ForgetOld
from core.usecases.list_events import ListEvents
from core.usecases.look_up import (
    FindConnection,
    FindLastCheck,
    FindOrganization,
    FindRun,
    ListMappings,
    ListOrganizationRuns,
    ListOrganizations,
    ListRuns,
)
from core.usecases.look_up_access import ListAccounts, ListAllApiKeys, ListApiKeys, ListMembers, ReadAuditLog
from core.usecases.look_up_records import (
    FindCheck,
    ListMappingsWithPeople,
    ListOutcomes,
    ListShareLinks,
    PageOutcomes,
    PageShareLinks,
    TellHistory,
)
from core.usecases.map_events import MapEvents
from core.usecases.portal import MakePortalAddress, OpenPortal, RevokePortalAddresses
from core.usecases.probe_destination import ProbeDestination
from core.usecases.remove_mapping import RemoveMapping
from core.usecases.remove_organization import RemoveOrganization
from core.usecases.replace_token import ReplaceSessionboardToken
from core.usecases.request_sync import RequestAgain, RequestSync, TakeOver
from core.usecases.served_url import FindServedUrl, NoteServedUrl
from core.usecases.shared.run_ends import RunEnds
from core.usecases.show_health import FindHalt, ListOrganizationHealth, ShowHealth
from core.usecases.show_status import ShowQueue, ShowStatus
from core.usecases.sign_in.devices import RememberDevice
from core.usecases.sign_in.identity_provider import SignInWithIdentityProvider, UnbindIdentities
from core.usecases.sign_in.links import OfferSignIn, TakeSignIn
from core.usecases.sign_in.password import SignInWithPassword
from core.usecases.sign_in.sessions import BeginSignIn, SignOut, WhoIsSignedIn
from core.usecases.sign_up import CheckSignUp, OfferSignUp, SignUp
from core.usecases.sync.access import Access
from core.usecases.sync.large_places import LargePlaces
from core.usecases.sync.preview import Preview
from core.usecases.sync.run import RunSync
from core.usecases.sync.show_event import ShowEvent
from core.usecases.take_hint import TakeHint
from entrypoints.addresses import PublicLinks
from entrypoints.settings import Settings
from ports.cipher import KeysUnusable, TokenCipher
from ports.clock import Clock
from ports.destination import Destinations
from ports.jobs import Jobs
from ports.links import Links
from ports.log import EventLog
from ports.names import Names
from ports.notices import Messenger
from ports.passwords import Passwords
from ports.persistence import StoreUnusable, Units
from ports.probe import DestinationProbe
from ports.session_source import SessionSources
from ports.signer import Signer

T = TypeVar("T")


def keys_of(settings: Settings) -> tuple[str, ...]:
    """Take the keys that are set, or the one in the key file, which is made if there is none.

    Raises:
        KeysUnusable
    """
    return settings.keys or (key_in(settings.keys_file),)


def cipher_for(settings: Settings) -> TokenCipher:
    """Take the keys for the tokens.

    Raises:
        KeysUnusable
    """
    return FernetCipher(keys_of(settings))


def _cookie_secret(keys: tuple[str, ...]) -> str:
    """Give what cookies are signed with: another secret than the keys, and one that follows from them."""
    return hashlib.sha256(f"gleanin-sync.cookie:{keys[0]}".encode()).hexdigest()


def _as_port(adapter: T) -> T:
    """Give an adapter under the name of its port too: both are overridden by themselves."""
    return adapter


def _sources(settings: Settings) -> SessionSources:
    if settings.saved_event is not None:
        return SavedEvents(SavedEvent(settings.saved_event))
    allow_private = settings.allow_private_addresses
    return SessionboardSources(allow_private, partial(HardenedTransport, allow_private=allow_private))


def _interactive_sources(sources: SessionSources) -> SessionSources:
    """Return the sources with the patience of a person who waits; one that reads a file has none."""
    return replace(sources, policy=INTERACTIVE) if isinstance(sources, SessionboardSources) else sources


def _interactive_gleanin(gleanin: GleaninDestinations) -> GleaninDestinations:
    return replace(gleanin, policy=INTERACTIVE)


def _gleanin(settings: Settings) -> GleaninDestinations:
    allow_private = settings.allow_private_addresses
    return GleaninDestinations(
        settings.gleanin_url,
        allow_private,
        partial(HardenedTransport, allow_private=allow_private),
        link_hosts=LINK_HOSTS | settings.further_link_hosts,
    )


def _messenger(settings: Settings, clock: Clock) -> Messenger:
    allow_private, server = settings.allow_private_addresses, settings.mail_server
    transport = partial(HardenedTransport, allow_private=allow_private, counted_as=WEBHOOK)
    webhook = WebhookMessenger(allow_private, transport, clock)
    return Channels(webhook, SmtpMessenger(server, settings.mail_from or "") if server else None)


def _connection(engine: Engine) -> dict[str, Any]:
    """Give what the PostgreSQL driver connects with, as the engine understands the database's URL."""
    _, parameters = engine.dialect.create_connect_args(engine.url)
    return {name: value for name, value in parameters.items() if name != "context"}


def _silence(settings: Settings) -> float:
    """Take a worker for dead when the leases of its runs have run out, too."""
    from adapters.jobs.procrastinate import SHORTEST_SILENCE

    return max(settings.lease_seconds, SHORTEST_SILENCE)


def _on_queue(work: Work, log: EventLog, engine: Engine, settings: Settings) -> Jobs:
    # Imported for those that have a queue: it takes a while.
    from adapters.jobs.procrastinate import ProcrastinateJobs

    return ProcrastinateJobs(work, log, _connection(engine), silence=_silence(settings))


class Container(containers.DeclarativeContainer):
    settings: Provider[Settings] = providers.Dependency(instance_of=Settings)
    engine: Provider[Engine] = providers.Singleton(engine_at, settings.provided.database)

    clock: Provider[Clock] = providers.Singleton(SystemClock)
    structlog: Provider[StructlogEvents] = providers.Singleton(StructlogEvents)
    sampled: Provider[SampledEvents] = providers.Singleton(SampledEvents, structlog)
    log: Provider[EventLog] = providers.Singleton(CountedEvents, sampled)
    names: Provider[Names] = providers.Singleton(RandomNames)
    keys: Provider[tuple[str, ...]] = providers.Singleton(keys_of, settings)
    cipher: Provider[TokenCipher] = providers.Singleton(cipher_for, settings)
    signer: Provider[Signer] = providers.Singleton(ItsdangerousSigner, keys)
    cookie_secret: Provider[str] = providers.Singleton(_cookie_secret, keys)
    passwords: Provider[Passwords] = providers.Singleton(Argon2Passwords)
    sql_units: Provider[SqlUnits] = providers.Singleton(SqlUnits, engine)
    units: Provider[Units] = providers.Callable(_as_port, sql_units)
    sources: Provider[SessionSources] = providers.Singleton(_sources, settings)
    gleanin: Provider[GleaninDestinations] = providers.Singleton(_gleanin, settings)
    destinations: Provider[Destinations] = providers.Callable(_as_port, gleanin)
    interactive_sources: Provider[SessionSources] = providers.Singleton(_interactive_sources, sources)
    interactive_gleanin: Provider[GleaninDestinations] = providers.Singleton(_interactive_gleanin, gleanin)
    interactive_destinations: Provider[Destinations] = providers.Callable(_as_port, interactive_gleanin)
    destination_probe: Provider[DestinationProbe] = providers.Singleton(GleaninProbe, interactive_gleanin)

    messenger: Provider[Messenger] = providers.Singleton(_messenger, settings, clock)
    openid_transport: Provider[object] = providers.Singleton(
        LibraryTransport,
        # The provider's address is the operator's choice, and may be a private one.
        partial(HardenedTransport, allow_private=True),
    )
    links: Provider[Links] = providers.Singleton(PublicLinks, settings)

    lease: Provider[timedelta] = providers.Factory(timedelta, seconds=settings.provided.lease_seconds)
    access: Provider[Access] = providers.Factory(Access, units, sources, destinations, cipher)
    interactive_access: Provider[Access] = providers.Factory(
        Access, units, interactive_sources, interactive_destinations, cipher
    )

    add_organization: Provider[AddOrganization] = providers.Factory(
        AddOrganization, units, interactive_sources, cipher, names, clock
    )
    remove_organization: Provider[RemoveOrganization] = providers.Factory(RemoveOrganization, units, clock)
    find_organization: Provider[FindOrganization] = providers.Factory(FindOrganization, units)
    find_connection: Provider[FindConnection] = providers.Factory(FindConnection, units)
    list_organizations: Provider[ListOrganizations] = providers.Factory(ListOrganizations, units)
    connect: Provider[Connect] = providers.Factory(
        Connect, units, interactive_destinations, cipher, names, clock
    )
    replace_sessionboard_token: Provider[ReplaceSessionboardToken] = providers.Factory(
        ReplaceSessionboardToken, units, interactive_sources, cipher, clock
    )
    replace_gleanin_token: Provider[ReplaceGleaninToken] = providers.Factory(
        ReplaceGleaninToken, units, interactive_destinations, cipher, clock
    )
    connect_or_renew: Provider[ConnectOrRenew] = providers.Factory(
        ConnectOrRenew, connect, replace_gleanin_token
    )
    change_connection: Provider[ChangeConnection] = providers.Factory(ChangeConnection, units, clock)
    count_lost_by_disconnecting: Provider[CountLostByDisconnecting] = providers.Factory(
        CountLostByDisconnecting, units
    )
    count_lost_by_mapping: Provider[CountLostByMapping] = providers.Factory(CountLostByMapping, units)
    show_health: Provider[ShowHealth] = providers.Factory(ShowHealth, units, clock)
    list_organization_health: Provider[ListOrganizationHealth] = providers.Factory(
        ListOrganizationHealth, units, clock
    )
    find_halt: Provider[FindHalt] = providers.Factory(FindHalt, units)
    interval: Provider[timedelta] = providers.Factory(timedelta, minutes=settings.provided.interval_minutes)
    run_ends: Provider[RunEnds] = providers.Factory(
        RunEnds, names, clock, log, interval, settings.provided.support_contact
    )
    disconnect: Provider[Disconnect] = providers.Factory(Disconnect, units, clock, run_ends, lease)
    list_events: Provider[ListEvents] = providers.Factory(
        ListEvents, units, interactive_sources, interactive_destinations, cipher
    )
    map_events: Provider[MapEvents] = providers.Factory(
        MapEvents, units, interactive_sources, interactive_destinations, cipher, names, clock
    )
    remove_mapping: Provider[RemoveMapping] = providers.Factory(RemoveMapping, units, clock, run_ends)
    list_mappings: Provider[ListMappings] = providers.Factory(ListMappings, units)
    note_time_zone: Provider[NoteTimeZone] = providers.Factory(
        NoteTimeZone, units, interactive_destinations, cipher
    )
    change_settings: Provider[ChangeSettings] = providers.Factory(
        ChangeSettings, units, interactive_sources, cipher, clock, note_time_zone
    )
    preview: Provider[Preview] = providers.Factory(Preview, interactive_access, clock)
    show_event: Provider[ShowEvent] = providers.Factory(ShowEvent, interactive_access, clock)
    request_sync: Provider[RequestSync] = providers.Factory(RequestSync, units, names, clock)
    resend_after: Provider[timedelta] = providers.Factory(
        timedelta, seconds=settings.provided.resend_after_seconds
    )
    large_places: Provider[LargePlaces] = providers.Singleton(LargePlaces)
    run_sync: Provider[RunSync] = providers.Factory(
        RunSync, access, names, clock, log, lease, run_ends, resend_after, large_places=large_places
    )
    request_again: Provider[RequestAgain] = providers.Factory(RequestAgain, units, names, clock)
    take_over: Provider[TakeOver] = providers.Factory(TakeOver, units, names, clock, log, run_ends)
    choose_runs: Provider[ChooseRuns] = providers.Factory(ChooseRuns, units, clock)
    kept_for: Provider[timedelta] = providers.Factory(timedelta, days=settings.provided.retention_days)
    forget_old: Provider[ForgetOld] = providers.Factory(ForgetOld, units, clock, kept_for)
    take_hint: Provider[TakeHint] = providers.Factory(TakeHint, units, clock)
    show_status: Provider[ShowStatus] = providers.Factory(ShowStatus, units, clock)
    choose_recipient: Provider[ChooseRecipient] = providers.Factory(
        ChooseRecipient, units, messenger, cipher, names, clock
    )
    remove_recipient: Provider[RemoveRecipient] = providers.Factory(RemoveRecipient, units, clock)
    show_recipient: Provider[ShowRecipient] = providers.Factory(ShowRecipient, units)
    try_recipient: Provider[TryRecipient] = providers.Factory(
        TryRecipient, units, messenger, cipher, links, names, clock
    )
    deliver_notices: Provider[DeliverNotices] = providers.Factory(
        DeliverNotices, units, messenger, cipher, links, clock, log
    )
    show_queue: Provider[ShowQueue] = providers.Factory(ShowQueue, units, clock)
    meters: Provider[Meters] = providers.Singleton(Meters, show_queue)
    work: Provider[Work] = providers.Factory(
        Work,
        choose=choose_runs,
        take_over=take_over,
        carry_out=providers.Factory(partial, run_sync, waits=False),
        check=run_sync.provided.check,
        ask_again=request_again,
        tidy=forget_old,
        tell=deliver_notices,
    )
    in_process: Provider[InProcessJobs] = providers.Singleton(InProcessJobs, work, log)
    on_queue: Provider[Jobs] = providers.Singleton(_on_queue, work, log, engine, settings)
    jobs: Provider[Jobs] = providers.Selector(
        settings.provided.jobs, in_process=in_process, procrastinate=on_queue
    )
    list_runs: Provider[ListRuns] = providers.Factory(ListRuns, units)
    find_last_check: Provider[FindLastCheck] = providers.Factory(FindLastCheck, units)
    list_organization_runs: Provider[ListOrganizationRuns] = providers.Factory(ListOrganizationRuns, units)
    find_run: Provider[FindRun] = providers.Factory(FindRun, units)
    list_outcomes: Provider[ListOutcomes] = providers.Factory(ListOutcomes, units)
    page_outcomes: Provider[PageOutcomes] = providers.Factory(PageOutcomes, units)
    find_check: Provider[FindCheck] = providers.Factory(FindCheck, units)
    tell_history: Provider[TellHistory] = providers.Factory(TellHistory, units)
    list_mappings_with_people: Provider[ListMappingsWithPeople] = providers.Factory(
        ListMappingsWithPeople, units
    )
    list_share_links: Provider[ListShareLinks] = providers.Factory(ListShareLinks, units)
    page_share_links: Provider[PageShareLinks] = providers.Factory(PageShareLinks, units)
    probe: Provider[ProbeDestination] = providers.Factory(ProbeDestination, units, cipher, destination_probe)

    admit_to_organization: Provider[AdmitToOrganization] = providers.Factory(AdmitToOrganization, units)
    admit_to_mapping: Provider[AdmitToMapping] = providers.Factory(AdmitToMapping, units)
    admit_to_run: Provider[AdmitToRun] = providers.Factory(AdmitToRun, units)
    offer_sign_up: Provider[OfferSignUp] = providers.Factory(OfferSignUp, units, signer, clock)
    check_sign_up: Provider[CheckSignUp] = providers.Factory(CheckSignUp, units, signer, clock)
    sign_up: Provider[SignUp] = providers.Factory(SignUp, units, signer, passwords, names, clock)
    sign_in_with_password: Provider[SignInWithPassword] = providers.Factory(
        SignInWithPassword, units, passwords, signer, names, clock, log
    )
    sign_in_with_identity_provider: Provider[SignInWithIdentityProvider] = providers.Factory(
        SignInWithIdentityProvider, units, names, clock, log
    )
    unbind_identities: Provider[UnbindIdentities] = providers.Factory(UnbindIdentities, units, clock)
    begin_sign_in: Provider[BeginSignIn] = providers.Factory(BeginSignIn, units, names, clock)
    remember_device: Provider[RememberDevice] = providers.Factory(RememberDevice, units, signer, names, clock)
    note_served_url: Provider[NoteServedUrl] = providers.Factory(NoteServedUrl, units)
    offer_sign_in: Provider[OfferSignIn] = providers.Factory(OfferSignIn, units, signer, names, clock)
    take_sign_in: Provider[TakeSignIn] = providers.Factory(TakeSignIn, units, signer, names, clock, log)
    who_is_signed_in: Provider[WhoIsSignedIn] = providers.Factory(WhoIsSignedIn, units, clock)
    sign_out: Provider[SignOut] = providers.Factory(SignOut, units)
    add_account: Provider[AddAccount] = providers.Factory(AddAccount, units, passwords, names, clock)
    give_role: Provider[GiveRole] = providers.Factory(GiveRole, units, clock)
    take_role: Provider[TakeRole] = providers.Factory(TakeRole, units, clock)
    change_password: Provider[ChangePassword] = providers.Factory(ChangePassword, units, passwords, clock)
    change_own_password: Provider[ChangeOwnPassword] = providers.Factory(
        ChangeOwnPassword, units, passwords, clock, log
    )
    remove_account: Provider[RemoveAccount] = providers.Factory(RemoveAccount, units, clock)
    list_accounts: Provider[ListAccounts] = providers.Factory(ListAccounts, units)
    list_members: Provider[ListMembers] = providers.Factory(ListMembers, units)
    list_api_keys: Provider[ListApiKeys] = providers.Factory(ListApiKeys, units)
    list_all_api_keys: Provider[ListAllApiKeys] = providers.Factory(ListAllApiKeys, units)
    list_keys_made_by: Provider[ListKeysMadeBy] = providers.Factory(ListKeysMadeBy, units)
    make_api_key: Provider[MakeApiKey] = providers.Factory(MakeApiKey, units, names, clock)
    revoke_api_key: Provider[RevokeApiKey] = providers.Factory(RevokeApiKey, units, clock)
    whose_api_key: Provider[WhoseApiKey] = providers.Factory(WhoseApiKey, units, log)
    read_audit_log: Provider[ReadAuditLog] = providers.Factory(ReadAuditLog, units)
    make_portal_address: Provider[MakePortalAddress] = providers.Factory(
        MakePortalAddress, units, signer, clock
    )
    open_portal: Provider[OpenPortal] = providers.Factory(OpenPortal, units, signer, clock)
    revoke_portal_addresses: Provider[RevokePortalAddresses] = providers.Factory(
        RevokePortalAddresses, units, clock
    )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Container]:
    """Wire everything for the given settings, with a database that can be used at once.

    Raises:
        StoreUnusable: the database cannot be reached, must be upgraded first, or is a newer program's.
        KeysUnusable: the database has tokens, and the file of the key that opens them is gone.
    """
    container = Container(settings=providers.Object(settings))
    engine = container.engine()
    try:
        _prepare(engine)
        await _check_key_file(settings, container.units())
        if settings.public_url is None:
            # Commands and workers that print addresses use those at which `serve` is reached.
            served_url = await FindServedUrl(container.units())()
            reached = settings.model_copy(update={"public_url": served_url})
            container.settings.override(providers.Object(reached))
        yield container
    finally:
        container.sql_units().close()


def _prepare(engine: Engine) -> None:
    """Migrate a database that nobody needs to be asked about: a SQLite file, or an empty one."""
    if is_current(engine):
        return
    if engine.dialect.name == "sqlite" or current_revision(engine) is None:
        upgrade(engine)
        return
    raise StoreUnusable("The database is of an earlier version. Run `gleanin-sync database upgrade`.")


async def _check_key_file(settings: Settings, units: Units) -> None:
    """See that no new key is made where an old one is missing: it would open nothing, and hide what is wrong."""
    if settings.keys or settings.keys_file.exists():
        return
    async with units.reading() as unit:
        if not await unit.organizations.all():
            return
    raise KeysUnusable(
        f"The file of the secret key, {settings.keys_file}, is missing, and the database has tokens that only that key "
        "opens. Put the file back; if it is lost, set GLEANIN_SYNC_SECRET_KEYS to a new key and give all tokens again."
    )


def upgrade_database(settings: Settings) -> str:
    """Bring the database up to date, and return the revision reached.

    Raises:
        StoreUnusable: the database cannot be reached, or is a newer program's.
    """
    engine = engine_at(settings.database)
    try:
        upgrade(engine)
        if settings.jobs == "procrastinate":
            from adapters.jobs.queue_schema import renew_tables

            renew_tables(_connection(engine))
    finally:
        engine.dispose()
    return HEAD


def database_revisions(settings: Settings) -> tuple[str | None, str]:
    """Give the database's revision (None: never migrated) and the one this program wants.

    Raises:
        StoreUnusable: the database cannot be reached, or is a newer program's.
    """
    engine = engine_at(settings.database)
    try:
        return current_revision(engine), HEAD
    finally:
        engine.dispose()


def database_clock(settings: Settings) -> datetime | None:
    """Read the clock of the database's server; None where there is no server.

    Raises:
        StoreUnusable: the database cannot be reached.
    """
    engine = engine_at(settings.database)
    try:
        return server_clock(engine)
    finally:
        engine.dispose()


def workers_on_queue(settings: Settings) -> int | None:
    """Count the workers on the common queue that are alive; None where the queue is not made yet.

    Raises:
        StoreUnusable: the queue cannot be used.
    """
    from adapters.jobs.queue_schema import workers_alive

    engine = engine_at(settings.database)
    try:
        return workers_alive(_connection(engine), _silence(settings))
    finally:
        engine.dispose()
