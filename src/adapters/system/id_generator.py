"""Names out of the system's randomness."""

import os
import secrets
import socket

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""No l, o, 0 or 1: ids are read out on the telephone."""
_LENGTH = 12
"""60 bits: among a billion ids, the chance that any two are the same is below one half."""


class RandomIds:
    def new(self) -> str:
        return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))

    def owner(self) -> str:
        return f"{socket.gethostname()}:{os.getpid()}:{self.new()}"

    def secret(self) -> str:
        return secrets.token_urlsafe(32)
