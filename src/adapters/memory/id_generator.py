"""Sequential ids, so that a failing test fails with the same ids every time."""

from itertools import count


class SequentialIds:
    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._numbers = count(1)

    def new(self) -> str:
        return f"{self._prefix}{next(self._numbers)}"

    def owner(self) -> str:
        return f"owner:{next(self._numbers)}"

    def secret(self) -> str:
        return f"secret{next(self._numbers)}"
