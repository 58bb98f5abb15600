"""The kinds of records that come with the program, as plug-ins."""

from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER
from core.domain.selection.agenda import AgendaRows
from core.domain.selection.exhibitor_contacts import ExhibitorRows
from ports.plugins import KindPlugin

SESSION_PLUGIN = KindPlugin(SESSION, AgendaRows)
SPEAKER_PLUGIN = KindPlugin(SPEAKER, AgendaRows)
EXHIBITOR_CONTACT_PLUGIN = KindPlugin(EXHIBITOR_CONTACT, ExhibitorRows)
