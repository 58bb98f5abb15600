"""Texts that only this installation can have made: in addresses and cookies."""

from datetime import datetime
from typing import Protocol


class BadSignature(Exception):
    """The text was not made here for this purpose, or was changed."""


class Signer(Protocol):
    def sign(self, purpose: str, text: str, at: datetime) -> str:
        """Sign a text, with the moment, in characters that an address may have."""
        ...

    def read(self, purpose: str, signed: str) -> tuple[str, datetime]:
        """Give back what was signed, and when.

        Raises:
            BadSignature
        """
        ...
