"""What a suite requires of a kind's settings."""

from collections.abc import Iterator

from core.domain.records.kind_settings import MAX_VALUE_LENGTH, KindSetting, SettingValue
from core.domain.records.outcomes import Outcome
from core.domain.tenancy.event_mappings import MappingSettings
from gleanin_sync_testkit.kind.selected import Selected
from gleanin_sync_testkit.kind.sync_base import KindSyncBase
from gleanin_sync_testkit.requirements import requirement

SETTINGS = ("has_settings",)
ODD_TEXTS = ("", "x", "<b>", "x" * MAX_VALUE_LENGTH)


class KindSettings(KindSyncBase):
    @requirement("Its settings have different names, and defaults that can be chosen", needs=SETTINGS)
    def test_settings_have_names_and_defaults(self) -> None:
        settings = self.plugin.kind.settings
        names = [setting.name for setting in settings]
        assert len(set(names)) == len(names), f"Several settings have the same name: {names}"
        for setting in settings:
            assert setting.checked(setting.default) == setting.default, (
                f"The default of {setting.name!r} is {setting.default!r}, which an admin could not choose"
            )
        unknown = self.setting_values.keys() - {*names}
        assert not unknown, f"{sorted(unknown)} in `setting_values` are no settings of the kind"

    @requirement("A setting that was never touched is at its default", needs=SETTINGS)
    def test_defaults(self) -> None:
        expected = self.select(self.rows()).candidates
        for setting in self.plugin.kind.settings:
            chosen = self._with(setting, setting.default).candidates
            assert chosen == expected, f"Choosing the default of {setting.name!r} changes the records"

    @requirement(
        "Each setting has an effect, and every record is decided upon with any value", needs=SETTINGS
    )
    def test_each_setting_has_an_effect(self) -> None:
        expected = self.select(self.rows())
        for setting in self.plugin.kind.settings:
            results = [self._with(setting, value) for value in self._others(setting)]
            for selected in results:
                self.check_candidates(selected)
            assert any(selected.candidates != expected.candidates for selected in results), (
                f"No value of {setting.name!r} changes a record: add a row that it concerns, or a value to "
                "`setting_values`"
            )
            for text in ODD_TEXTS if isinstance(setting.default, str) and not setting.choices else ():
                self.check_candidates(self._with(setting, text))

    @requirement("A changed setting sends again just what it changes", rule=21, needs=SETTINGS)
    async def test_changed_settings_are_sent(self) -> None:
        kind = self.plugin.kind
        expected = self.select(self.rows()).fields
        for setting in kind.settings:
            for value in self._others(setting):
                changed = self._with(setting, value).fields
                product = self.product_of()
                await product.sync()
                await product.change_settings(self._settings(setting, value))
                sent, result = await self.sync_and_list(product)
                for source_id, fields in changed.items():
                    differing = {
                        name
                        for name in (fields.keys() | expected[source_id].keys()) - {*self.derived}
                        if fields.get(name) != expected[source_id].get(name)
                    }
                    there = product.stored(kind)[source_id].id
                    names = {
                        name for write in sent if write.destination_id == there for name, _ in write.sent
                    }
                    assert names - {*self.derived} == differing, (
                        f"{setting.name!r} as {value!r} changes {sorted(differing)} of {source_id!r}, but {sorted(names)} "
                        f"were sent: {result.of(kind, source_id).reason}"
                    )
                again = await product.sync()
                assert again.number(Outcome.CREATED, Outcome.UPDATED, kind=kind) == 0

    def _others(self, setting: KindSetting) -> Iterator[SettingValue]:
        """Yield the values of a setting besides its default."""
        values: tuple[SettingValue, ...] = (True, False) if setting.is_switch else setting.values
        chosen = self.setting_values.get(setting.name, values or ("Something",))
        return (value for value in chosen if value != setting.default)

    def _settings(self, setting: KindSetting, value: SettingValue) -> MappingSettings:
        return MappingSettings(kinds={self.plugin.kind.name: {setting.name: setting.checked(value)}})

    def _with(self, setting: KindSetting, value: SettingValue) -> Selected:
        return self.select(self.add(self.rows(), settings=self._settings(setting, value)))
