"""Whether a record is what somebody looks for: one rule for pages, API and every store."""

from dataclasses import dataclass, field

from core.domain.email import ascii_domain, normalize_email
from core.domain.text import compose, strip_invisible


@dataclass(frozen=True, slots=True)
class RecordSearch:
    """A text that is searched for in a record's label and e-mail, ignoring case; or its whole id.

    E-mails are compared as by rule 15: a domain and its punycode are the same. An empty search fits every record.
    Labels are folded here and not by a database: databases differ in what they take for the same letter.
    """

    text: str
    _label: str = field(init=False, repr=False)
    _mailboxes: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", strip_invisible(self.text))
        object.__setattr__(self, "_label", _folded(self.text))
        object.__setattr__(self, "_mailboxes", _mailboxes(self.text))

    def __bool__(self) -> bool:
        return bool(self.text)

    def fits(self, label: str, email: str | None, source_id: str) -> bool:
        """Return whether the text is in the label or the e-mail, or is the id."""
        return (
            self.text == source_id
            or self._label in _folded(label)
            or (email is not None and self._fits_email(email))
        )

    def _fits_email(self, email: str) -> bool:
        shown, mailbox = compose(email).lower(), normalize_email(email)
        return any(each in shown or each in mailbox for each in self._mailboxes)


def _folded(text: str) -> str:
    return compose(compose(text).casefold())


def _mailboxes(text: str) -> frozenset[str]:
    """Return the forms in which a part of an address may stand in one."""
    forms = {compose(text).lower(), normalize_email(text)}
    before, at, domain = text.rpartition("@")
    if not domain.isascii() and (in_ascii := ascii_domain(domain)):
        forms.add(f"{compose(before).lower()}{at}{in_ascii}")
    return frozenset(forms)
