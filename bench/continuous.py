"""Turn the measurements of continuous sync into lines of the table."""

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
"""How many of these runs read everything, even if nothing has changed."""
LARGE = 1_000
"""Sessions."""
RECORDS = round(SESSIONS + SESSIONS * PEOPLE_PER_SESSION + EXHIBITORS)
Json = dict[str, Any]


def cycles(results: Sequence[Json]) -> Iterable[Line]:
    """Compute the share of a core from the cost of a run and the cost of a poll that finds nothing to do."""

    def per_run(result: Json, name: str) -> float:
        measured = result[name]
        polling = measured["looks"] * result["cpu_seconds_a_look"]
        return float((measured["cpu_seconds"] - polling) / measured["runs"])

    def share(per_run: float, per_poll: float) -> float:
        return 100 * (MAPPINGS * per_run + CYCLE / POLL_INTERVAL * per_poll) / CYCLE

    polls = [float(result["cpu_seconds_a_look"]) for result in results]
    runs = {name: [per_run(result, name) for result in results] for name in ("continuous", "by_hand")}
    mean = [_of_a_day(*pair) for pair in zip(*runs.values(), strict=True)]
    first = results[0]
    details = f"{first['mappings']} of them synced {first['continuous']['runs']:,} times, {IDLE:,} more in the tables"
    overall, by_hand = (
        Series([share(*costs) for costs in zip(seconds, polls, strict=True)])
        for seconds in (mean, runs["by_hand"])
    )
    usual, full, poll = (Series([1000 * cost for cost in costs]) for costs in (*runs.values(), polls))
    yield Line(
        f"{MAPPINGS:,} mappings of {RECORDS} records every 30 minutes, 1 in {EDITED_EVERY} edited: % of one core",
        "below 15",
        overall.median,
        f"{overall}; {usual} ms per run, {full} ms for one that reads everything and plans, {poll} ms per poll; "
        f"if every run reads everything {by_hand}; {details}",
    )
    yield Line(
        "the same: requests to Sessionboard per mapping and day",
        "",
        Series([_requests_a_day(result) for result in results]).median,
        f"if every run reads everything {Series([RUNS_A_DAY * _requests(result['by_hand']) for result in results])}",
    )
    written, edited = (sum(result["continuous"][name] for result in results) for name in ("writes", "edits"))
    yield Line("the same: writes per edit", "one", written / edited, f"{written} writes, {edited} edits")


def large(result: Json) -> Line:
    all_read = RUNS_A_DAY * _requests(result["by_hand"])
    return Line(
        f"an event of {LARGE:,} sessions: requests to Sessionboard per day, with the change feed",
        "",
        _requests_a_day(result),
        f"without it {all_read:.0f}; {_requests(result['continuous']):.1f} per run, "
        f"{_requests(result['by_hand']):.1f} for one that reads everything",
    )


def _requests(measured: Json) -> float:
    return float(measured["requests"] / measured["runs"])


def _requests_a_day(result: Json) -> float:
    return RUNS_A_DAY * _of_a_day(_requests(result["continuous"]), _requests(result["by_hand"]))


def _of_a_day(usual: float, full: float) -> float:
    """Return the mean of a day's runs, some of which read everything."""
    share = READ_ALL_A_DAY / RUNS_A_DAY
    return usual * (1 - share) + full * share


def days(result: Json) -> Iterable[Line]:
    """Compute the size for more mappings from the growth per day until the first rows were deleted."""
    sizes, mappings, retention = result["megabytes"], result["mappings"], result["kept"]
    # The first day includes what is stored once: the records, and a full set of outcomes for each mapping.
    a_day = (sizes[retention] - sizes[1]) / (retention - 1) / mappings
    daily = ", ".join(f"{size:.1f}" for size in sizes)
    yield Line(
        f"a week of {mappings} mappings, retention {retention} days: size on the last day compared with the {retention}rd",
        "at most 1.2",
        sizes[-1] / sizes[retention],
        f"simulated: {result['runs']:,} runs; MB at the end of each day: {daily}",
    )
    week, whole = (MAPPINGS * (a_day * (count - 1) + sizes[1] / mappings) / 1024 for count in (7, RETENTION))
    yield Line(
        f"{MAPPINGS:,} mappings, retention {RETENTION} days: GB",
        "",
        whole,
        f"computed from {1024 * sizes[1] / mappings:.0f} kB per mapping after a day and {1024 * a_day:.1f} kB more per "
        f"day; after a week {week:.1f} GB",
    )


def worker_processes(found: Mapping[Combination, Throughput]) -> Iterable[Line]:
    """Compare numbers of workers, and the queue in PostgreSQL with jobs in process."""
    postgresql = {
        number: throughput for (database, number), throughput in found.items() if database == POSTGRESQL
    }
    details = "; ".join(
        f"{number}: {throughput.rates} ({throughput.idle} % idle)"
        for number, throughput in postgresql.items()
    )
    for number, target in ((2, "at least 1.8"), (4, "at least 3.2")):
        yield Line(
            f"runs and checks per second, {number} workers compared with 1, PostgreSQL",
            target,
            postgresql[number].rates.median / postgresql[1].rates.median,
            f"{details}; idle is the share of all cores that was unused on the whole machine",
        )
    sqlite = found[SQLITE, 1]
    yield Line(
        "the same, 1 worker, PostgreSQL compared with SQLite",
        "at least 0.9",
        postgresql[1].rates.median / sqlite.rates.median,
        f"SQLite: {sqlite.rates} ({sqlite.idle} % idle)",
    )
