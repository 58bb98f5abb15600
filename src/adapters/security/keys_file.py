"""The key file: holds the secret key if none is configured, and is created at first use."""

import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from ports.cipher import KeysUnusable


def load_or_create_key(path: Path) -> str:
    """Return the key in a file; create the file with a new key if it does not exist.

    Raises:
        KeysUnusable: the file cannot be read or created, or has no valid key.
    """
    try:
        if not path.exists():
            _create(path)
        text = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise KeysUnusable(f"The secret key file {path} cannot be used: {error.strerror}.") from error
    except UnicodeDecodeError:
        text = ""
    try:
        Fernet(text)
    except ValueError:
        raise KeysUnusable(
            f"The secret key file {path} has no valid key. Restore the file. Without its key, "
            "stored tokens cannot be decrypted and must be entered again."
        ) from None
    return text


def _create(path: Path) -> None:
    """Create the file atomically: if two processes do so, one wins and both read its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp opens with O_EXCL and mode 0600. Unlike a rename, a hard link never replaces an existing file.
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
