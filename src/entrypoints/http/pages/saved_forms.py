"""What somebody typed into a form that was not carried out, on its way back into that form.

It travels in the page that asks to sign in, as one hidden field: a cookie has no room for it, and nothing is stored
for somebody who is not signed in. Secrets are left out. Only a form that the browser itself says comes from a page of
ours is kept, so that another site can put nothing into our forms.
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
"""Bytes of it in a request, of which a request has 64 kB."""
SECRET = re.compile(r"token|password|secret")
"""What the names of fields have in them whose values are never written into a page."""


@dataclass(frozen=True, slots=True)
class SavedForm:
    page: str
    """The address of the page that the form stands on."""
    action: str
    """The address that it is sent to, which tells it from other forms of the page."""
    fields: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        return json.dumps([self.page, self.action, self.fields])


def save_form(request: Request, form: FormData) -> SavedForm | None:
    """Return what can be put back of a form; None for one that another site sent, or may have sent."""
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
    """Return what `KeptForm.text` stands for; None for any other text."""
    try:
        page, action, fields = json.loads(text)
        saved_form = SavedForm(page, action, tuple((name, value) for name, value in fields))
    except (TypeError, ValueError, RecursionError):
        return None
    texts = (saved_form.page, saved_form.action, *(text for field in saved_form.fields for text in field))
    is_valid = all(isinstance(each, str) for each in texts)
    return saved_form if is_valid and is_local(saved_form.page) and is_local(saved_form.action) else None


def is_same_origin(request: Request) -> bool:
    """Return whether the browser says that the request comes from a page of ours.

    Scripts and forms cannot set either header. Browsers send the first one over HTTPS and on this machine, and the
    second one with every form.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return _host_of(request.headers.get("origin", "")) == request.headers.get("host")


def _is_saved(name: str) -> bool:
    return name not in {CSRF_FIELD, FIELD} and not SECRET.search(name.lower())


def _page(request: Request) -> str | None:
    """Return the page that a form was sent from, as far as the browser tells."""
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
