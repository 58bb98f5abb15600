"""What an admin must know to create webhooks in a source."""

from dataclasses import dataclass

from core.domain.tenancy.organizations import Organization
from entrypoints.plugins import PluginCatalog, PluginMissing


@dataclass(frozen=True, slots=True)
class WebhookHelp:
    source: str
    path: str
    header: str
    """Of the request that has the secret, which is an API key with the role `hook`."""
    topics: tuple[str, ...]
    """What to be told of, for all kinds of records; empty if the kinds name none."""

    @property
    def sentences(self) -> tuple[str, ...]:
        where = (
            f"In {self.source}, create webhooks to {self.path}, with this key in the header {self.header}."
        )
        return (where, f"Topics: {', '.join(self.topics)}.") if self.topics else (where,)


def webhook_help(plugins: PluginCatalog, organization: Organization) -> WebhookHelp | None:
    """Return how to create webhooks for an organization; None if its source has none."""
    source = organization.source
    try:
        plugin = plugins.source(source.identifier)
    except PluginMissing:
        return None
    if plugin.event_of_hint is None:
        return None
    path = f"/hooks/{source.identifier}/{organization.id}"
    return WebhookHelp(str(source), path, plugin.hint_header, plugins.webhook_topics(source.identifier))
