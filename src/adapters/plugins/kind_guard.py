"""The kinds of plug-ins, guarded: whatever their code raises or returns, it names them and concerns one row or one run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.plugins.guard import failure_sentence, sentence_of
from adapters.plugins.guarded_rows import GuardedRows
from core.domain.records.kinds import RecordKind
from core.domain.selection.failures import KindFailed
from core.domain.selection.feed_rows import FeedRows, SelectionContext
from ports.plugins import KindPlugin, PageColumn, SettingValue


@dataclass(frozen=True, slots=True)
class GuardedMakeRows:
    """Makes guarded rows; equal for all kinds that are selected from the same rows."""

    make_rows: Callable[[SelectionContext], FeedRows]
    kind: RecordKind = field(compare=False)
    package: str = field(compare=False)
    """The distribution that brings the kind."""

    def __call__(self, context: SelectionContext) -> FeedRows:
        with naming(self.kind, self.package):
            rows = self.make_rows(context)
        return GuardedRows(rows, self.kind, self.package, context.systems)


def guarded(plugin: KindPlugin, package: str) -> KindPlugin:
    """Return a kind whose functions raise nothing but KindFailed."""
    kind, lines = plugin.kind, plugin.lines

    def guarded_lines(row: Any) -> Iterable[Any]:
        with naming(kind, package):
            found = [*lines(row)]
        for line in found:
            if not all(isinstance(getattr(line, name, None), str) for name in ("id", "label")):
                what = f"a line of its page is {type(line).__name__}, without an id and a label"
                raise KindFailed(kind, failure_sentence(package, what))
        return found

    return replace(
        plugin,
        make_rows=GuardedMakeRows(plugin.make_rows, kind, package),
        lines=guarded_lines,
        columns=_guarded_columns(plugin.columns, kind, package),
    )


def _guarded_columns(columns: Sequence[PageColumn], kind: RecordKind, package: str) -> Sequence[PageColumn]:
    def guarded_text(text: Callable[..., str]) -> Callable[..., str]:
        def named(line: Any, *setting: SettingValue) -> str:
            with naming(kind, package):
                return str(text(line, *setting))

        return named

    return [replace(column, text=guarded_text(column.text)) for column in columns]


@contextmanager
def naming(kind: RecordKind, package: str) -> Iterator[None]:
    """Raise whatever is raised as a failure of the kind that names its package."""
    try:
        yield
    except KindFailed:
        raise
    except Exception as error:
        raise KindFailed(kind, sentence_of(package, error)) from error
