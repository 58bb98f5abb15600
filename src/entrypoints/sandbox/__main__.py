"""Run the sandbox as a process, for tests and benchmarks: `python -m entrypoints.sandbox`.

It prints one line of JSON when it is ready, and serves until it is terminated.
"""

import argparse
import asyncio
import itertools
import json
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.generate import EVENT_ID, Size, generated_programme
from entrypoints.sandbox.loading import load_state
from entrypoints.sandbox.server import serve
from entrypoints.sandbox.state import INCLUDED_PAGE_SIZE, LINK_DELAY, SandboxState


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m entrypoints.sandbox", description=__doc__)
    parser.add_argument("--event", type=Path, action="append", default=[], help="a saved event")
    parser.add_argument("--shift-dates", action="store_true", help="move the events into the future")
    parser.add_argument(
        "--generate", type=int, metavar="SESSIONS", help="generate an event with this many sessions"
    )
    parser.add_argument("--people-per-session", type=float, default=1.2)
    parser.add_argument("--exhibitors", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--doors",
        type=int,
        default=1,
        help="serve at 127.0.0.1 to 127.0.0.N, to tell clients apart in the log",
    )
    parser.add_argument(
        "--events-each",
        type=int,
        metavar="N",
        help="generate N events for each address, which lists only those",
    )
    parser.add_argument("--link-delay", type=float, default=LINK_DELAY, metavar="SECONDS")
    parser.add_argument("--page-size", type=int, default=INCLUDED_PAGE_SIZE)
    parser.add_argument("--latency", type=float, default=0, metavar="MS")
    parser.add_argument("--with-parent", action="store_true", help="end when stdin ends")
    options = parser.parse_args()
    hosts = [f"127.0.0.{number + 1}" for number in range(options.doors)]
    if options.generate:
        state = SandboxState(link_delay=options.link_delay, page_size=options.page_size)
        size = Size(options.generate, options.people_per_session, options.exhibitors, options.seed)
        _generate(state, size, hosts, options.events_each)
    else:
        state = load_state(
            options.event,
            shift_dates=options.shift_dates,
            link_delay=options.link_delay,
            page_size=options.page_size,
        )
    if options.latency:
        state.inject_faults(Fault(latency_ms=options.latency))
    asyncio.run(_serve(state, options.port, hosts[1:], with_parent=options.with_parent))


def _generate(state: SandboxState, size: Size, hosts: Sequence[str], events_each: int | None) -> None:
    if events_each is None:
        state.add_programme(generated_programme(size))
        return
    ids = itertools.count(EVENT_ID)
    for host in hosts:
        state.shown[host] = frozenset(itertools.islice(ids, events_each))
        for event_id in state.shown[host]:
            state.add_programme(generated_programme(replace(size, event_id=event_id)))


async def _serve(state: SandboxState, port: int, also: Sequence[str], *, with_parent: bool) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    if with_parent:
        # When the parent is killed, the pipe closes and the sandbox ends.
        def wait_for_parent() -> None:
            sys.stdin.read()
            loop.call_soon_threadsafe(over.set)

        threading.Thread(target=wait_for_parent, daemon=True).start()
    async with serve(state, port=port, also=also) as sandbox:
        urls = {name: getattr(sandbox, name) for name in ("sessionboard_url", "gleanin_url", "control_url")}
        print(json.dumps(urls), flush=True)  # noqa: T201 - the output of this process
        await over.wait()


if __name__ == "__main__":
    main()
