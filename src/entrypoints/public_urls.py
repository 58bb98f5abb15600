"""URLs of this program's pages, for notifications."""

from dataclasses import dataclass

from core.domain.ids import RunId
from entrypoints.settings import Settings


@dataclass(frozen=True, slots=True)
class ConfiguredUrls:
    settings: Settings

    def home(self) -> str:
        return self.settings.address_of("/")

    def run(self, run_id: RunId) -> str:
        return self.settings.address_of(f"/runs/{run_id}")
