"""Plug-ins import the public module of this program, and nothing else of it."""

from pathlib import Path

import pytest

from gleanin_sync_testkit.imports import forbidden_imports

PLUGINS = Path(__file__).parents[1] / "plugins"
# The one that brings a package of this program's name does it on purpose.
TOYS = sorted(
    folder
    for folder in PLUGINS.iterdir()
    if (folder / "pyproject.toml").exists() and folder.name != "toy_shadow"
)


@pytest.mark.parametrize("folder", TOYS, ids=lambda folder: folder.name)
def test_rule_43_a_plugin_imports_only_the_public_module(folder: Path) -> None:
    assert [*folder.rglob("*.py")]
    assert forbidden_imports(folder) == []


@pytest.mark.parametrize(
    ("planted", "module"),
    [
        ("import core.domain.ids", "core.domain.ids"),
        ("from core.domain.ids import SourceId", "core.domain.ids"),
        ("import ports", "ports"),
        ("import json, ports.source", "ports.source"),
        ("from ports import source", "ports.source"),
        ("from ports import plugins, source", "ports.source"),
        ("from ports.source import Source", "ports.source"),
        ("def late():\n    from adapters.memory import clock", "adapters.memory"),
        ("import importlib\nimportlib.import_module('entrypoints.container')", "entrypoints.container"),
        ("from importlib import import_module\nimport_module('core')", "core"),
        ("__import__('core')", "core"),
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, planted: str, module: str) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "planted.py").write_text(f"{planted}\n")
    (found,) = forbidden_imports(tmp_path)
    assert found == f"inner/planted.py:{planted.count(chr(10)) + 1}: {module}"


@pytest.mark.parametrize(
    "allowed",
    [
        "from ports.plugins import SourcePlugin",
        "import ports.plugins",
        "from ports import plugins",
        "from . import core",
        "import corelib",
        "import httpx",
    ],
)
def test_what_is_public_or_its_own_is_allowed(tmp_path: Path, allowed: str) -> None:
    (tmp_path / "allowed.py").write_text(f"{allowed}\n")
    assert forbidden_imports(tmp_path) == []
