"""The secret key that an installation makes for itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.security.cipher import FernetCipher
from adapters.security.keys_file import key_in
from ports.cipher import KeysUnusable
from tests.support.timeouts import WITHIN, next_line


def test_a_key_is_made_at_first_use_and_read_later(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"
    key = key_in(path)
    FernetCipher([key])
    assert key_in(path) == key


def test_the_key_is_for_its_owner_only_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"
    key_in(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [*path.parent.iterdir()] == [path]


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    assert key_in(tmp_path / "one") != key_in(tmp_path / "two")


def test_processes_at_first_use_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    program = (
        "import sys; from pathlib import Path; from adapters.security.keys_file import key_in;"
        "print('ready', flush=True); sys.stdin.readline(); print(key_in(Path(sys.argv[1])))"
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
    assert keys == {key_in(path)}
    assert [*tmp_path.iterdir()] == [path]


def test_a_key_that_appeared_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret.key"
    key = key_in(path)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert key_in(path) == key


@pytest.mark.parametrize("content", [b"", b"no key", "é".encode(), b"\xff\xfe"])
def test_a_file_without_a_key_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    with pytest.raises(KeysUnusable, match="holds no secret key"):
        key_in(path)
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match="cannot be used: Is a directory"):
        key_in(tmp_path)
