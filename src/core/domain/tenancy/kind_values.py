"""The values of kinds' settings for one mapping, by the kind's and the setting's name."""

from collections.abc import Mapping

from core.domain.errors import InvalidInput
from core.domain.records.kind_settings import KindSetting, SettingValue
from core.domain.records.kinds import KINDS, RecordKind

KindValues = Mapping[str, Mapping[str, SettingValue]]
"""Only of settings that were chosen; those of kinds that are not installed any more are kept, and have no effect."""


def value_of(values: KindValues, kind: RecordKind, setting: KindSetting) -> SettingValue:
    """Return the value of a setting, or its default; also where a stored value is not one of its values any more."""
    try:
        return setting.checked(values.get(kind.name, {}).get(setting.name, setting.default))
    except InvalidInput:
        return setting.default


def all_values(values: KindValues) -> dict[str, dict[str, SettingValue]]:
    """Return the value of each setting of each kind that is installed and has settings."""
    return {
        kind.name: {setting.name: value_of(values, kind, setting) for setting in kind.settings}
        for kind in KINDS
        if kind.settings
    }


def changed_values(values: KindValues, requested: Mapping[str, Mapping[str, object]]) -> KindValues:
    """Return the values with others in place of some.

    Raises:
        InvalidInput: a kind or a setting does not exist, or the setting cannot have such a value.
    """
    changed = {name: dict(of_kind) for name, of_kind in values.items()}
    with_settings = {kind.name: kind for kind in KINDS if kind.settings}
    for kind_name, of_kind in requested.items():
        if kind_name not in with_settings:
            raise _unknown("kind with settings", kind_name, with_settings)
        settings = {setting.name: setting for setting in with_settings[kind_name].settings}
        for name, value in of_kind.items():
            if name not in settings:
                raise _unknown(f"setting of {kind_name}", name, settings)
            changed.setdefault(kind_name, {})[name] = settings[name].checked(value)
    return changed


def _unknown(what: str, name: str, known: Mapping[str, object]) -> InvalidInput:
    use = f"Use one of: {', '.join(known)}." if known else "None is installed."
    return InvalidInput(f"There is no {what} {name!r:.60}. {use}", about="kinds")
