"""The audit log of an organization, as sentences."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from core.domain.access.audit import Action, AuditEntry
from core.usecases.access.queries import ListAuditEntries
from entrypoints.http.dependencies import Wired
from entrypoints.http.pages.dependencies import ReadOrganization
from entrypoints.http.pages.rendering import crumb, render
from entrypoints.http.pages.settings.navigation import settings_breadcrumbs, settings_url
from entrypoints.http.pages.settings.settings import SECTION

routes = APIRouter(prefix="/organizations/{organization_id}/settings/audit-log")
PER_PAGE = 50
MAX_POSITION = 2**63 - 1

SENTENCES = {
    Action.ORGANIZATION_ADDED: "added the organization {}",
    Action.ORGANIZATION_REMOVED: "removed the organization {}",
    Action.CONNECTED: "connected {}",
    Action.DISCONNECTED: "disconnected {}",
    Action.TOKEN_REPLACED: "replaced the {}",
    Action.MAPPED: "mapped events: {}",
    Action.MAPPING_REMOVED: "removed the mapping {}",
    Action.SETTINGS_CHANGED: "changed the settings of {}",
    Action.SYNC_REQUESTED: "started a sync: {}",
    Action.ACCOUNT_ADDED: "added an account for {}",
    Action.ACCOUNT_REMOVED: "removed the account of {}",
    Action.ROLE_GIVEN: "granted a role: {}",
    Action.ROLE_TAKEN: "removed a role: {}",
    Action.PASSWORD_CHANGED: "changed the password of {}",
    Action.SIGN_IN_LINK_MADE: "created a sign-in link for {}",
    Action.IDENTITY_BOUND: "linked the company's sign-in to the account of {}",
    Action.IDENTITY_UNBOUND: "unlinked the company's sign-in from the account of {}",
    Action.API_KEY_MADE: "created the API key {}",
    Action.API_KEY_REVOKED: "revoked the API key {}",
    Action.PORTAL_ADDRESS_MADE: "created a portal address for {}",
    Action.PORTAL_ADDRESS_REVOKED: "revoked the portal addresses of {}",
    Action.LINK_FIELD_ORDERED: "ordered a field for share links: {}",
    Action.LINKS_WRITTEN_BACK: "wrote share links back: {}",
    Action.RECIPIENT_CHOSEN: "set where notifications go: {}",
    Action.RECIPIENT_REMOVED: "turned off notifications: {}",
    Action.RECIPIENT_TRIED: "sent a test notification: {}",
}
"""The sentence for each action; {} is its object."""
DETAILS = {Action.CONNECTED: " to {}", Action.DISCONNECTED: " from {}"}
"""What follows if the entry has a detail; those of earlier versions have none."""


def sentence(entry: AuditEntry) -> str:
    text = SENTENCES[entry.action].format(entry.what)
    if entry.detail:
        text += DETAILS.get(entry.action, "").format(entry.detail)
    return f"{text[:1].upper()}{text[1:]}."


@routes.get("")
async def show(
    request: Request,
    container: Wired,
    ctx: ReadOrganization,
    before: Annotated[int | None, Query(ge=1, le=MAX_POSITION)] = None,
) -> Response:
    entries = await container.resolve(ListAuditEntries)(ctx.organization.id, before, PER_PAGE + 1)
    url = f"{settings_url(ctx.organization)}/audit-log"
    older = f"{url}?before={entries[PER_PAGE - 1].position}" if len(entries) > PER_PAGE else ""
    return render(
        request,
        "settings_audit_log.html",
        ctx=ctx,
        section=SECTION,
        crumbs=settings_breadcrumbs(ctx, crumb("Audit log")),
        rows=[(entry, sentence(entry)) for entry in entries[:PER_PAGE]],
        newest=url if before is not None else "",
        older=older,
    )
