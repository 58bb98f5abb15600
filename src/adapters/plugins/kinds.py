"""The kinds of records that come with the program, as plug-ins."""

from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER
from core.domain.selection.agenda import AgendaRows
from core.domain.selection.exhibitor_contacts import ExhibitorRows
from ports.plugins import KindPlugin

# By the identifier of the source. Not every change has one: continuous sync finds the others.
_OF_SESSIONS = ("created", "updated", "deleted", "speaker.attached", "speaker.detached")
_OF_EXHIBITORS = ("created", "updated", "deleted", "event.associated", "event.disassociated")
SESSION_TOPICS = {"sessionboard": tuple(f"session.{change}" for change in _OF_SESSIONS)}
SPEAKER_TOPICS = {"sessionboard": ("contact.updated", "contact.deleted", "contact.event.disassociated")}
EXHIBITOR_TOPICS = {
    "sessionboard": (*(f"exhibitor.{change}" for change in _OF_EXHIBITORS), "contact.updated")
}

SESSION_PLUGIN = KindPlugin(SESSION, AgendaRows, webhooks=SESSION_TOPICS)
SPEAKER_PLUGIN = KindPlugin(SPEAKER, AgendaRows, webhooks=SPEAKER_TOPICS)
EXHIBITOR_CONTACT_PLUGIN = KindPlugin(EXHIBITOR_CONTACT, ExhibitorRows, webhooks=EXHIBITOR_TOPICS)
