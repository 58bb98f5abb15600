"""Remember the device of a sign-in, and recognize it later."""

from dataclasses import dataclass
from datetime import datetime

from core.domain.access.accounts import Account
from core.domain.access.api_keys import hash_secret
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
    ids: IdGenerator
    clock: Clock

    async def __call__(self, session_secret: str) -> str | None:
        """Return the signed text that identifies the device of a login session.

        Return None if the session is over or its account has no password.
        """
        async with self.units.read() as unit:
            session = await unit.login_sessions.find(hash_secret(session_secret))
            account = await unit.accounts.get(session.account_id) if session else None
        device = Device.of(account, self.ids.secret()) if account else None
        return self.signer.sign(_PURPOSE, device.text, self.clock.now()) if device else None


@dataclass(frozen=True, slots=True)
class DeviceReader:
    signer: Signer
    clock: Clock

    def claims(self, cookie: str | None) -> bool:
        """Return whether a browser's cookie was signed here at all."""
        return self._read(cookie) is not None

    def known(self, cookie: str | None, account: Account | None) -> Device | None:
        """Return the device in a browser's cookie, if the account signed in on it with its current password."""
        result = self._read(cookie)
        if result is None or account is None:
            return None
        device, at = result
        return device if device.is_known_to(account, at, self.clock.now()) else None

    def _read(self, cookie: str | None) -> tuple[Device, datetime] | None:
        if not cookie:
            return None
        try:
            text, at = self.signer.read(_PURPOSE, cookie)
        except BadSignature:
            return None
        device = Device.parse(text)
        return (device, at) if device else None
