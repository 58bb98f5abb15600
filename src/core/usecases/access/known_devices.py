"""Remember the device that somebody signs in on, and recognize it."""

from dataclasses import dataclass
from datetime import datetime

from core.domain.access.accounts import Account
from core.domain.access.api_keys import digest_of
from core.domain.access.devices import Device
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.signer import BadSignature, Signer
from ports.store.unit_of_work import UnitOfWorkFactory

_PURPOSE = "device"


@dataclass(frozen=True, slots=True)
class RememberDevice:
    units: UnitOfWorkFactory
    signer: Signer
    names: IdGenerator
    clock: Clock

    async def __call__(self, sign_in: str) -> str | None:
        """Return the signed text by which the device is recognized that a sign-in has begun on.

        None where there is nothing to recognize it for: the sign-in is over, or its account has no password.
        """
        async with self.units.read() as unit:
            found = await unit.login_sessions.find(digest_of(sign_in))
            account = await unit.accounts.get(found.account_id) if found else None
        device = Device.of(account, self.names.secret()) if account else None
        return self.signer.sign(_PURPOSE, device.text, self.clock.now()) if device else None


@dataclass(frozen=True, slots=True)
class DeviceReader:
    signer: Signer
    clock: Clock

    def claims(self, shown: str | None) -> bool:
        """Return whether what a browser shows was signed here at all."""
        return self._read(shown) is not None

    def known(self, shown: str | None, account: Account | None) -> Device | None:
        """Return the device that a browser shows, if the account has signed in on it with its present password."""
        read = self._read(shown)
        if read is None or account is None:
            return None
        device, at = read
        return device if device.is_known_to(account, at, self.clock.now()) else None

    def _read(self, shown: str | None) -> tuple[Device, datetime] | None:
        if not shown:
            return None
        try:
            text, at = self.signer.read(_PURPOSE, shown)
        except BadSignature:
            return None
        device = Device.parse(text)
        return (device, at) if device else None
