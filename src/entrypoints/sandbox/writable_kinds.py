"""The kinds of records that Sessionboard's API updates."""

from dataclasses import dataclass

from entrypoints.sandbox.custom_fields import Module


@dataclass(frozen=True, slots=True)
class WritableKind:
    path: str
    feed: str
    module: Module

    @property
    def scope(self) -> str:
        return f"write:{self.path}"

    @property
    def singular(self) -> str:
        return self.path.removesuffix("s")
