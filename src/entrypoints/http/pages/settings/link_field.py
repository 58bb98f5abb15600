"""Ordering a field for share links: a page that says what is made in the source before it is made (rule 38)."""

from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from core.domain.errors import InvalidInput
from core.domain.links.link_fields import DEFAULT_FIELD_NAME, FieldOrdered
from core.usecases.links.order_link_field import MAX_NAME_LENGTH, FieldOrder, OrderLinkField
from entrypoints.container import Container
from entrypoints.http.dependencies import MappingContext, Wired
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.lists import with_query
from entrypoints.http.pages.rendering import crumb, flash, redirect_to, render
from entrypoints.http.pages.settings.event_mappings import READ_FAILED
from entrypoints.http.pages.settings.link_choices import EnteredInQuery, EnteredLinks, sent_links
from entrypoints.http.pages.settings.mapping_settings import ManagedMapping
from entrypoints.http.pages.settings.write_back import write_back_context, write_back_crumbs, write_back_url
from entrypoints.http.problems import problem_of
from entrypoints.text import shortened
from ports.source import SourceRefused

routes = APIRouter(
    prefix="/organizations/{organization_id}/integrations/mappings/{mapping_id}/write-back/field"
)


class Target(StrEnum):
    PERSON = "person"
    COMPANY = "company"


@routes.get("")
async def show(
    request: Request,
    container: Wired,
    ctx: ManagedMapping,
    entered: EnteredInQuery,
    target: Annotated[Target, Query()] = Target.PERSON,
) -> Response:
    return _form(request, container, ctx, entered, target, DEFAULT_FIELD_NAME)


@routes.post("")
async def order(request: Request, container: Wired, ctx: ManagedMapping, form: SentForm) -> Response:
    entered, name = sent_links(form), text(form, "name")
    target = Target.COMPANY if text(form, "target") == Target.COMPANY else Target.PERSON
    command = FieldOrder(ctx.mapping.id, name, for_companies=target is Target.COMPANY)
    try:
        field = await container.resolve(OrderLinkField)(command, actor=ctx.actor)
    except (InvalidInput, FieldOrdered, *READ_FAILED) as error:
        return _form(request, container, ctx, entered, target, name, error)
    known = "company_field" if target is Target.COMPANY else "field"
    label, source = shortened(field.label, 120), ctx.organization.source
    if field.is_new:
        flash(request, f"The field {label} was made in {source}.")
    else:
        flash(request, f"{source} has the field {label} already, so no second one was made.", "info")
    query = {**entered.query, known: field.internal_name, "change": "true"}
    return redirect_to(with_query(write_back_url(ctx, ctx.mapping), query))


def _form(
    request: Request,
    container: Container,
    ctx: MappingContext,
    entered: EnteredLinks,
    target: Target,
    name: str,
    error: Exception | None = None,
) -> Response:
    context = write_back_context(container, ctx)
    if not context["places"] or (target is Target.COMPANY and not context["places"].companies):
        return redirect_to(context["url"])
    answer = problem_of(error) if error else None
    is_about_name = isinstance(error, InvalidInput)
    response = render(
        request,
        "integrations_mapping_links_field.html",
        status=answer.status if answer else HTTPStatus.OK,
        crumbs=write_back_crumbs(ctx, crumb("New field")),
        entered=entered,
        back_url=with_query(context["url"], {**entered.query, "change": "true"}),
        target=target.value,
        name=name,
        max_length=MAX_NAME_LENGTH,
        name_error=str(error) if error and is_about_name else "",
        is_ordered=isinstance(error, FieldOrdered),
        problem=str(error) if error and not is_about_name else "",
        is_refused=isinstance(error, SourceRefused),
        **context,
    )
    response.headers.update(answer.headers if answer else {})
    return response
