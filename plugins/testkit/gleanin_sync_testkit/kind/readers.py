"""What a suite requires of how a kind's feed is read: what a source sends concerns one row at most."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import pytest

from adapters.plugins.rows import row_by_row
from core.domain.records.source_records import Unreadable, is_id
from core.domain.selection.candidates import Eligible
from core.domain.text import strip_invisible
from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.kind.damage import Damaged, damaged, texts_changed
from gleanin_sync_testkit.kind.selected import texts_of
from gleanin_sync_testkit.requirements import requirement
from ports.plugins import FeedReader

SANDBOX_EVENT = {"id": "7", "name": "PyConf"}
READERS = ("has_readers",)
NO_ROWS: tuple[Any, ...] = (None, "text", 7, True, [], [{}], {})


class KindReaders(KindBase):
    @requirement("Each source's sample is read as rows of the feed", needs=READERS)
    def test_samples_are_read(self) -> None:
        for source, reader, sample in self._samples():
            before = deepcopy(sample)
            rows = [*reader.parse(sample)]
            assert rows, f"The sample of {source!r} gives no row: {sample!r:.200}"
            for row in rows:
                assert isinstance(row, self.plugin.kind.feed.row), (
                    f"A sample of {source!r} is read as {row!r:.200}, not as {self.plugin.kind.feed.row.__name__}"
                )
                assert row.id and is_id(row.id) and isinstance(row.id, str), f"{row!r:.200} has no id"
            assert sample == before, "`parse` must not change what it is given"
            assert [*reader.parse(sample)] == rows, "Reading the same object twice gives different rows"

    @requirement("Different objects are different rows", needs=READERS)
    def test_samples_have_different_ids(self) -> None:
        for source, reader in self._readers():
            ids = [row.id for sample in self._of(source) for row in reader.parse(sample)]
            assert len(ids) == len(set(ids)), (
                f"Of the samples of {source!r}, some rows have the same id: {ids}"
            )

    @requirement("The samples have a value of each field", needs=READERS)
    def test_samples_have_all_fields(self) -> None:
        rows = [row for _, reader, sample in self._samples() for row in reader.parse(sample)]
        verdicts = self.select(rows).verdicts.values()
        read = {name for verdict in verdicts if isinstance(verdict, Eligible) for name in verdict.fields}
        missing = {*self.own_required, *self.own_optional} - read
        assert not missing, (
            f"No sample gives a value of {sorted(missing)}: add one to `samples`, or the fields are never read"
        )

    @requirement("It asks for a path below the event's own", needs=READERS)
    def test_paths(self) -> None:
        for source, reader in self.plugin.readers.items():
            parts = reader.path.split("/")
            assert (
                reader.path and all(part not in {"", ".", ".."} for part in parts) and "?" not in reader.path
            ), f"The path {reader.path!r} at {source!r} must be relative, and its query stand in `query`"

    @requirement(
        "An object that is changed anywhere is the same row, or an unreadable one", rule=29, needs=READERS
    )
    def test_damaged_samples(self) -> None:
        for source, reader, sample in self._samples():
            ids = {str(row.id) for row in reader.parse(sample)}
            for case in damaged(sample):
                rows = self._guarded(source, reader, case)
                if not _is_emptied(case):
                    assert rows, f"At {source!r}, {case} is no row at all: it must be an `Unreadable` one"
                found = {row.id for row in rows if not isinstance(row, Unreadable)}
                assert _has_id(case, ids) or found <= ids, (
                    f"At {source!r}, {case} has the ids {sorted(found)} instead of {sorted(ids)}: it would be synced as "
                    "another record"
                )

    @requirement("Whatever was read, each record is decided upon", rule=29, needs=READERS)
    def test_damaged_samples_are_decided_upon(self) -> None:
        for source, reader, sample in self._samples():
            for case in damaged(sample):
                rows = self._guarded(source, reader, case)
                try:
                    selected = self.select(rows)
                except Exception as error:  # noqa: BLE001 - whatever it raises would end a run
                    pytest.fail(f"At {source!r}, {case} cannot be selected from: {error!r}")
                for verdict in selected.verdicts.values():
                    if isinstance(verdict, Eligible):
                        missing = {*self.plugin.kind.required} - verdict.fields.keys()
                        assert not missing, f"At {source!r}, {case} is eligible without {sorted(missing)}"

    @requirement("Texts are normalized, so that nothing invisible is sent", rule=18, needs=READERS)
    def test_texts_are_normalized(self) -> None:
        for source, reader, sample in self._samples():
            for case in texts_changed(sample, "\u200b", "\u2060\x00"):
                rows = self._guarded(source, reader, case)
                for source_id, verdict in self.select(rows).verdicts.items():
                    sent = verdict.fields if isinstance(verdict, Eligible) else {}
                    for name, value in sent.items():
                        assert all(strip_invisible(text) == text for text in texts_of(value)), (
                            f"At {source!r}, {case} would send {source_id!r} with invisible characters in {name!r}"
                        )

    @requirement("Something that is no object is an unreadable row", rule=29, needs=READERS)
    def test_no_objects(self) -> None:
        for source, reader in self._readers():
            for value in NO_ROWS:
                rows = [*row_by_row({"feed": reader})["feed"].parse(value)]
                assert rows and all(isinstance(row, Unreadable) for row in rows), (
                    f"At {source!r}, {value!r} is read as {rows}, not as an unreadable row"
                )

    @requirement("The rows for the sandbox are read as records that can be sent", needs=("has_sandbox_rows",))
    def test_sandbox_rows_are_read(self) -> None:
        for source, given in self.plugin.sandbox_rows.items():
            assert source in self.plugin.readers, f"There are rows for {source!r}, but no reader"
            objects = given(SANDBOX_EVENT) if callable(given) else given
            assert objects, f"The sandbox gets no row for {source!r}"
            rows = [row for sent in objects for row in self.plugin.readers[source].parse(sent)]
            for source_id, verdict in self.select(rows).verdicts.items():
                assert isinstance(verdict, Eligible), (
                    f"In the sandbox of {source!r}, {source_id!r} is {verdict}"
                )

    def _readers(self) -> Iterator[tuple[str, FeedReader]]:
        assert self.samples.keys() >= self.plugin.readers.keys(), (
            f"`samples` needs objects of {sorted(self.plugin.readers.keys() - self.samples.keys())}"
        )
        yield from self.plugin.readers.items()

    def _of(self, source: str) -> Sequence[Any]:
        assert self.samples[source], f"`samples` of {source!r} is empty"
        return self.samples[source]

    def _samples(self) -> Iterator[tuple[str, FeedReader, Any]]:
        for source, reader in self._readers():
            for sample in self._of(source):
                yield source, reader, sample

    def _guarded(self, source: str, reader: FeedReader, case: Damaged) -> list[Any]:
        """Return the rows of an object as the program gets them: what raises is an unreadable row."""
        rows: list[Any] = [*row_by_row({"feed": reader})["feed"].parse(case.row)]
        for row in rows:
            assert isinstance(row, self.plugin.kind.feed.row | Unreadable), (
                f"At {source!r}, {case} is read as {row!r:.200}"
            )
            row_id: Any = row.id
            assert isinstance(row_id, str) and row_id.strip(), (
                f"At {source!r}, {case} has the id {row_id!r:.60}"
            )
        return rows


def _is_emptied(case: Damaged) -> bool:
    """Check whether a list or an object was emptied or removed, so that there may be no rows in it."""
    return isinstance(case.former, list | dict) and (not case.value or case.value == "nothing")


def _has_id(case: Damaged, ids: set[str]) -> bool:
    """Check whether the former value at the place is a part of an id, or contains one."""
    former = str(case.former)
    return any(each in former or former in each for each in ids) or not ids
