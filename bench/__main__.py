"""`python -m bench [first|latency|again|scaling|pages|fairness|cycles|days|workers|startup|write_back|all] [--runs N]`: measure, and write bench/README.md.

The sandbox runs in one process and each measured client in another, fresh one, so with two cores each has one.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bench import continuous, fairness, many, workers
from bench.report import Line, Series, write
from bench.startup import startup
from entrypoints.sandbox.running import in_process

PEOPLE_PER_SESSION = 1.2
TIMEOUT = 3600
"""Seconds: a measurement that takes longer is stuck."""
Json = dict[str, Any]


def measure(subject: str, people: int, latency_ms: float = 0) -> Json:
    """Measure one subject (the product, the bare loop, dlt, …) with a new sandbox."""
    sessions = round(people / PEOPLE_PER_SESSION)
    result = measure_with(subject, ["--generate", str(sessions), "--latency", str(latency_ms)])
    print(f"{subject:8} {people:6} people, {latency_ms:3} ms: {result}", flush=True)
    return result


def measure_with(subject: str, arguments: Sequence[str]) -> Json:
    """Measure with a sandbox that is started with these arguments."""
    with in_process(arguments) as urls, tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "bench.child", subject,
            urls.sessionboard_url, urls.gleanin_url, urls.control_url, folder,
        ]  # fmt: skip
        process = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if process.returncode:
        raise RuntimeError(process.stderr)
    result: Json = json.loads(process.stdout.splitlines()[-1])
    return result


def _rate(result: Json) -> float:
    return float(result["first"]["writes"] / result["first"]["seconds"])


def first(runs: int, people: int = 5_000) -> Iterable[Line]:
    rates: dict[str, Series] = {subject: Series() for subject in ("product", "bare", "dlt")}
    for _ in range(runs):  # alternately, so that a busy minute affects all of them
        for subject, series in rates.items():
            series.values.append(_rate(measure(subject, people)))
    product, bare, dlt = (rates[subject] for subject in ("product", "bare", "dlt"))
    details = f"{product} records/s; bare loop {bare}; dlt {dlt}"
    yield Line(
        f"first sync, {people:,} people, compared with a bare loop",
        "at least 0.9",
        product.median / bare.median,
        details,
    )
    yield Line(
        f"first sync, {people:,} people, compared with dlt",
        "at least 2 times",
        product.median / dlt.median,
        details,
    )


def latency(runs: int, people: int = 5_000) -> Iterable[Line]:
    product, bare = Series(), Series()
    for _ in range(runs):
        product.values.append(_rate(measure("product", people, 20)))
        bare.values.append(_rate(measure("bare", people, 20)))
    details = f"{product}; bare loop {bare}; 16 in flight and 20 ms allow 800 at most"
    yield Line("first sync at 20 ms latency, records/s", "at least 600", product.median, details)


def again(runs: int, records: int = 10_000) -> Iterable[Line]:
    people = round(records * PEOPLE_PER_SESSION / (1 + PEOPLE_PER_SESSION))
    results, reading = [], Series()
    for _ in range(runs):
        results.append(measure("product", people))
        reading.values.append(measure("bare", people)["again"]["seconds"])
    seconds = Series([result["again"]["seconds"] for result in results])
    writes, requests = (max(result["again"][name] for result in results) for name in ("writes", "requests"))
    pages = _pages(results[0]["again"]["records"])
    exact = all(result["changed"]["writes"] == result["changed"]["expected_writes"] for result in results)
    changed = results[-1]["changed"]
    yield Line(
        "sync again, 10,000 records unchanged, compared with only reading the same pages: how many times longer",
        "at most 1.5",
        seconds.median / reading.median,
        f"{seconds} s; only reading {reading} s",
    )
    yield Line("sync again: writes", "none", writes, f"{writes} writes")
    yield Line("sync again: requests", f"at most the {pages} pages to read", requests, f"{requests} requests")
    details = (
        f"{changed['writes']} writes for {changed['expected_writes']} changes, in {changed['seconds']:.2f} s"
    )
    yield Line("1 % changed: writes", "exactly those", float(exact), details)


def _pages(records: int) -> int:
    """Count what has to be read: Sessionboard by 100, Gleanin by 1,000, and the two events."""
    sessions = round(records / (1 + PEOPLE_PER_SESSION))
    people = records - sessions
    gleanin = -(-sessions // 1000) + -(-people // 1000) + 1
    return -(-sessions // 100) + 1 + gleanin + 2


def write_back(runs: int, people: int = 5_000) -> Iterable[Line]:
    results = [measure("write_back", people, 20) for _ in range(min(runs, 3))]
    searches, updates = (
        max(result["writing"][name] for result in results) for name in ("searches", "updates")
    )
    number = results[0]["writing"]["links"]["written"]
    pages, batches = -(-number // 100), -(-number // 100)
    yield Line(
        f"writing {number:,} links back at 20 ms: requests that update",
        f"at most {batches + 1}",
        updates,
        f"{updates}, and {searches} to read {pages} pages of contacts",
    )
    more = max(result["unchanged"]["requests"] - result["without"]["requests"] for result in results)
    writes = max(result["unchanged"]["updates"] for result in results)
    yield Line(
        "unchanged sync with links written back: further requests",
        f"at most the {pages} pages to read",
        more,
        f"{more} more than without, {writes} of them updates",
    )
    seconds = {name: Series([result[name]["seconds"] for result in results]) for name in results[0]}
    yield Line(
        "unchanged sync with links written back, compared with one without: how many times longer",
        "1 and the pages to read",
        seconds["unchanged"].median / seconds["without"].median,
        f"{seconds['unchanged']} s; without {seconds['without']} s; the one that writes {seconds['writing']} s",
    )


def scaling(runs: int) -> Iterable[Line]:
    costs, peaks, again = {}, {}, 0.0
    for people in (100, 1_000, 10_000, 50_000):
        results = [measure("product", people) for _ in range(runs if people <= 1_000 else 1)]
        firsts = [result["first"] for result in results]
        costs[people] = Series([1000 * first["seconds"] / first["writes"] for first in firsts]).median
        peaks[people] = Series([first["peak_mb"] for first in firsts]).median
        again = results[0]["again"]["peak_mb"]
    details = "; ".join(f"{people:,}: {cost:.2f} ms" for people, cost in costs.items())
    yield Line(
        "cost per record, 50,000 people compared with 1,000", "flat", costs[50_000] / costs[1_000], details
    )
    grown = (peaks[50_000] - peaks[10_000]) / 40_000 * 1024
    details = "; ".join(f"{people:,}: {peak:.0f} MB" for people, peak in peaks.items())
    yield Line(
        "peak memory at 50,000 people, MB",
        "below 180",
        peaks[50_000],
        f"{details}; {grown:.1f} kB more per person; {again:.0f} MB when the same process syncs again",
    )


def pages(_: int, people: int = 6_000) -> Iterable[Line]:
    times = {name: Series(values) for name, values in measure("pages", people).items()}
    (bound_name, bound), *others = times.items()
    slowest = max(others, key=lambda page: page[1].median)
    details = "; ".join(f"{name} {series.median:.0f}" for name, series in others)
    yield Line(
        f"pages, {round(people / PEOPLE_PER_SESSION):,} sessions, 200 runs: median of the slowest, ms",
        "at most 300",
        slowest[1].median,
        f"{details}; {bound_name} {bound.median:.0f}",
    )
    worst = max(max(series.values) for _, series in others)
    yield Line(
        "pages: the slowest response of all, ms",
        "at most 300",
        worst,
        f"of {len(others)} pages, 15 times each",
    )


def fair(runs: int) -> Iterable[Line]:
    results = [fairness.measured() for _ in range(min(runs, 3))]
    alone = Series([result["alone"] for result in results])
    for suffix, others in (
        ("", "behind one with 500 slow due mappings"),
        ("_large", "beside 40 with one large and slow event each"),
    ):
        times, beside = (
            Series([result[name + suffix] for result in results]) for name in ("times", "beside")
        )
        yield Line(
            f"1,000 organizations {others}: how many times longer",
            "at most 1.3",
            times.median,
            f"{beside} s; without them {alone} s",
        )


def cycles(runs: int) -> Iterable[Line]:
    yield from continuous.cycles([measure_with("cycles", many.arguments(50)) for _ in range(min(runs, 3))])
    yield continuous.large(measure_with("large", many.arguments(1, continuous.LARGE)))


def days(_: int) -> Iterable[Line]:
    yield from continuous.days(measure_with("days", many.arguments(6)))


def worker_processes(runs: int) -> Iterable[Line]:
    yield from continuous.worker_processes(workers.measured(min(runs, 3)))


MEASURES: dict[str, Callable[[int], Iterable[Line]]] = {
    "first": first,
    "latency": latency,
    "again": again,
    "scaling": scaling,
    "pages": pages,
    "fairness": fair,
    "cycles": cycles,
    "days": days,
    "workers": worker_processes,
    "startup": startup,
    "write_back": write_back,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=[*MEASURES, "all"])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    chosen = MEASURES if options.what == "all" else {options.what: MEASURES[options.what]}
    lines = [line for measured in chosen.values() for line in measured(options.runs)]
    for line in lines:
        print(line)
    if options.what == "all":
        write(lines, options.runs)


if __name__ == "__main__":
    main()
