"""Forms protected by a CSRF token."""

import hmac
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from ports.id_generator import IdGenerator

CSRF = "csrf"
FIELD = "csrf_token"
MAX_FIELDS = 100
"""Of a form: those of a page of people have one for each of them, and some more."""


class ForeignForm(Exception):
    """The form does not carry this browser's CSRF token."""


def csrf_token(request: Request, ids: IdGenerator) -> str:
    """Return the CSRF token of this browser's forms, creating one if there is none."""
    token = request.session.get(CSRF)
    if not isinstance(token, str):
        token = request.session[CSRF] = ids.secret()
    return token


async def read_form(request: Request) -> FormData:
    """Read a form without checking its origin.

    Raises:
        HTTPException: the body is not a form or has too many fields.
    """
    return await request.form(max_files=0, max_fields=MAX_FIELDS)


async def sent_form(request: Request) -> FormData:
    """Read a form and check its CSRF token.

    Raises:
        ForeignForm
    """
    form = await read_form(request)
    expected, sent = request.session.get(CSRF), form.get(FIELD)
    if not (isinstance(expected, str) and isinstance(sent, str)):
        raise ForeignForm
    if not hmac.compare_digest(expected.encode(), sent.encode()):
        raise ForeignForm
    return form


SentForm = Annotated[FormData, Depends(sent_form)]


def text(form: FormData, name: str) -> str:
    """Return a field's text; empty if the field is missing."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def is_on(form: FormData, name: str) -> bool:
    """Check whether a checkbox was checked."""
    return bool(text(form, name))
