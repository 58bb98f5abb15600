"""The secret key of an installation that nobody gave one: made at first use, in a file of its own."""

import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from ports.cipher import KeysUnusable


def key_in(path: Path) -> str:
    """Read the key in a file; make file and key where there is none yet.

    Raises:
        KeysUnusable: the file cannot be read or made, or holds no key.
    """
    try:
        if not path.exists():
            _make(path)
        text = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise KeysUnusable(
            f"The file of the secret key, {path}, cannot be used: {error.strerror}."
        ) from error
    except UnicodeDecodeError:
        text = ""
    try:
        Fernet(text)
    except ValueError:
        raise KeysUnusable(
            f"The file {path} holds no secret key. Put the key back that it had; without it, "
            "tokens that were stored cannot be read and must be given again."
        ) from None
    return text


def _make(path: Path) -> None:
    """Put a new key in place at once and whole: of two processes at first use one wins, both read its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp opens with O_EXCL and mode 0600. A link, unlike a rename, never replaces what is there.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(name)
    except FileExistsError:
        pass  # the other process was first
    finally:
        Path(name).unlink()
