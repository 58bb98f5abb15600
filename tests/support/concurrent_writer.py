"""One of two processes that concurrently add conflicting rows; its argument is its number.

On a line "URL ROW", it opens the database and answers "ready". On the next line, it adds the row and answers "won",
or the violated unique constraint.
"""

import asyncio
import sys

from adapters.persistence.engine import engine_at
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from ports.store.errors import UniqueViolation
from ports.store.unit_of_work import UnitOfWork
from tests.support.store_samples import (
    LEASE,
    NOW,
    a_connection,
    a_mapping,
    a_run,
    an_account,
    an_organization,
)


async def add(unit: UnitOfWork, row: str, number: int) -> None:
    """Add a row that conflicts with the row of the other process, without checking any rule first."""
    match row:
        case "organization":
            await unit.organizations.add(an_organization("Same", number))
        case "connection":
            await unit.connections.add(a_connection(number))
        case "sessionboard":
            await unit.mappings.add(a_mapping(number, "same", f"g-{number}"))
        case "gleanin":
            await unit.mappings.add(a_mapping(number, f"s-{number}", "same"))
        case "running":
            await unit.runs.add(a_run(number).start(f"owner {number}", NOW, LEASE))
        case "queued":
            await unit.runs.add(a_run(number))
        case "account":
            await unit.accounts.add(an_account(number, ("Ada@example.org", "ADA@Example.org")[number % 2]))
        case _:
            raise ValueError(row)


async def race(row: str, number: int, units: SqlUnitOfWorkFactory) -> str:
    async with units.read() as unit:
        await unit.organizations.all()
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        async with units.write() as unit:
            await add(unit, row, number)
            await unit.commit()
    except UniqueViolation as violation:
        return violation.what
    return "won"


def main(number: int) -> None:
    for line in iter(sys.stdin.readline, ""):
        url, row = line.split()
        units = SqlUnitOfWorkFactory(engine_at(url))
        answer = asyncio.run(race(row, number, units))
        units.close()
        print(answer, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
