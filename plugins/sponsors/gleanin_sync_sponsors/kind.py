"""Sponsors as a kind of records: names, fields and settings."""

from gleanin_sync_sponsors.sponsor import Sponsor
from ports.plugins import EXHIBITOR_CONTACT, Feed, KindSetting, RecordKind, Scope

SPONSORS: Feed[Sponsor] = Feed("sponsors", Sponsor)
GROUP = "Sponsors"
"""The group that all sponsors get in the destination."""
TIER_FIELD = KindSetting(
    "tier_field",
    "Custom field of the tier",
    "The internal name of the custom field that holds a sponsor's tier, such as tier. Each sponsor is then in the group "
    "of its tier, too. Leave it empty to send no tier.",
)
SPONSOR = RecordKind(
    name="sponsor",
    plural="sponsors",
    singular="sponsor",
    scope=Scope("sponsors"),
    feed=SPONSORS,
    required=("company_name", "email"),
    optional=("logo", "groups"),
    is_person=True,
    phase=2,
    destination_group=EXHIBITOR_CONTACT.group,  # the destination has no sponsors: they go as exhibitors
    share_text="We are a sponsor",
    about=(
        "The contacts of the event's sponsors, each under the sponsor's name. The primary contact represents the sponsor; "
        "the other contacts get share links of their own. Whoever is synced as an exhibitor already is not synced as a "
        "sponsor, and the other way round."
    ),
    portal_heading="Share Your Sponsorship",
    portal_text="Thank you for sponsoring the event. Share your link with everyone you would like to meet there.",
    settings=(TIER_FIELD,),
)
