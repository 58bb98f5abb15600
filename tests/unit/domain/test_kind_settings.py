"""Settings that kinds bring: their values, and what is kept of kinds that are gone."""

from typing import Any

import pytest

from core.domain.errors import InvalidInput
from core.domain.records.kind_settings import MAX_VALUE_LENGTH, KindSetting
from core.domain.tenancy.event_mappings import MappingSettings
from core.domain.tenancy.kind_values import all_values, changed_values, value_of
from tests.support.toy_kind import HELPER, registered

SWITCH = KindSetting("shifts", "Send shifts", default=True)
CHOICE = KindSetting(
    "names", "Names", default="whole", choices=(("whole", "Whole name"), ("first", "First name"))
)
TEXT = KindSetting("team", "Team")


@pytest.mark.parametrize(
    ("setting", "value", "stored"),
    [
        (SWITCH, False, False),
        (SWITCH, "on", True),
        (SWITCH, "off", False),
        (CHOICE, "first", "first"),
        (TEXT, "  Doors\u200b ", "Doors"),
        (TEXT, "", ""),
        (TEXT, "x" * MAX_VALUE_LENGTH, "x" * MAX_VALUE_LENGTH),
    ],
)
def test_a_value_is_stored_in_its_own_type(setting: KindSetting, value: object, stored: object) -> None:
    assert setting.checked(value) == stored


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        (SWITCH, "yes", r"Send shifts \(shifts\) must be on or off\."),
        (SWITCH, 1.5, "on or off"),
        (CHOICE, "last", r"Names \(names\) must be one of: whole, first\."),
        (CHOICE, True, "one of"),
        (TEXT, "x" * (MAX_VALUE_LENGTH + 1), "at most 500 characters"),
        (TEXT, True, "a text"),
    ],
)
def test_another_value_is_refused_with_what_is_possible(
    setting: KindSetting, value: object, expected: str
) -> None:
    with pytest.raises(InvalidInput, match=expected) as refused:
        setting.checked(value)
    assert refused.value.about == "kinds"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"name": "Two words", "label": "Two"}, "needs a name"),
        ({"name": "two", "label": " "}, "needs a label"),
        (
            {"name": "two", "label": "Two", "choices": (("a", "A"),)},
            "needs a default that is one of its choices",
        ),
    ],
)
def test_a_setting_that_cannot_work_cannot_be_built(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        KindSetting(**given)


def test_values_are_described_in_words() -> None:
    assert [SWITCH.described(True), SWITCH.described(False)] == ["on", "off"]
    assert (CHOICE.described("first"), CHOICE.described("gone"), TEXT.described("Doors")) == (
        "First name",
        "gone",
        "Doors",
    )


@pytest.mark.parametrize(
    ("requested", "problem"),
    [
        ({"juggler": {}}, r"There is no kind with settings 'juggler'\. Use one of: helper\."),
        ({"session": {"title": "x"}}, "no kind with settings 'session'"),
        ({"helper": {"hat": "red"}}, r"no setting of helper 'hat'\. Use one of: shifts, names, team\."),
        ({"helper": {"names": "last"}}, "must be one of: whole, first"),
    ],
)
def test_rule_43_an_unknown_kind_setting_or_choice_is_refused_with_what_is_known(
    requested: dict[str, dict[str, object]], problem: str
) -> None:
    with registered(), pytest.raises(InvalidInput, match=problem):
        changed_values({}, requested)


def test_rule_43_without_such_kinds_a_setting_is_refused_with_that() -> None:
    with pytest.raises(InvalidInput, match=r"'helper'\. None is installed\."):
        changed_values({}, {"helper": {"team": "Doors"}})


def test_rule_43_values_of_a_kind_that_is_not_installed_are_kept_and_have_no_effect() -> None:
    stored = {"gone": {"any": "text"}, "helper": {"names": "not a choice any more"}}
    with registered():
        changed = changed_values(stored, {"helper": {"team": "Doors"}})
        assert changed == {
            "gone": {"any": "text"},
            "helper": {"names": "not a choice any more", "team": "Doors"},
        }
        assert all_values(changed) == {"helper": {"shifts": True, "names": "whole", "team": "Doors"}}
        assert value_of(changed, HELPER, HELPER.settings[1]) == "whole"
    assert all_values(changed) == {}


def test_equal_settings_have_equal_digests() -> None:
    one = MappingSettings(kinds={"a": {"x": "1", "y": "2"}, "b": {"z": True}, "c": {}})
    other = MappingSettings(kinds={"b": {"z": True}, "a": {"y": "2", "x": "1"}})
    assert (one, repr(one)) == (other, repr(other))
