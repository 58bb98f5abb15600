"""What an admin enters."""

import pytest

from gleanin_sync_pretalx.plugin import PLUGIN, api_url


@pytest.mark.parametrize(
    "url",
    [
        "https://talks.example.org",
        "https://talks.example.org/",
        "https://talks.example.org/api",
        "https://talks.example.org/api/",
    ],
)
def test_the_address_of_the_server_is_enough(url: str) -> None:
    assert api_url(url) == "https://talks.example.org/api"


def test_a_server_below_a_path_is_found() -> None:
    assert api_url("https://example.org/pretalx") == "https://example.org/pretalx/api"


def test_it_is_called_pretalx() -> None:
    assert (PLUGIN.identifier, PLUGIN.display_name) == ("pretalx", "pretalx")
