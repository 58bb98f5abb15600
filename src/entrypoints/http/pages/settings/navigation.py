"""URLs and breadcrumbs of an organization's integrations, event mappings and settings."""

from core.domain.tenancy.organizations import Organization
from entrypoints.http.dependencies import OrganizationContext
from entrypoints.http.pages.rendering import Crumb, crumb, organization_breadcrumbs, organization_url


def integrations_url(organization: Organization) -> str:
    return f"{organization_url(organization)}/integrations"


def mappings_url(organization: Organization) -> str:
    return f"{integrations_url(organization)}/mappings"


def settings_url(organization: Organization) -> str:
    return f"{organization_url(organization)}/settings"


def integrations_breadcrumbs(ctx: OrganizationContext, *further: Crumb) -> list[Crumb]:
    return organization_breadcrumbs(ctx, crumb("Integrations", integrations_url(ctx.organization)), *further)


def mappings_breadcrumbs(ctx: OrganizationContext, *further: Crumb) -> list[Crumb]:
    """Return the breadcrumbs of a page about event mappings, which are a page of the integrations."""
    mappings = crumb("Map Events", mappings_url(ctx.organization) if further else "")
    return integrations_breadcrumbs(ctx, mappings, *further)


def settings_breadcrumbs(ctx: OrganizationContext, *further: Crumb) -> list[Crumb]:
    return organization_breadcrumbs(ctx, crumb("Settings", settings_url(ctx.organization)), *further)
