"""What an admin sends to access a system: a token, and the fields that its plug-in declares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, SecretStr
from pydantic_core import CoreSchema

from core.domain.tenancy.access_fields import AccessField
from core.domain.tenancy.secrets import MAX_TOKEN_LENGTH, NO_TOKEN, Token
from entrypoints.plugins import PluginGroup, installed_plugins
from ports.plugins import DestinationPlugin, SourcePlugin

Secret = Annotated[SecretStr, Field(min_length=1, max_length=MAX_TOKEN_LENGTH)]
MAX_FIELDS = 50


@dataclass(frozen=True, slots=True)
class DescribedByPlugins:
    """Documents the access fields of the plug-ins that are installed when the document is made."""

    group: PluginGroup

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(source)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = "; ".join(map(_described, _plugins(self.group)))
        return {
            **handler(schema),
            "additionalProperties": {"type": "string"},
            "description": f"The values of access fields by name. {described}.",
        }


def _plugins(group: PluginGroup) -> Iterable[SourcePlugin | DestinationPlugin]:
    catalog = installed_plugins()
    for identifier in catalog.installed[group]:
        plugin = catalog.load(group, identifier).plugin
        if isinstance(plugin, SourcePlugin | DestinationPlugin):
            yield plugin


def _described(plugin: SourcePlugin | DestinationPlugin) -> str:
    token = "" if plugin.needs_token else ", no token"
    fields = ", ".join(map(_field, plugin.access_fields)) or "none"
    return f"{plugin.identifier}: {fields}{token}"


def _field(field: AccessField) -> str:
    remarks = [
        *(["secret"] if field.is_secret else []),
        *([] if field.is_required else ["optional"]),
        *([f"one of {', '.join(field.choices)}"] if field.choices else []),
    ]
    return f"{field.name} ({'; '.join([field.label, *remarks])})"


AccessValues = dict[str, SecretStr]
SourceAccess = Annotated[AccessValues, DescribedByPlugins(PluginGroup.SOURCES), Field(max_length=MAX_FIELDS)]
DestinationAccess = Annotated[
    AccessValues, DescribedByPlugins(PluginGroup.DESTINATIONS), Field(max_length=MAX_FIELDS)
]


def token_of(sent: SecretStr | None) -> Token:
    """Return a token that was sent; `NO_TOKEN` if none was.

    Raises:
        InvalidInput
    """
    return NO_TOKEN if sent is None else Token(sent.get_secret_value())


def values_of(sent: Mapping[str, SecretStr]) -> dict[str, str]:
    return {name: value.get_secret_value() for name, value in sent.items()}
