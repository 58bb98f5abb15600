"""Portal addresses of many people at once: made, exported for a mail merge, or revoked (rule 39)."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from core.domain.errors import InvalidInput
from core.usecases.access.hand_out import ListPortalAddresses, MakePortalAddresses, RevokePortalAddresses
from core.usecases.access.portal_selection import HandOut, PortalSelection
from entrypoints.http.csv import csv_response
from entrypoints.http.dependencies import MappingContext, Wired
from entrypoints.http.pages.dependencies import ManageMapping
from entrypoints.http.pages.forms import SentForm, is_on, text
from entrypoints.http.pages.lists import with_query
from entrypoints.http.pages.rendering import crumb, flash, organization_url, redirect_to, render
from entrypoints.http.rows import Rows
from entrypoints.resources.portal import MAIL_MERGE_COLUMNS, mail_merge_row
from entrypoints.settings import Settings

routes = APIRouter()
EVERYBODY = "everybody"
ROWS_PER_PART = 500


@routes.post("/mappings/{mapping_id}/portal-addresses")
async def hand_out(request: Request, container: Wired, ctx: ManageMapping, form: SentForm) -> Response:
    """Do what the button that was pressed says with the people who are chosen."""
    selection = _selection(ctx, form)
    if not selection.everybody and not selection.who:
        flash(request, "Choose people first, or choose everybody.", "danger")
        return redirect_to(_back(ctx, form))
    match text(form, "do"):
        case "make":
            people = await container.resolve(MakePortalAddresses)(selection, actor=ctx.actor)
            flash(
                request,
                f"{_counted(people)} can be given their portal addresses now: export them for a mail merge.",
            )
            return redirect_to(_back(ctx, form))
        case "export":
            people = await container.resolve(ListPortalAddresses)(selection)
            return csv_response("mail-merge", MAIL_MERGE_COLUMNS, _rows(people, container.settings()))
        case "revoke" if is_on(form, "confirmed"):
            people = await container.resolve(RevokePortalAddresses)(selection, actor=ctx.actor)
            flash(request, f"The portal addresses of {_counted(people)} were revoked.")
            return redirect_to(_back(ctx, form))
        case "revoke":
            people = await container.resolve(ListPortalAddresses)(selection)
            return render(
                request,
                "portal_revoke.html",
                ctx=ctx,
                section="share-links",
                crumbs=[crumb("Share links", _back(ctx, form)), crumb("Revoke portal addresses")],
                counted=_counted(people),
                selection=selection,
                back=_back(ctx, form),
            )
    raise InvalidInput("Press one of the buttons.")


def _selection(ctx: MappingContext, form: FormData) -> PortalSelection:
    if text(form, "whom") == EVERYBODY:
        return PortalSelection(
            ctx.mapping.id,
            everybody=True,
            search=text(form, "q"),
            missing=text(form, "missing") == "true",
        )
    who = tuple(value for value in form.getlist("person") if isinstance(value, str))
    return PortalSelection(ctx.mapping.id, who)


async def _rows(people: Sequence[HandOut], settings: Settings) -> Rows:
    for start in range(0, len(people), ROWS_PER_PART):
        yield [mail_merge_row(person, settings) for person in people[start : start + ROWS_PER_PART]]


def _counted(people: Sequence[HandOut]) -> str:
    return "1 person" if len(people) == 1 else f"{len(people):,} people"


def _back(ctx: MappingContext, form: FormData) -> str:
    query = {"mapping": ctx.mapping.id, "missing": text(form, "missing"), "q": text(form, "q")}
    return with_query(f"{organization_url(ctx.organization)}/share-links", query)
