"""Signed texts, by itsdangerous: a salt for each purpose, and keys that can be rotated."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from ports.signer import BadSignature

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class ItsdangerousSigner:
    def __init__(self, keys: Sequence[str]) -> None:
        """Take the keys: the first signs, all are accepted."""
        # It wants the newest last.
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
