"""The settings that kinds bring, in requests and responses; documented as the kinds that are registered then."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, StrictBool, StrictStr
from pydantic_core import CoreSchema

from core.domain.records.kind_settings import MAX_VALUE_LENGTH, KindSetting
from core.domain.records.kinds import KINDS


@dataclass(frozen=True, slots=True)
class _OfInstalledKinds:
    """Documents the settings of each kind; which values they can have is checked where they are changed."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(source)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        kinds = {
            kind.name: _object({setting.name: _schema(setting) for setting in kind.settings})
            for kind in KINDS
            if kind.settings
        }
        return _object(kinds)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _schema(setting: KindSetting) -> dict[str, Any]:
    described = {"title": setting.label} | ({"description": setting.help} if setting.help else {})
    if setting.is_switch:
        return described | {"type": "boolean"}
    if setting.choices:
        return described | {"type": "string", "enum": [*setting.values]}
    return described | {"type": "string", "maxLength": MAX_VALUE_LENGTH}


KindValuesOfMapping = Annotated[dict[str, dict[str, StrictBool | StrictStr]], _OfInstalledKinds()]
