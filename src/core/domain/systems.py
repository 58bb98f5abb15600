"""The two systems of a sync: the source that is read, and the destination that is written to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExternalSystem:
    """A system by the names that its adapter gives: one for machines, and one for people."""

    identifier: str
    display_name: str

    def __str__(self) -> str:
        return self.display_name


@dataclass(frozen=True, slots=True)
class Systems:
    source: ExternalSystem
    destination: ExternalSystem
