"""Fields of records, and texts that are hard to transfer."""

from ports.plugins import Fields, FieldValue, RecordKind

_TRACKS = ("Insects", "Wings & <b>more</b>")
_SAMPLES: dict[str, str] = {
    "starts_at": "2027-07-21T07:15:00.000Z",
    "ends_at": "2027-07-21T08:35:00.000Z",
    "schedule": "09:15-10:35 Wednesday 21 July 2027",
    "headshot": "https://img.example.org/person-{n}.png",
    "logo": "https://img.example.org/logo-{n}.png?size=2",
    "email": "person.{n}@example.org",
}
HARD_TEXTS = {
    "10,000 characters": "x" * 10_000,
    "emoji": "Bees 🐝 👩\u200d👩\u200d👧 \U0001f600",
    "right to left": "שלום \u200fعربى",
    "HTML": "<p>R&amp;D &lt;3</p> \"quoted\" 'twice' \\ 100% {braces} ?a=b#c",
    "several lines": "one\ntwo\r\n\tthree",
    "accents": "Zoë Łódź \u0065\u0301",
}
HARD_FIELDS = ("title", "description", "first_name", "last_name", "name", "job_title", "company_name")
"""Fields that take any text."""


def sample(kind: RecordKind, number: int = 1) -> Fields:
    """Return a value for each field of a kind but associations."""
    return {name: _value(name, number) for name in kind.fields if name != "sessions"}


def required_only(kind: RecordKind, number: int = 1) -> Fields:
    return {name: _value(name, number) for name in kind.required}


def _value(name: str, number: int) -> FieldValue:
    if name == "tracks":
        return _TRACKS
    return _SAMPLES.get(name, f"{name} {{n}}").replace("{n}", str(number))
