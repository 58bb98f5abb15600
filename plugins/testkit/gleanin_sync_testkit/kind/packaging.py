"""What a suite requires of the package that brings a kind (rule 43)."""

from importlib.metadata import entry_points

import pytest

from gleanin_sync_testkit.imports import forbidden_imports, is_built_in, module_of, package_folder
from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.requirements import requirement


class KindPackaging(KindBase):
    @requirement("Its package imports nothing of the program but `ports.plugins`", rule=43)
    def test_imports(self) -> None:
        module = module_of(self.plugin.make_rows)
        if is_built_in(module):
            pytest.skip("it comes with the program")
        found = forbidden_imports(package_folder(module))
        assert not found, (
            f"What these import may change at any time; use `ports.plugins` only: {'; '.join(found)}"
        )

    @requirement("If it is installed, its entry point is called as the kind is", rule=43)
    def test_entry_point(self) -> None:
        package = module_of(self.plugin.make_rows).partition(".")[0]
        points = [
            point
            for point in entry_points(group="gleanin_sync.kinds")
            if point.module.partition(".")[0] == package
        ]
        if not points:
            pytest.skip("its package is not installed")
        names = {point.name for point in points if point.load() is self.plugin}
        assert names == {self.plugin.identifier}, (
            f"The kind {self.plugin.identifier!r} has the entry points {sorted(names)}: it is refused under another name"
        )
