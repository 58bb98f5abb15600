"""Sign in, stay signed in, sign out."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address

from core.domain.accounts import FORGOTTEN_AFTER, LONGEST_PASSWORD, SIGN_IN_LASTS, Account, SignIn
from core.domain.api_keys import digest_of
from core.domain.audit import Action, AuditEntry
from core.domain.devices import Device
from core.domain.email import same_mailbox
from core.domain.identifiers import AccountId
from core.domain.refusals import (
    AddressExpired,
    NotSignedIn,
    TooBusy,
    TooManyAttempts,
    WrongCredentials,
)
from core.usecases.devices import DeviceReader
from ports.clock import Clock
from ports.log import EventLog
from ports.names import Names
from ports.passwords import Passwords, PasswordsBusy, Waiting
from ports.persistence import Unit, Units
from ports.signer import NotSigned, Signer

_PURPOSE = "sign-in"


@dataclass(frozen=True, slots=True)
class Credentials:
    email: str
    password: str
    address: str
    """The network address that they came from: it is slowed down too."""
    device: str | None = None
    """What the browser shows of an earlier sign-in."""

    @property
    def party(self) -> str:
        """Return the part of the network address that one party has: of IPv6, everybody has a whole /64."""
        try:
            known = ip_address(self.address)
        except ValueError:
            return self.address  # a name that a proxy or a test gave
        if isinstance(known, IPv4Address):
            return str(known)
        return str(known.ipv4_mapped or IPv6Network((int(known), 64), strict=False))

    @property
    def of_account(self) -> str:
        # A digest, for whatever was typed as an e-mail may be a password, and of any length.
        return f"account:{digest_of(same_mailbox(self.email))}"

    @property
    def of_address(self) -> str:
        return f"address:{self.party}"

    def subjects(self, device: Device | None) -> tuple[str, ...]:
        """Return what failures are counted for: a known device, or else the account and the network address.

        What others do to an account, or from the same address, slows down nobody on a device that is known.
        """
        return (self.of_account, self.of_address) if device is None else (f"device:{device.id}",)


@dataclass(frozen=True, slots=True)
class SignInWithPassword:
    units: Units
    passwords: Passwords
    signer: Signer
    names: Names
    clock: Clock
    log: EventLog

    async def __call__(self, credentials: Credentials) -> str:
        """Begin a sign-in, and give its secret.

        Raises:
            WrongCredentials: nothing tells whether there is such an account.
            TooManyAttempts: for this device, account or address; the password was not even looked at.
            TooBusy: so many wait for their password to be looked at that another one would only wait.
        """
        log = self.log.bound(address=credentials.address)
        try:
            # The place is taken before the attempt is counted: one that is not looked at is no failure.
            with self.passwords.place_for(await self._waiting(credentials)):
                return await self._sign_in(credentials, log)
        except PasswordsBusy:
            log.warning("access.throttled", act="sign_in", because="busy")
            raise TooBusy from None
        except TooManyAttempts:
            log.warning("access.throttled", act="sign_in", because="attempts")
            raise

    @property
    def _devices(self) -> DeviceReader:
        return DeviceReader(self.signer, self.clock)

    async def _waiting(self, credentials: Credentials) -> Waiting:
        if self._devices.claims(credentials.device):
            async with self.units.reading() as unit:
                account = await unit.accounts.with_email(credentials.email)
            if account and self._devices.known(credentials.device, account):
                return Waiting(account.id, is_known=True)
        return Waiting(credentials.party, is_known=False)

    async def _sign_in(self, credentials: Credentials, log: EventLog) -> str:
        account, device = await self._count(credentials)
        usable = credentials.password[: LONGEST_PASSWORD + 1]
        hashed = account.password_hash if account else None
        matches = await self.passwords.matches(usable, hashed, is_known=device is not None)
        secret = await self._begin(credentials, account, device) if account and matches else None
        if account is None or secret is None:
            log.warning("access.sign_in_failed", account=account.id if account else None)
            raise WrongCredentials
        log.event("access.signed_in", account=account.id, way="password")
        return secret

    async def _count(self, credentials: Credentials) -> tuple[Account | None, Device | None]:
        """Count the attempt as failed before it is judged: of many at once, no more pass than of those one by one."""
        async with self.units.writing() as unit:
            now = self.clock.now()
            account = await unit.accounts.with_email(credentials.email)
            device = self._devices.known(credentials.device, account)
            await unit.attempts.forget_before(now - FORGOTTEN_AFTER)
            for subject in credentials.subjects(device):
                attempts = await unit.attempts.of(subject)
                attempts.check(now)
                await unit.attempts.save(subject, attempts.failed(now))
            await unit.commit()
        return account, device

    async def _begin(self, credentials: Credentials, account: Account, device: Device | None) -> str | None:
        async with self.units.writing() as unit:
            # Again, for it may have been removed, or its password changed, while the old one was looked at.
            current = await unit.accounts.get(account.id)
            if current is None or current.password_hash != account.password_hash:
                return None
            first, *rest = credentials.subjects(device)
            await unit.attempts.forget(first)
            for subject in rest:
                # Not forgotten: with an account of one's own, nobody is to try the others' without end.
                attempts = await unit.attempts.of(subject)
                await unit.attempts.save(subject, attempts.taken_back())
            secret = await begin_sign_in(unit, account, self.names, self.clock)
            await unit.commit()
        return secret


@dataclass(frozen=True, slots=True)
class BeginSignIn:
    """For somebody who has just made the account, or changed its password."""

    units: Units
    names: Names
    clock: Clock

    async def __call__(self, account_id: AccountId) -> str:
        """Begin a sign-in, and give its secret.

        Raises:
            NotSignedIn: the account is gone.
        """
        async with self.units.writing() as unit:
            account = await unit.accounts.get(account_id)
            if account is None:
                raise NotSignedIn
            secret = await begin_sign_in(unit, account, self.names, self.clock)
            await unit.commit()
        return secret


@dataclass(frozen=True, slots=True)
class OfferSignIn:
    """For somebody at the command line, who can do all that the account can anyway."""

    units: Units
    signer: Signer
    names: Names
    clock: Clock

    async def __call__(self, email: str, *, by: str) -> str:
        """Begin a sign-in for a browser that is to open an address, and give the address's last part.

        Raises:
            NotSignedIn: there is no account with this e-mail.
        """
        async with self.units.writing() as unit:
            account = await unit.accounts.with_email(email)
            if account is None:
                raise NotSignedIn(f"There is no account for {email:.120}. Ask an admin to add one.")
            secret = await begin_sign_in(unit, account, self.names, self.clock)
            now = self.clock.now()
            await unit.audit.add(AuditEntry(now, by, Action.SIGN_IN_LINK_MADE, None, account.email))
            await unit.commit()
        return self.signer.sign(_PURPOSE, secret, now)


@dataclass(frozen=True, slots=True)
class TakeSignIn:
    units: Units
    signer: Signer
    names: Names
    clock: Clock
    log: EventLog

    async def __call__(self, offered: str, address: str) -> str:
        """Give the secret of a sign-in in the place of the one that was offered, which opens nothing any more.

        Raises:
            AddressExpired: it was taken already, is too old, or was not made here.
        """
        try:
            account, secret = await self._taken(offered)
        except AddressExpired:
            self.log.warning("access.link_refused", act="sign_in", address=address)
            raise
        self.log.event("access.signed_in", account=account.id, way="link", address=address)
        return secret

    async def _taken(self, offered: str) -> tuple[Account, str]:
        try:
            secret, _ = self.signer.read(_PURPOSE, offered)
        except NotSigned:
            raise AddressExpired from None
        async with self.units.writing() as unit:
            sign_in = await unit.sign_ins.find(digest_of(secret))
            account = await unit.accounts.get(sign_in.account_id) if sign_in else None
            if sign_in is None or account is None or sign_in.is_over(self.clock.now()):
                raise AddressExpired
            await unit.sign_ins.end(sign_in.digest)
            taken = await begin_sign_in(unit, account, self.names, self.clock)
            await unit.commit()
        return account, taken


async def begin_sign_in(unit: Unit, account: Account, names: Names, clock: Clock) -> str:
    """Store a new sign-in, and return its secret."""
    now, secret = clock.now(), names.secret()
    await unit.sign_ins.forget_before(now - SIGN_IN_LASTS)
    await unit.sign_ins.add(SignIn(digest_of(secret), account.id, now))
    return secret


@dataclass(frozen=True, slots=True)
class WhoIsSignedIn:
    units: Units
    clock: Clock

    async def __call__(self, secret: str) -> Account:
        """Tell whose sign-in it is.

        Raises:
            NotSignedIn: it has ended, or never began.
        """
        async with self.units.reading() as unit:
            sign_in = await unit.sign_ins.find(digest_of(secret))
            if sign_in is None or sign_in.is_over(self.clock.now()):
                raise NotSignedIn
            account = await unit.accounts.get(sign_in.account_id)
        if account is None:
            raise NotSignedIn
        return account


@dataclass(frozen=True, slots=True)
class SignOut:
    units: Units

    async def __call__(self, secret: str) -> None:
        """End a sign-in; its secret opens nothing any more."""
        async with self.units.writing() as unit:
            await unit.sign_ins.end(digest_of(secret))
            await unit.commit()
