"""Sign in with e-mail and password, and limit guessing."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address

from core.domain.access.accounts import FORGOTTEN_AFTER, MAX_PASSWORD_LENGTH, Account
from core.domain.access.api_keys import hash_secret
from core.domain.access.devices import Device
from core.domain.email import normalize_email
from core.domain.errors import InvalidCredentials, Overloaded, TooManyAttempts
from core.usecases.access.begin_session import begin_session
from core.usecases.access.known_devices import DeviceReader
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.log import EventLog
from ports.passwords import HashRequest, Passwords, PasswordsBusy
from ports.signer import Signer
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class Credentials:
    email: str
    password: str
    address: str
    """The IP address of the client, which is throttled too."""
    device: str | None = None
    """The device cookie of an earlier sign-in."""

    @property
    def party(self) -> str:
        """Return the network that one client controls: for IPv6, a whole /64."""
        try:
            address = ip_address(self.address)
        except ValueError:
            return self.address  # a host name, from a proxy or a test
        if isinstance(address, IPv4Address):
            return str(address)
        return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False))

    @property
    def account_subject(self) -> str:
        # A digest: what was typed as an e-mail may be a password, and may have any length.
        return f"account:{hash_secret(normalize_email(self.email))}"

    @property
    def address_subject(self) -> str:
        return f"address:{self.party}"

    def subjects(self, device: Device | None) -> tuple[str, ...]:
        """Return what failures are counted for: a known device, or else the account and the IP address.

        Other clients' failures, for the account or from the same address, do not throttle a known device.
        """
        return (self.account_subject, self.address_subject) if device is None else (f"device:{device.id}",)


@dataclass(frozen=True, slots=True)
class SignInWithPassword:
    units: UnitOfWorkFactory
    passwords: Passwords
    signer: Signer
    ids: IdGenerator
    clock: Clock
    log: EventLog

    async def __call__(self, credentials: Credentials) -> str:
        """Begin a login session and return its secret.

        Raises:
            InvalidCredentials: the e-mail or the password is wrong; the error does not reveal which.
            TooManyAttempts: for this device, account or address; the password was not even checked.
            Overloaded: too many password checks are waiting.
        """
        log = self.log.bound(address=credentials.address)
        try:
            # Reserve the place before counting the attempt: an unchecked password is not a failure.
            with self.passwords.place_for(await self._hash_request(credentials)):
                return await self._sign_in(credentials, log)
        except PasswordsBusy:
            log.warning("access.throttled", act="sign_in", because="busy")
            raise Overloaded from None
        except TooManyAttempts:
            log.warning("access.throttled", act="sign_in", because="attempts")
            raise

    @property
    def _devices(self) -> DeviceReader:
        return DeviceReader(self.signer, self.clock)

    async def _hash_request(self, credentials: Credentials) -> HashRequest:
        if self._devices.claims(credentials.device):
            async with self.units.read() as unit:
                account = await unit.accounts.find_by_email(credentials.email)
            if account and self._devices.known(credentials.device, account):
                return HashRequest(account.id, is_known=True)
        return HashRequest(credentials.party, is_known=False)

    async def _sign_in(self, credentials: Credentials, log: EventLog) -> str:
        account, device = await self._count_attempt(credentials)
        password = credentials.password[: MAX_PASSWORD_LENGTH + 1]
        hashed = account.password_hash if account else None
        matches = await self.passwords.matches(password, hashed, is_known=device is not None)
        secret = await self._begin(credentials, account, device) if account and matches else None
        if account is None or secret is None:
            log.warning("access.sign_in_failed", account=account.id if account else None)
            raise InvalidCredentials
        log.event("access.signed_in", account=account.id, way="password")
        return secret

    async def _count_attempt(self, credentials: Credentials) -> tuple[Account | None, Device | None]:
        """Count the attempt as failed before the check, so that concurrent attempts get no extra guesses."""
        async with self.units.write() as unit:
            now = self.clock.now()
            account = await unit.accounts.find_by_email(credentials.email)
            device = self._devices.known(credentials.device, account)
            await unit.attempts.remove_before(now - FORGOTTEN_AFTER)
            for subject in credentials.subjects(device):
                attempts = await unit.attempts.get(subject)
                attempts.check(now)
                await unit.attempts.save(subject, attempts.failed(now))
            await unit.commit()
        return account, device

    async def _begin(self, credentials: Credentials, account: Account, device: Device | None) -> str | None:
        async with self.units.write() as unit:
            # Read again: the account may have been removed or its password changed during the check.
            current = await unit.accounts.get(account.id)
            if current is None or current.password_hash != account.password_hash:
                return None
            first, *rest = credentials.subjects(device)
            await unit.attempts.remove(first)
            for subject in rest:
                # Not reset: signing in to one account must not reset the count of guesses at others.
                attempts = await unit.attempts.get(subject)
                await unit.attempts.save(subject, attempts.without_last())
            secret = await begin_session(unit, account, self.ids, self.clock)
            await unit.commit()
        return secret
