"""The parts of forms with which an admin enters the access to a system: the token, and its plug-in's access fields."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData

from core.domain.errors import DomainError
from core.domain.tenancy.access_fields import AccessField, about
from core.domain.tenancy.secrets import NO_TOKEN, SealedFields, Token
from entrypoints.container import Container
from entrypoints.http.pages.forms import text
from entrypoints.plugins import PluginMissing
from ports.cipher import DecryptionFailed
from ports.plugins import DestinationPlugin, SourcePlugin

System = SourcePlugin | DestinationPlugin


def find_source(container: Container, identifier: str) -> SourcePlugin | None:
    """Return a source; None if it is not installed or was refused."""
    try:
        return container.plugins().source(identifier)
    except PluginMissing:
        return None


def find_destination(container: Container, identifier: str) -> DestinationPlugin | None:
    """Return a destination; None if it is not installed or was refused."""
    try:
        return container.plugins().destination(identifier)
    except PluginMissing:
        return None


def input_name(field: AccessField) -> str:
    """Return the name of a field's input; by its name, a secret is not kept when the sign-in has expired."""
    return f"{'secret' if field.is_secret else 'access'}.{field.name}"


def entered_token(form: FormData) -> Token:
    """Return the token that was entered; `NO_TOKEN` if none was.

    Raises:
        InvalidInput
    """
    entered = text(form, "token").strip()
    return Token(entered) if entered else NO_TOKEN


def entered_values(form: FormData, plugin: System | None) -> dict[str, str]:
    """Return the values of access fields that were entered; an empty secret was not."""
    fields = plugin.access_fields if plugin else ()
    sent = {field: text(form, input_name(field)).strip() for field in fields if input_name(field) in form}
    return {field.name: value for field, value in sent.items() if value or not field.is_secret}


def field_of(error: Exception, plugin: System | None) -> str:
    """Return the name of the input that an error is about; empty if it is about none."""
    subject = error.about if isinstance(error, DomainError) else ""
    names = {about(field.name): input_name(field) for field in (plugin.access_fields if plugin else ())}
    return names.get(subject, subject)


def access_inputs(
    plugin: System | None,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    stored: bool = False,
    failed: bool = False,
) -> Sequence[Mapping[str, Any]]:
    """Return the inputs of a plug-in's access fields, for the template.

    Args:
        plugin: None for one that is not installed.
        values: of fields by name; those of secrets are never shown.
        errors: by the name of the input.
        stored: whether there are values already, so that a secret can be left empty.
        failed: whether the form comes back, so that secrets must be entered again.
    """
    fields: Iterable[AccessField] = plugin.access_fields if plugin else ()
    return [
        {
            "name": input_name(field),
            "label": field.label,
            "hint": _hint(field, stored=stored, failed=failed),
            "is_secret": field.is_secret,
            "is_required": field.is_required and not (stored and field.is_secret),
            "options": [{"value": choice, "label": choice} for choice in field.choices],
            "value": "" if field.is_secret else values.get(field.name, ""),
            "error": errors.get(input_name(field), ""),
        }
        for field in fields
    ]


def _hint(field: AccessField, *, stored: bool, failed: bool) -> str:
    parts = [field.help]
    if field.is_secret and stored:
        parts.append("Leave it empty to keep the present one.")
    elif field.is_secret and failed:
        parts.append("Enter it again: it was not saved.")
    return " ".join(filter(None, parts))


def stored_values(container: Container, plugin: System | None, sealed: SealedFields | None) -> dict[str, str]:
    """Return the stored values of the fields that are no secrets, for those who may manage the organization."""
    if sealed is None or plugin is None:
        return {}
    try:
        values = container.cipher().unseal_fields(sealed)
    except DecryptionFailed:
        return {}
    shown = (field.name for field in plugin.access_fields if not field.is_secret)
    return {name: values[name] for name in shown if name in values}
