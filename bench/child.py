"""`python -m bench.child SUBJECT ...`: one measurement in a fresh process; one line of JSON on stdout."""

import asyncio
import json
import logging
import sys
from typing import Any

from entrypoints.cli.memory import collect_garbage_rarely, keep_loaded_modules, return_freed_memory
from entrypoints.logs import set_up_logs


def main(subject: str, sessionboard_url: str, gleanin_url: str, control_url: str, folder: str) -> None:
    logging.disable(logging.CRITICAL)
    set_up_logs("error")
    collect_garbage_rarely()  # for all subjects, so that none has an advantage
    keep_loaded_modules()
    return_freed_memory()
    urls = {"sessionboard_url": sessionboard_url, "gleanin_url": gleanin_url}
    result: dict[str, Any]
    # Each imports only what it needs, so that the imports of the others do not count as its memory.
    match subject:
        case "product":
            from bench import product

            result = asyncio.run(product.measured(**urls, control_url=control_url, folder=folder))
        case "cycles":
            from bench import cycle

            result = asyncio.run(cycle.cycles_measured(urls, control_url, folder))
        case "large":
            from bench import cycle

            result = asyncio.run(cycle.cycles_measured(urls, control_url, folder, idle=0))
        case "days":
            from bench import cycle

            result = asyncio.run(cycle.days_measured(urls, control_url, folder))
        case "pages":
            from bench import pages

            result = pages.measured(**urls, folder=folder)
        case "write_back":
            from bench import write_back

            result = asyncio.run(write_back.measured(**urls, control_url=control_url, folder=folder))
        case "bare":
            from bench import bare

            result = asyncio.run(bare.measured(**urls))
        case _:
            from bench import peer

            result = peer.measured(**urls, folder=folder)
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
