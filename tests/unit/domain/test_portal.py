"""Rule 31: a portal link expires, and can be revoked."""

from datetime import timedelta

import pytest

from core.domain.access.portal_links import check_portal_link
from core.domain.errors import LinkExpired
from tests.support.builders import NOW

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def test_rule_31_a_portal_link_works_for_ninety_days() -> None:
    check_portal_link(NOW, None, NOW)
    check_portal_link(NOW, None, NOW + 90 * DAY - MOMENT)
    with pytest.raises(LinkExpired):
        check_portal_link(NOW, None, NOW + 90 * DAY)


def test_rule_31_a_revocation_covers_only_earlier_portal_links() -> None:
    for made_at in (NOW - DAY, NOW):
        with pytest.raises(LinkExpired):
            check_portal_link(made_at, NOW, NOW)
    check_portal_link(NOW + MOMENT, NOW, NOW + MOMENT)


def test_rule_31_a_refused_portal_link_gives_no_reason() -> None:
    assert "Ask the organizer" in str(LinkExpired())
    assert "revoked" not in str(LinkExpired())
