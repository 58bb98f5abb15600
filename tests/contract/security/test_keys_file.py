"""The secret key file."""

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.security.cipher import FernetCipher
from adapters.security.keys_file import load_or_create_key
from ports.cipher import KeysUnusable
from tests.support.timeouts import WITHIN, next_line


def test_key_is_created_at_first_use_and_read_later(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"
    key = load_or_create_key(path)
    FernetCipher([key])
    assert load_or_create_key(path) == key


def test_key_file_is_private_and_no_temporary_file_remains(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"
    load_or_create_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [*path.parent.iterdir()] == [path]


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    assert load_or_create_key(tmp_path / "one") != load_or_create_key(tmp_path / "two")


def test_concurrent_processes_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    program = (
        "import sys; from pathlib import Path; from adapters.security.keys_file import load_or_create_key;"
        "print('ready', flush=True); sys.stdin.readline(); print(load_or_create_key(Path(sys.argv[1])))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    try:
        assert [next_line(process) for process in processes] == ["ready\n"] * 3
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        keys = {process.communicate(timeout=WITHIN)[0].strip() for process in processes}
    finally:
        for process in processes:
            process.kill()
            process.communicate(timeout=WITHIN)
    assert keys == {load_or_create_key(path)}
    assert [*tmp_path.iterdir()] == [path]


def test_key_created_concurrently_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.key"
    key = load_or_create_key(path)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert load_or_create_key(path) == key


@pytest.mark.parametrize("content", [b"", b"no key", "é".encode(), b"\xff\xfe"])
def test_file_without_a_key_is_refused_and_unchanged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    with pytest.raises(KeysUnusable, match="has no valid key"):
        load_or_create_key(path)
    assert path.read_bytes() == content


def test_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match="cannot be used: Is a directory"):
        load_or_create_key(tmp_path)
