"""Write the results to bench/README.md, between two markers."""

import os
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- results -->\n", "<!-- /results -->\n"


@dataclass(frozen=True, slots=True)
class Line:
    what: str
    target: str
    measured: float
    details: str

    def __str__(self) -> str:
        number = f"{self.measured:.2f}" if self.measured < 10 else f"{self.measured:,.0f}"
        return f"| {self.what} | {self.target} | **{number}** | {self.details} |"


@dataclass
class Series:
    """A number, measured several times."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        shown = "{:.2f}" if self.median < 10 else "{:,.0f}"
        spread = (
            ""
            if len(self.values) == 1
            else f" ({shown.format(min(self.values))} to {shown.format(max(self.values))})"
        )
        return shown.format(self.median) + spread


def write(lines: Iterable[Line], runs: int) -> None:
    text = README.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    table = "\n".join(
        (
            (
                f"Measured on {datetime.now(UTC):%Y-%m-%d} with {os.cpu_count()} cores, shared with others: "
                f"medians of {runs} runs (minimum to maximum); only the ratios matter."
            ),
            "",
            "| what | target | measured | |",
            "|---|---|---|---|",
            *map(str, lines),
            "",
        )
    )
    README.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}", encoding="utf-8")
