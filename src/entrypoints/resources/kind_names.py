"""Names of kinds and scopes in requests and responses: those that are registered when they are used."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from core.domain.records.kinds import KINDS, Scope


@dataclass(frozen=True, slots=True)
class OneOf:
    """Accepts and documents only some texts, which may be others each time."""

    names: Callable[[], Iterable[str]]
    type: Callable[[str], str] = str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, core_schema.str_schema())

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "enum": [*self.names()]}

    def _checked(self, text: str) -> str:
        names = [*self.names()]
        if text not in names:
            message = f"should be one of {', '.join(map(repr, names))}"
            raise ValueError(message)
        return self.type(text)


ScopeName = Annotated[Scope, OneOf(lambda: KINDS.scopes, Scope)]
KindName = Annotated[str, OneOf(lambda: [kind.name for kind in KINDS])]
PersonKindName = Annotated[str, OneOf(lambda: [kind.name for kind in KINDS.people])]
