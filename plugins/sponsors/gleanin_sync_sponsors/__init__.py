"""Sponsors, as a kind of records: from Sessionboard's sponsors to Gleanin's exhibitors, in groups."""

from gleanin_sync_sponsors.kind import SPONSOR
from gleanin_sync_sponsors.page import COLUMNS, lines_of
from gleanin_sync_sponsors.parsing import PATH, sponsors_of
from gleanin_sync_sponsors.sandbox import rows_of
from gleanin_sync_sponsors.selection import SponsorRows
from ports.plugins import FeedReader, HolderType, KindPlugin, LinkHome, RecordSchema

_CHANGES = ("created", "updated", "deleted", "event.associated", "event.disassociated")
# A company that is a sponsor and an exhibitor is one contact, so both kinds have one type. That exhibitors can be created
# over the API, and that a record has groups, is assumed: neither is documented.
GLEANIN = RecordSchema(
    "exhibitors",
    {"company_name": "company_name", "email": "email", "logo": "logo_url", "groups": "groups"},
    lists=("groups",),
)
PLUGIN = KindPlugin(
    SPONSOR,
    SponsorRows,
    readers={"sessionboard": FeedReader(PATH, sponsors_of)},
    schemas={"gleanin": GLEANIN},
    page_label="Sponsors",
    search_label="Search sponsors and contacts",
    lines=lines_of,
    columns=COLUMNS,
    link_homes={"sessionboard": LinkHome(HolderType("contacts"), HolderType("sponsors"))},
    # A contact's own edit need not change its sponsor.
    webhooks={"sessionboard": (*(f"sponsor.{change}" for change in _CHANGES), "contact.updated")},
    sandbox_rows={"sessionboard": rows_of},
)
