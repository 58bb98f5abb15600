"""The settings for writing share links back, as part of a mapping's settings."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console

from core.domain.errors import DomainError
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.links.write_links_back import PreviewLinks
from entrypoints.cli.output import safe_text
from entrypoints.container import Container
from ports.cipher import DecryptionFailed
from ports.source import SourceError
from ports.store.errors import PersistenceError

OFF = "off"


def changed_link(name: str | None) -> str | None:
    """Return a setting for links as its change has it: None if it was not given, empty if it is turned off."""
    return "" if name == OFF else name


def settings_of_links(mapping: EventMapping, *, takes_links: bool) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and meaning of each setting."""
    chosen, source = mapping.settings.links, mapping.systems.source
    if not takes_links:
        yield "link-field", chosen.field or OFF, f"{source} takes no share links, so none are written back"
        return
    yield (
        "link-field",
        chosen.field or OFF,
        f"the field of people in {source} that share links are written back to",
    )
    if chosen.is_on:
        yield (
            "company-link-field",
            chosen.company_field or OFF,
            "the field of companies that the primary contact's link is written to",
        )
        yield (
            "link-campaign",
            chosen.campaign or OFF,
            "the campaign whose links are written back, where people have links of several",
        )


@dataclass(frozen=True, slots=True)
class NextWriteBack:
    """What the next sync would write with settings that have been saved, as far as that is known."""

    mapping: EventMapping
    counts: LinkCounts | None
    problem: str = ""
    """Why it is not known."""

    def show(self, console: Console) -> None:
        source = self.mapping.systems.source
        if self.counts is None:
            text = f"The setting is saved. What it would write is not known: {self.problem}"
            console.print(safe_text(text), style="yellow", soft_wrap=True)
        else:
            console.print(safe_text(_sentence(self.counts, str(source))), soft_wrap=True)
        hint = f"To see each link: gleanin-sync links {self.mapping.id} --write-back --preview"
        console.print(safe_text(hint), style="dim", soft_wrap=True)


def _sentence(counts: LinkCounts, source: str) -> str:
    if not counts:
        return f"The next sync writes no share links to {source}: no one has one yet."
    others = (
        f"{counts[outcome]:,} {words}"
        for outcome, words in (
            (LinkOutcome.UNCHANGED, "are there already"),
            (LinkOutcome.KEPT, "would not be written, because somebody else's value is kept"),
            (LinkOutcome.FAILED, "cannot be written"),
        )
        if counts[outcome]
    )
    written = counts[LinkOutcome.WRITTEN]
    links = "share link" if written == 1 else "share links"
    return f"{'; '.join((f'The next sync writes {written:,} {links} to {source}', *others))}."


async def next_write_back(container: Container, mapping: EventMapping) -> NextWriteBack:
    """Return what the next sync would write; what goes wrong with that leaves the saved settings alone."""
    try:
        report = await container.resolve(PreviewLinks)(mapping.id)
    except (SourceError, DomainError, DecryptionFailed, PersistenceError) as error:
        return NextWriteBack(mapping, None, str(error))
    return NextWriteBack(mapping, report.counts)
