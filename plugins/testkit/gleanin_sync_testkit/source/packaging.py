"""The package that brings a plug-in: what it imports, and how it is registered."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from core.domain.errors import InvalidInput
from core.domain.ids import SourceEventId
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.system import System
from ports.plugins import API_VERSION, Access, SourcePlugin, Token
from ports.source import SourceError

OWN = frozenset(("core", "ports", "adapters", "entrypoints"))
"""The top-level packages of the program."""
PUBLIC = "ports.plugins"
GROUP = "gleanin_sync.sources"
IDENTIFIER = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class PackagingTests(SourceTests):
    @requirement("Has an identifier, a name and the version of the API", rule=43)
    def test_description(self) -> None:
        plugin = _plugin(self)
        assert IDENTIFIER.fullmatch(plugin.identifier), (
            f"The identifier {plugin.identifier!r} is part of ids: use lower-case letters and digits."
        )
        assert plugin.display_name.strip(), "The display name is empty: people read it."
        assert plugin.api_version == API_VERSION, (
            f"The plug-in is for another version of the API: {plugin.api_version}"
        )
        for name, url in plugin.regions.items():
            assert url.startswith("https://"), f"The URL of the region {name!r} does not begin with https://."

    @requirement("Imports nothing of the program but ports.plugins", rule=43)
    def test_imports(self) -> None:
        found = [*_forbidden_imports(_folder_of(_plugin(self)))]
        assert not found, (
            f"The plug-in imports what may change at any time: {'; '.join(found)}. Use {PUBLIC} only."
        )

    @requirement("Is registered under its identifier", rule=43)
    def test_entry_point(self) -> None:
        plugin = _plugin(self)
        points = [
            point
            for point in metadata.entry_points(group=GROUP)
            if point.module.partition(".")[0] == _package_of(plugin)
        ]
        if not points:
            pytest.skip("the package is not installed")
        names = {point.name for point in points if point.load() == plugin}
        assert names == {plugin.identifier}, (
            f"The entry point in {GROUP} is called {sorted(names)}, and the plug-in {plugin.identifier!r}."
        )

    @requirement("Brings no top-level package of the program", rule=43)
    def test_top_level_packages(self) -> None:
        package = _package_of(_plugin(self))
        _folder_of(_plugin(self))
        for distribution in metadata.packages_distributions().get(package, []):
            tops = {path.parts[0] for path in metadata.files(distribution) or () if path.suffix == ".py"}
            assert not tops & OWN, f"{distribution} brings {sorted(tops & OWN)}, which are the program's."

    @requirement(
        "Is opened by the client that it is given, which refuses what is no address", needs=("is_http",)
    )
    async def test_addresses_are_checked(self, system: System) -> None:
        for url in ("http://api.example.org", "https://127.0.0.1", "nonsense"):
            with pytest.raises((InvalidInput, SourceError)):
                async with _plugin(self).open(
                    Access(url, Token(system.stand_in.token)), system.wire.open_http()
                ) as source:
                    await source.event(SourceEventId(system.event.id))
        assert not system.wire.requests, "The plug-in sent a request to an address that is not allowed."

    @requirement("Sends no request before it is asked for something", needs=("is_http",))
    async def test_opening_sends_nothing(self, system: System) -> None:
        async with system.opened():
            assert not system.wire.requests, "The plug-in sent a request when it was opened."


def _plugin(suite: SourceTests) -> SourcePlugin:
    plugin = getattr(suite, "plugin", None)
    if plugin is None:
        pytest.skip("the source is no plug-in")
    assert isinstance(plugin, SourcePlugin)
    return plugin


def _package_of(plugin: SourcePlugin) -> str:
    opener = getattr(plugin.open, "func", plugin.open)
    module: str = getattr(opener, "__module__", None) or type(opener).__module__
    return module.partition(".")[0]


def _folder_of(plugin: SourcePlugin) -> Path:
    """Return the folder of the package, or its only file; skipped for what comes with the program."""
    package = _package_of(plugin)
    if package in OWN:
        pytest.skip("it comes with the program")
    file = getattr(sys.modules[package], "__file__", None)
    if file is None:
        pytest.skip("the package has no files")
    path = Path(file)
    return path.parent if path.name == "__init__.py" else path


def _forbidden_imports(path: Path) -> Iterator[str]:
    for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            for name in _imported(node):
                if name.partition(".")[0] in OWN and name != PUBLIC and not name.startswith(f"{PUBLIC}."):
                    yield f"{file.name}:{getattr(node, 'lineno', 0)} imports {name}"


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield the names of modules that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        if node.module in OWN:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield node.module
