"""The program's public URL: stored by `serve`, used by other processes that print links."""

from dataclasses import dataclass

from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SaveServedUrl:
    units: UnitOfWorkFactory

    async def __call__(self, url: str) -> None:
        """Store the URL at which the program is served."""
        async with self.units.write() as unit:
            if await unit.installation.served_url() != url:
                await unit.installation.save_served_url(url)
                await unit.commit()


@dataclass(frozen=True, slots=True)
class FindServedUrl:
    units: UnitOfWorkFactory

    async def __call__(self) -> str | None:
        """Return the URL at which the program was last served; None if it never was."""
        async with self.units.read() as unit:
            return await unit.installation.served_url()
