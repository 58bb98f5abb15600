"""What the measurements of continuous sync come to, in lines for the table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.jobs.in_process import LOOK_EVERY
from bench.cycle import EDITED_EVERY, IDLE, INTERVAL
from bench.many import EXHIBITORS, PEOPLE_PER_SESSION, SESSIONS
from bench.report import Line, Series

MAPPINGS = 10_000
RETENTION = 90
CYCLE = INTERVAL.total_seconds()
RUNS_A_DAY = 86_400 / CYCLE
RECORDS = round(SESSIONS + SESSIONS * PEOPLE_PER_SESSION + EXHIBITORS)
Json = dict[str, Any]


def cycles(results: Sequence[Json]) -> Iterable[Line]:
    """Compute the share of a core from what a run costs and what a look costs at which there is nothing to do."""

    def share(result: Json, name: str) -> float:
        told, a_look = result[name], float(result["cpu_seconds_a_look"])
        a_run = (told["cpu_seconds"] - told["looks"] * a_look) / told["runs"]
        return float(100 * (MAPPINGS * a_run + CYCLE / LOOK_EVERY * a_look) / CYCLE)

    first = results[0]
    told = f"{first['mappings']} of them synced {first['continuous']['runs']:,} times, {IDLE:,} more in the tables"
    of_all, by_hand = (Series([share(each, name) for each in results]) for name in ("continuous", "by_hand"))
    a_run = Series(
        [1000 * each["continuous"]["cpu_seconds"] / each["continuous"]["runs"] for each in results]
    )
    a_look = Series([1000 * each["cpu_seconds_a_look"] for each in results])
    yield Line(
        f"{MAPPINGS:,} mappings of {RECORDS} records every 30 minutes, 1 in {EDITED_EVERY} edited: % of one core",
        "below 50",
        of_all.median,
        f"{of_all}; {a_run} ms a run, {a_look} ms a look; if every run reads all {by_hand}; {told}",
    )
    yield Line(
        "the same: requests to Sessionboard a mapping and day",
        "",
        Series([_requests(each["continuous"]) for each in results]).median,
        f"if every run reads all {Series([_requests(each['by_hand']) for each in results])}",
    )
    written, edited = (sum(each["continuous"][name] for each in results) for name in ("writes", "edits"))
    yield Line("the same: writes for each edit", "one", written / edited, f"{written} writes, {edited} edits")


def _requests(told: Json) -> float:
    return float(told["requests"] / told["runs"] * RUNS_A_DAY)


def days(result: Json) -> Iterable[Line]:
    """Compute the size for more mappings from how much each of the days added before the oldest was forgotten."""
    sizes, mappings, kept = result["megabytes"], result["mappings"], result["kept"]
    a_day = (sizes[kept] - sizes[0]) / kept / mappings
    told = ", ".join(f"{size:.1f}" for size in sizes)
    yield Line(
        f"a week of {mappings} mappings, kept for {kept} days: the last day's size beside the {kept}rd's",
        "at most 1.2",
        sizes[-1] / sizes[kept],
        f"simulated: {result['runs']:,} runs; MB at the end of each day: {told}",
    )
    week, whole = (MAPPINGS * (a_day * each + sizes[0] / mappings) / 1024 for each in (7, RETENTION))
    yield Line(
        f"{MAPPINGS:,} mappings, kept for {RETENTION} days: GB",
        "",
        whole,
        f"computed from {1024 * a_day:.1f} kB a mapping and day; after a week {week:.1f} GB",
    )


def worker_processes(rates: Mapping[str, Mapping[int, Series]]) -> Iterable[Line]:
    """Give a line for each way to carry out jobs."""
    for jobs, by_number in rates.items():
        told = "; ".join(f"{number}: {series}" for number, series in by_number.items())
        yield Line(
            f"runs a second, 4 workers beside 1, {jobs} over PostgreSQL",
            "",
            by_number[4].median / by_number[1].median,
            f"{told}; the sandbox and PostgreSQL run on the same cores",
        )
