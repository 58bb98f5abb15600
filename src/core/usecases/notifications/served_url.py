"""Where people reach the program: noted by `serve`, and used by other processes that print addresses."""

from dataclasses import dataclass

from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class NoteServedUrl:
    units: UnitOfWorkFactory

    async def __call__(self, url: str) -> None:
        """Store where the program is served from now on."""
        async with self.units.write() as unit:
            if await unit.installation.served_url() != url:
                await unit.installation.save_served_url(url)
                await unit.commit()


@dataclass(frozen=True, slots=True)
class FindServedUrl:
    units: UnitOfWorkFactory

    async def __call__(self) -> str | None:
        """Return where the program was served last; None where it never was."""
        async with self.units.read() as unit:
            return await unit.installation.served_url()
