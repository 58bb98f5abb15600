"""The values of a form that was not processed, saved so that they can be put back into that form.

They are sent along as one hidden field of the sign-in page: a cookie is too small, and nothing is stored for people who
are not signed in. Secrets are left out. Only forms that the browser marks as coming from our pages are saved, so that
another site cannot put anything into our forms.
"""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from fastapi import Request
from starlette.datastructures import FormData

from entrypoints.http.pages.forms import FIELD as CSRF_FIELD
from entrypoints.http.pages.local_urls import is_local

FIELD = "kept_form"
MAX_BYTES = 24 * 1024
"""Maximum size in a request; a request is limited to 64 kB."""
SECRET = re.compile(r"token|password|secret")
"""Matches names of fields whose values are never written into a page."""


@dataclass(frozen=True, slots=True)
class SavedForm:
    page: str
    """The URL of the page that contains the form."""
    action: str
    """The URL that the form is sent to; identifies it among the forms of the page."""
    fields: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        return json.dumps([self.page, self.action, self.fields])


def save_form(request: Request, form: FormData) -> SavedForm | None:
    """Save the fields of a form; None if another site sent it or may have sent it."""
    if not is_same_origin(request):
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    action = request.url.path + query
    fields = tuple(
        (name, value) for name, value in form.multi_items() if isinstance(value, str) and _is_saved(name)
    )
    saved_form = SavedForm(_page(request) or action, action, fields)
    return saved_form if len(quote(saved_form.text)) <= MAX_BYTES else SavedForm(saved_form.page, action, ())


def parse_saved_form(text: str) -> SavedForm | None:
    """Parse a `SavedForm.text`; None for any other text."""
    try:
        page, action, fields = json.loads(text)
        saved_form = SavedForm(page, action, tuple((name, value) for name, value in fields))
    except (TypeError, ValueError, RecursionError):
        return None
    texts = (saved_form.page, saved_form.action, *(text for field in saved_form.fields for text in field))
    is_valid = all(isinstance(value, str) for value in texts)
    return saved_form if is_valid and is_local(saved_form.page) and is_local(saved_form.action) else None


def is_same_origin(request: Request) -> bool:
    """Check whether the browser marks the request as coming from one of our pages.

    Scripts and forms cannot set either header. Browsers send the first one over HTTPS and to localhost, and the
    second one with every form.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return _host_of(request.headers.get("origin", "")) == request.headers.get("host")


def _is_saved(name: str) -> bool:
    return name not in {CSRF_FIELD, FIELD} and not SECRET.search(name.lower())


def _page(request: Request) -> str | None:
    """Return the URL of the page that a form was sent from, if the browser reports it."""
    referrer = request.headers.get("referer", "")
    if _host_of(referrer) != request.headers.get("host"):
        return None
    parts = urlsplit(referrer)
    page = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return page if is_local(page) else None


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).netloc or None
    except ValueError:
        return None
