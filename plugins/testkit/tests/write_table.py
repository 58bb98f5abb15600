"""Writes the table of seeded bugs: `python -m plugins.testkit.tests.write_table`, from the root of the repository."""

from gleanin_sync_testkit.seeded_bugs import table_of
from plugins.testkit.tests.test_seeded_bugs import BUGS, TABLE

INTRODUCTION = """\
# Seeded bugs

Each of these mistakes is seeded into a copy of this repository, one at a time, and the named test of a suite then
fails. `plugins/testkit/tests/test_seeded_bugs.py` does that; the mistakes stand beside it.

"""


def main() -> None:
    TABLE.write_text(INTRODUCTION + table_of(BUGS), encoding="utf-8")


if __name__ == "__main__":
    main()
