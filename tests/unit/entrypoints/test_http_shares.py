"""Fair shares, with a reserve for those who hold nothing."""

from contextlib import ExitStack

import pytest

from core.domain.errors import Overloaded
from entrypoints.http.fair_shares import ORGANIZATION_PART, FairShares

MOST = 1000
QUARTER = MOST // ORGANIZATION_PART


@pytest.fixture
def shares() -> FairShares:
    return FairShares(MOST)


def take_all(shares: FairShares, held: ExitStack, organization: str, *askers: str) -> int:
    """Hold as many slots as possible, and return their number."""
    taken = 0
    for asker in askers:
        try:
            while True:
                held.enter_context(shares.hold(organization, asker))
                taken += 1
        except Overloaded:
            continue
    return taken


def test_one_who_asks_leaves_room_for_others_of_the_organization(shares: FairShares) -> None:
    with ExitStack() as held:
        assert 0 < take_all(shares, held, "acme", "viewer") <= QUARTER / 2
        assert 0 < take_all(shares, held, "acme", "admin") <= QUARTER / 4
        assert all(take_all(shares, held, "acme", f"guest {number}") > 0 for number in range(20))


def test_an_organization_leaves_room_for_others_however_many_ask_for_it(shares: FairShares) -> None:
    with ExitStack() as held:
        assert take_all(shares, held, "greedy", *map(str, range(QUARTER))) == QUARTER
        with shares.hold("modest", "somebody"):
            pass


def test_many_greedy_organizations_leave_room_for_one_that_has_none(shares: FairShares) -> None:
    with ExitStack() as held:
        for number in range(100):
            askers = (f"{number} {asker}" for asker in range(50))
            assert take_all(shares, held, f"greedy {number}", *askers) > 0
        with shares.hold("modest", "somebody"):
            pass


def test_who_may_ask_in_all_organizations_leaves_room_for_others(shares: FairShares) -> None:
    with ExitStack() as held:
        taken = sum(take_all(shares, held, f"org {number}", "support") for number in range(50))
        assert taken <= MOST // 2
        with shares.hold("org 0", "its admin"):
            pass


def test_what_is_given_back_can_be_taken_again() -> None:
    shares = FairShares(1)
    for _ in range(3):
        with shares.hold("acme", "ada"), pytest.raises(Overloaded), shares.hold("other", "bob"):
            pass
