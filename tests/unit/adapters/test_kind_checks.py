"""What a kind must be made of to be registered."""

from dataclasses import replace
from typing import Any, cast

import pytest

from adapters.plugins.kind_checks import check_kind
from core.domain.records.kinds import Scope
from ports.plugins import HolderType, LinkHome, PageColumn
from tests.plugins.toy_kind.toy_kind import HELPER, PLUGIN


def test_rule_43_the_toy_kind_can_be_registered() -> None:
    check_kind(PLUGIN)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "Two Words"}, "its name 'Two Words'"),
        ({"scope": Scope("all")}, "its scope 'all' is taken"),
        ({"scope": Scope("preview")}, "its scope 'preview' is taken"),
        ({"scope": Scope("a/b")}, "its scope 'a/b'"),
        ({"plural": ""}, "no words"),
        ({"feed": "helpers"}, "its feed is no Feed"),
        ({"required": (7,)}, "the names of its fields"),
        ({"settings": ("team",)}, "its settings are no KindSettings"),
        ({"settings": HELPER.settings[:1] * 2}, "two of its settings have one name"),
    ],
)
def test_rule_43_a_kind_that_cannot_work_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        check_kind(replace(PLUGIN, kind=replace(HELPER, **change)))


@pytest.mark.parametrize("name", ["readers", "schemas", "webhooks", "sandbox_rows", "link_homes"])
def test_rule_43_what_is_looked_up_by_system_is_a_mapping(name: str) -> None:
    with pytest.raises(ValueError, match=f"its {name} are no mapping"):
        check_kind(replace(PLUGIN, **{name: cast("Any", [])}))


def test_rule_43_a_column_depends_on_a_setting_that_the_kind_has() -> None:
    check_kind(replace(PLUGIN, columns=(PageColumn("Shift", str, setting="team"),)))
    with pytest.raises(ValueError, match="the column 'Shift' depends on a setting 'shoes'"):
        check_kind(replace(PLUGIN, columns=(PageColumn("Shift", str, setting="shoes"),)))


def test_rule_38_only_a_kind_of_people_has_homes_for_links() -> None:
    homes = {"sessionboard": LinkHome(HolderType("contacts"))}
    check_kind(replace(PLUGIN, link_homes=homes, kind=replace(HELPER, is_person=True)))
    with pytest.raises(ValueError, match="it has homes for links, which only people have"):
        check_kind(replace(PLUGIN, link_homes=homes, kind=replace(HELPER, is_person=False)))
