"""Signed texts in addresses and cookies, which only this installation can create."""

from datetime import datetime
from typing import Protocol


class BadSignature(Exception):
    """The text was not signed by this installation for this purpose, or was changed."""


class Signer(Protocol):
    def sign(self, purpose: str, text: str, at: datetime) -> str:
        """Sign a text together with a time, in URL-safe characters."""
        ...

    def read(self, purpose: str, signed: str) -> tuple[str, datetime]:
        """Return the text that was signed, and when.

        Raises:
            BadSignature
        """
        ...
