"""Signs text with itsdangerous, with a salt for each purpose and key rotation."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from ports.signer import BadSignature

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class ItsdangerousSigner:
    def __init__(self, keys: Sequence[str]) -> None:
        """Create a signer from its keys: the first one signs, and all are accepted."""
        # itsdangerous expects the newest last.
        self._keys = list(reversed(keys))

    def sign(self, purpose: str, text: str, at: datetime) -> str:
        return str(self._serializer(purpose).dumps([text, (at - _EPOCH) // _TICK]))

    def read(self, purpose: str, signed: str) -> tuple[str, datetime]:
        try:
            text, ticks = self._serializer(purpose).loads(signed)
            return str(text), _EPOCH + ticks * _TICK
        except (BadData, ValueError, TypeError, OverflowError) as error:
            raise BadSignature from error

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._keys, salt=f"gleanin-sync.{purpose}")
