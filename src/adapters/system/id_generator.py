"""Random ids from the operating system's entropy."""

import os
import secrets
import socket

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without l, o, 0 and 1, because ids are read out on the telephone."""
_LENGTH = 12
"""60 bits: among a billion ids, the probability of a collision is below one half."""


class RandomIds:
    def new(self) -> str:
        return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))

    def owner(self) -> str:
        return f"{socket.gethostname()}:{os.getpid()}:{self.new()}"

    def secret(self) -> str:
        return secrets.token_urlsafe(32)
