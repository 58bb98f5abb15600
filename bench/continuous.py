"""What the measurements of continuous sync come to, in lines for the table."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.jobs.in_process import POLL_INTERVAL
from bench.cycle import EDITED_EVERY, IDLE, INTERVAL
from bench.many import EXHIBITORS, PEOPLE_PER_SESSION, SESSIONS
from bench.report import Line, Series
from bench.workers import POSTGRESQL, SQLITE, Combination, Throughput
from core.domain.runs.unchanged_marker import READ_ALL_EVERY

MAPPINGS = 10_000
RETENTION = 90
CYCLE = INTERVAL.total_seconds()
RUNS_A_DAY = 86_400 / CYCLE
READ_ALL_A_DAY = timedelta(days=1) / READ_ALL_EVERY
"""So many of them read everything, though nothing has changed."""
LARGE = 1_000
"""Sessions."""
RECORDS = round(SESSIONS + SESSIONS * PEOPLE_PER_SESSION + EXHIBITORS)
Json = dict[str, Any]


def cycles(results: Sequence[Json]) -> Iterable[Line]:
    """Compute the share of a core from what a run costs and what a look costs at which there is nothing to do."""

    def a_run(result: Json, name: str) -> float:
        told = result[name]
        return float((told["cpu_seconds"] - told["looks"] * result["cpu_seconds_a_look"]) / told["runs"])

    def share(seconds_a_run: float, a_look: float) -> float:
        return 100 * (MAPPINGS * seconds_a_run + CYCLE / POLL_INTERVAL * a_look) / CYCLE

    looks = [float(each["cpu_seconds_a_look"]) for each in results]
    runs = {name: [a_run(each, name) for each in results] for name in ("continuous", "by_hand")}
    both = [_of_a_day(*pair) for pair in zip(*runs.values(), strict=True)]
    first = results[0]
    told = f"{first['mappings']} of them synced {first['continuous']['runs']:,} times, {IDLE:,} more in the tables"
    of_all, by_hand = (
        Series([share(*each) for each in zip(seconds, looks, strict=True)])
        for seconds in (both, runs["by_hand"])
    )
    one, whole = (Series([1000 * each for each in seconds]) for seconds in runs.values())
    yield Line(
        f"{MAPPINGS:,} mappings of {RECORDS} records every 30 minutes, 1 in {EDITED_EVERY} edited: % of one core",
        "below 15",
        of_all.median,
        f"{of_all}; {one} ms a run, {whole} ms one that reads all and plans, {Series([1000 * each for each in looks])} "
        f"ms a look; if every run reads all {by_hand}; {told}",
    )
    yield Line(
        "the same: requests to Sessionboard a mapping and day",
        "",
        Series([_requests_a_day(each) for each in results]).median,
        f"if every run reads all {Series([RUNS_A_DAY * _requests(each['by_hand']) for each in results])}",
    )
    written, edited = (sum(each["continuous"][name] for each in results) for name in ("writes", "edits"))
    yield Line("the same: writes for each edit", "one", written / edited, f"{written} writes, {edited} edits")


def large(result: Json) -> Line:
    all_read = RUNS_A_DAY * _requests(result["by_hand"])
    return Line(
        f"an event of {LARGE:,} sessions: requests to Sessionboard a day, with the change feed",
        "",
        _requests_a_day(result),
        f"without it {all_read:.0f}; {_requests(result['continuous']):.1f} a run, {_requests(result['by_hand']):.1f} "
        "one that reads all",
    )


def _requests(told: Json) -> float:
    return float(told["requests"] / told["runs"])


def _requests_a_day(result: Json) -> float:
    return RUNS_A_DAY * _of_a_day(_requests(result["continuous"]), _requests(result["by_hand"]))


def _of_a_day(usual: float, whole: float) -> float:
    """Give the mean of a day's runs, some of which read everything."""
    share = READ_ALL_A_DAY / RUNS_A_DAY
    return usual * (1 - share) + whole * share


def days(result: Json) -> Iterable[Line]:
    """Compute the size for more mappings from how much each of the days added before the oldest was forgotten."""
    sizes, mappings, kept = result["megabytes"], result["mappings"], result["kept"]
    # The first day has what is there once: the records, and a whole set of outcomes of each mapping.
    a_day = (sizes[kept] - sizes[1]) / (kept - 1) / mappings
    told = ", ".join(f"{size:.1f}" for size in sizes)
    yield Line(
        f"a week of {mappings} mappings, kept for {kept} days: the last day's size beside the {kept}rd's",
        "at most 1.2",
        sizes[-1] / sizes[kept],
        f"simulated: {result['runs']:,} runs; MB at the end of each day: {told}",
    )
    week, whole = (MAPPINGS * (a_day * (each - 1) + sizes[1] / mappings) / 1024 for each in (7, RETENTION))
    yield Line(
        f"{MAPPINGS:,} mappings, kept for {RETENTION} days: GB",
        "",
        whole,
        f"computed from {1024 * sizes[1] / mappings:.0f} kB a mapping after a day and {1024 * a_day:.1f} kB more each "
        f"day; after a week {week:.1f} GB",
    )


def worker_processes(found: Mapping[Combination, Throughput]) -> Iterable[Line]:
    """Compare workers with one another, and the queue in PostgreSQL with jobs in the process."""
    over = {number: throughput for (database, number), throughput in found.items() if database == POSTGRESQL}
    told = "; ".join(f"{number}: {each.rates} ({each.idle} % idle)" for number, each in over.items())
    for number, target in ((2, "at least 1.8"), (4, "at least 3.2")):
        yield Line(
            f"runs and checks a second, {number} workers beside 1, over PostgreSQL",
            target,
            over[number].rates.median / over[1].rates.median,
            f"{told}; idle is what nobody on the machine used of all cores",
        )
    alone = found[SQLITE, 1]
    yield Line(
        "the same, 1 worker over PostgreSQL beside 1 over SQLite",
        "at least 0.9",
        over[1].rates.median / alone.rates.median,
        f"SQLite: {alone.rates} ({alone.idle} % idle)",
    )
