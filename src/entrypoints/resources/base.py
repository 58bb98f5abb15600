"""The base of all resources. The API serializes the models themselves, the command line prints their documents."""

from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class ResponseModel(BaseModel):
    """A resource; a classmethod `from_domain` of each subclass builds it from what a use case returns."""

    # Schemas are built at the first use, because a command needs only a few of them.
    model_config = ConfigDict(extra="forbid", defer_build=True)
    first_keys: ClassVar[tuple[str, ...]] = ()
    """The keys that documents begin with, if their order differs from that of the fields."""

    def document(self) -> dict[str, Any]:
        """Return the document that `--json` prints and event streams send.

        Instants are datetimes, which both write as `isoformat` does: with `+00:00`, where the API writes `Z`.
        """
        document = self.model_dump()
        return {key: document[key] for key in self.first_keys} | document if self.first_keys else document


class Listed(ResponseModel, Generic[T]):
    items: list[T]
    next: str | None = Field(description="The cursor of the next part; null at the end")
