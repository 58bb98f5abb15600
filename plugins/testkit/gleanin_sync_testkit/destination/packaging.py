"""Requirements: how the plug-in describes itself, what it imports, and how it is opened."""

import re
from importlib import metadata

import pytest

from gleanin_sync_testkit.destination.base import DestinationSuiteBase
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.imports import forbidden_imports, is_built_in, module_of, package_folder
from gleanin_sync_testkit.requirements import requirement
from ports.plugins import API_VERSION, DestinationError, DestinationEventId, InvalidInput

GROUP = "gleanin_sync.destinations"


class PackagingTests(DestinationSuiteBase):
    @requirement("The plug-in has an identifier, a name and the version of the API", rule=43)
    def test_description(self) -> None:
        plugin = self.plugin
        assert re.fullmatch(r"[a-z][a-z0-9_-]*", plugin.identifier), (
            f"The identifier {plugin.identifier!r} must be of lower-case letters, digits, - and _"
        )
        assert plugin.display_name.strip(), "The plug-in has no display name"
        assert plugin.api_version == API_VERSION, f"The plug-in must be made for API version {API_VERSION}"
        assert plugin.url == "" or plugin.url.startswith("https://"), (
            f"The plug-in's own URL must begin with https://, but it is {plugin.url!r}"
        )

    @requirement("The plug-in imports nothing of the program but ports.plugins", rule=43)
    def test_imports(self) -> None:
        module = module_of(self.plugin.open)
        if is_built_in(module):
            pytest.skip("it comes with the program")
        found = forbidden_imports(package_folder(module))
        assert not found, f"The plug-in imports what may change at any time: {'; '.join(found)}"

    @requirement("The entry point has the identifier as its name", rule=43)
    def test_entry_point(self) -> None:
        package = module_of(self.plugin.open).partition(".")[0]
        points = [
            point
            for point in metadata.entry_points(group=GROUP)
            if point.module.partition(".")[0] == package and point.load() is self.plugin
        ]
        if not points:
            pytest.skip("the package is not installed")
        names = [point.name for point in points]
        assert names == [self.plugin.identifier], (
            f"The entry point in {GROUP} is called {names}, and the plug-in {self.plugin.identifier!r}"
        )

    @requirement("Opening the plug-in sends nothing", needs=("is_http",))
    async def test_opening(self, rig: Rig) -> None:
        async with self.opened(rig):
            pass
        assert not rig.wire.requests, f"Opening the plug-in has sent {rig.wire.requests}"

    @requirement("An address that is not allowed is refused by the client", needs=("is_http",))
    @pytest.mark.parametrize("url", ["http://destination.example.org", "https://127.0.0.1/api", "nonsense"])
    async def test_address(self, rig: Rig, url: str) -> None:
        rig.stand_in.url = url
        with pytest.raises((InvalidInput, DestinationError)):
            async with self.opened(rig) as destination:
                await destination.event(DestinationEventId("1"))
        assert not rig.wire.requests, f"A request was sent to {url}"
