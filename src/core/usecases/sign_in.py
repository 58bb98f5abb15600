"""Sign in, stay signed in, sign out."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address

from core.domain.accounts import FORGOTTEN_AFTER, LONGEST_PASSWORD, SIGN_IN_LASTS, Account, SignIn
from core.domain.api_keys import digest_of
from core.domain.email import same_mailbox
from core.domain.refusals import AddressExpired, NotSignedIn, WrongCredentials
from ports.clock import Clock
from ports.names import Names
from ports.passwords import Passwords
from ports.persistence import Unit, Units
from ports.signer import NotSigned, Signer

_PURPOSE = "sign-in"


@dataclass(frozen=True, slots=True)
class Credentials:
    email: str
    password: str
    address: str
    """The network address that they came from: it is slowed down too."""

    @property
    def subjects(self) -> tuple[str, str]:
        """Tell for what failures are counted: the account, and the address."""
        # A digest, for whatever was typed as an e-mail may be a password, and of any length.
        return (f"account:{digest_of(same_mailbox(self.email))}", f"address:{_whose(self.address)}")


def _whose(address: str) -> str:
    """Give the part of a network address that one party has: of IPv6 addresses, everybody has a whole /64."""
    try:
        known = ip_address(address)
    except ValueError:
        return address  # a name that a proxy or a test gave
    if isinstance(known, IPv4Address):
        return str(known)
    return str(known.ipv4_mapped or IPv6Network((int(known), 64), strict=False))


@dataclass(frozen=True, slots=True)
class SignInWithPassword:
    units: Units
    passwords: Passwords
    names: Names
    clock: Clock

    async def __call__(self, credentials: Credentials) -> str:
        """Begin a sign-in, and give its secret.

        Raises:
            WrongCredentials: nothing tells whether there is such an account.
            TooManyAttempts: for this account or from this address; the password was not even looked at.
        """
        # Counted as failed before it is judged: of many attempts at once, no more pass than of those one by one.
        async with self.units.writing() as unit:
            now = self.clock.now()
            await unit.attempts.forget_before(now - FORGOTTEN_AFTER)
            for subject in credentials.subjects:
                attempts = await unit.attempts.of(subject)
                attempts.check(now)
                await unit.attempts.save(subject, attempts.failed(now))
            account = await unit.accounts.with_email(credentials.email)
            await unit.commit()
        usable = credentials.password[: LONGEST_PASSWORD + 1]
        matches = await self.passwords.matches(usable, account.password_hash if account else None)
        if account is None or not matches:
            raise WrongCredentials
        async with self.units.writing() as unit:
            # Again, for it may have been removed, or its password changed, while the old one was looked at.
            still = await unit.accounts.get(account.id)
            if still is None or still.password_hash != account.password_hash:
                raise WrongCredentials
            of_account, of_address = credentials.subjects
            await unit.attempts.forget(of_account)
            # Not forgotten: with an account of one's own, nobody is to try the others' without end.
            attempts = await unit.attempts.of(of_address)
            await unit.attempts.save(of_address, attempts.taken_back())
            secret = await _begun(unit, account, self.names, self.clock)
            await unit.commit()
        return secret


@dataclass(frozen=True, slots=True)
class SignInElsewhere:
    """For somebody whose e-mail another provider vouches for."""

    units: Units
    names: Names
    clock: Clock

    async def __call__(self, email: str) -> str:
        """Begin a sign-in, and give its secret.

        Raises:
            NotSignedIn: there is no account with this e-mail.
        """
        async with self.units.writing() as unit:
            account = await unit.accounts.with_email(email)
            if account is None:
                raise NotSignedIn(f"There is no account for {email:.120}. Ask an admin to add one.")
            secret = await _begun(unit, account, self.names, self.clock)
            await unit.commit()
        return secret


@dataclass(frozen=True, slots=True)
class OfferSignIn:
    """For somebody at the command line, who can do all that the account can anyway."""

    units: Units
    signer: Signer
    names: Names
    clock: Clock

    async def __call__(self, email: str) -> str:
        """Begin a sign-in for a browser that is to open an address, and give the address's last part.

        Raises:
            NotSignedIn: there is no account with this e-mail.
        """
        secret = await SignInElsewhere(self.units, self.names, self.clock)(email)
        return self.signer.sign(_PURPOSE, secret, self.clock.now())


@dataclass(frozen=True, slots=True)
class TakeSignIn:
    units: Units
    signer: Signer
    names: Names
    clock: Clock

    async def __call__(self, offered: str) -> str:
        """Give the secret of a sign-in in the place of the one that was offered, which opens nothing any more.

        Raises:
            AddressExpired: it was taken already, is too old, or was not made here.
        """
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
            taken = await _begun(unit, account, self.names, self.clock)
            await unit.commit()
        return taken


async def _begun(unit: Unit, account: Account, names: Names, clock: Clock) -> str:
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
