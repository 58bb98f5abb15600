"""The search for records: one rule for pages, API and every store."""

from dataclasses import dataclass, field

from core.domain.email import ascii_domain, normalize_email
from core.domain.text import compose, strip_invisible

MAX_SEARCH_LENGTH = 500
"""As long as names can be."""


@dataclass(frozen=True, slots=True)
class RecordSearch:
    """A search for text in a record's label and e-mail, ignoring case, or for its complete id.

    E-mails are compared as in rule 15: a domain equals its punycode. An empty search matches every record. Labels are
    case-folded here and not in the database, because databases fold case differently.
    """

    text: str
    _label: str = field(init=False, repr=False)
    _emails: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", strip_invisible(self.text))
        object.__setattr__(self, "_label", _folded(self.text))
        object.__setattr__(self, "_emails", _emails(self.text))

    def __bool__(self) -> bool:
        return bool(self.text)

    def fits(self, label: str, email: str | None, source_id: str) -> bool:
        """Check whether the text is in the label or the e-mail, or equals the id."""
        return (
            self.text == source_id
            or self._label in _folded(label)
            or (email is not None and self._fits_email(email))
        )

    def _fits_email(self, email: str) -> bool:
        written, normalized = compose(email).lower(), normalize_email(email)
        return any(part in written or part in normalized for part in self._emails)


def is_called(label: str, name: str) -> bool:
    """Check whether a label is this title or name, ignoring case and invisible characters."""
    return _folded(label) == _folded(strip_invisible(name))


def _folded(text: str) -> str:
    return compose(compose(text).casefold())


def _emails(text: str) -> frozenset[str]:
    """Return the forms in which part of an e-mail address may appear."""
    forms = {compose(text).lower(), normalize_email(text)}
    local, at, domain = text.rpartition("@")
    if not domain.isascii() and (punycode := ascii_domain(domain)):
        forms.add(f"{compose(local).lower()}{at}{punycode}")
    return frozenset(forms)
