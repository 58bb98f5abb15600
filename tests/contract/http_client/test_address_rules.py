"""Which base URLs are accepted, and how others are refused."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http_client.address_rules import check_base_url, is_public_ip
from core.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("entered", "normal"),
    [
        ("https://public-api.sessionboard.com", "https://public-api.sessionboard.com"),
        ("  https://Public-API.sessionboard.com./ ", "https://public-api.sessionboard.com"),
        ("https://example.com:443/api/", "https://example.com/api"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("https://8.8.8.8", "https://8.8.8.8"),
        ("https://[2606:4700::0001]:8443/", "https://[2606:4700::1]:8443"),
        ("https://[3fff:1000::1]", "https://[3fff:1000::1]"),
        ("https://[64:ff9b::8.8.8.8]", "https://[64:ff9b::808:808]"),
        ("https://[2002:808:808::1]", "https://[2002:808:808::1]"),
        ("https://home.example.com", "https://home.example.com"),
    ],
)
def test_a_public_https_url_is_normalized(entered: str, normal: str) -> None:
    assert check_base_url(entered, allow_private=False) == normal


PRIVATE = [
    "http://127.0.0.1:8080",
    "https://localhost",
    "https://localhost.",
    "https://api.localhost",
    "https://printer",
    "https://10.0.0.1",
    "https://172.16.3.4",
    "https://192.168.1.1",
    "https://100.64.0.1",
    "https://169.254.169.254",
    "https://0.0.0.0",
    "https://[::]",
    "https://[::1]",
    "https://[fe80::1]",
    "https://[fd00::1]",
    "https://[::ffff:127.0.0.1]",
    "https://[64:ff9b::10.0.0.1]",
    "https://[2002:7f00:1::]",
    "https://[2002:c058:6301::]",
    "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "https://[::127.0.0.1]",
    "https://[::ffff:0:127.0.0.1]",
    "https://[64:ff9b:1::7f00:1]",
    "https://[fec0::1]",
    "https://[2001:db8::1]",
    "https://[3fff::1]",
    "https://[3fff:fff::1]",
    "https://[5f00::1]",
    "https://[4000::1]",
    "https://192.88.99.1",
    "https://x.corp",
    "https://router.home",
    "https://smtp.mail",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_host_is_refused_unless_a_setting_allows_it(url: str) -> None:
    with pytest.raises(InvalidInput, match="private"):
        check_base_url(url, allow_private=False)
    assert check_base_url(url, allow_private=True).startswith(url.partition(":")[0])


def test_http_is_allowed_for_private_hosts_only() -> None:
    assert check_base_url("http://127.0.0.1:80/", allow_private=True) == "http://127.0.0.1"
    for url in ("http://example.com", "http://8.8.8.8"):
        with pytest.raises(InvalidInput, match="https://"):
            check_base_url(url, allow_private=True)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "Enter a URL"),
        ("https://" + "a" * 3000, "Enter a URL"),
        ("https://müller.example", "plain"),
        ("example.com", "begin with https://"),
        ("ftp://example.com", "begin with https://"),
        ("https:///path", "begin with https://"),
        ("https://user:word@example.com", "a user or a password"),
        ("https://@example.com", "a user or a password"),
        ("https://example.com/?a=b", "a query"),
        ("https://example.com/?", "a query"),
        ("https://example.com#x", "a fragment"),
        ("https://exa mple.com", "a space, a backslash"),
        ("https://example.com\\@evil.com", "a space, a backslash"),
        ("https://exam\nple.com", "a space, a backslash"),
        ("https://127.1", "usual form"),
        ("https://127.0.0.0x1", "usual form"),
        ("https://0x7f000001", "usual form"),
        ("https://2130706433", "usual form"),
        ("https://0177.0.0.1", "usual form"),
        ("https://[::1", "cannot be read"),
        ("https://[zz]", "cannot be read|IPv6"),
        ("https://example.com:0", "port"),
        ("https://example.com:99999", "port"),
        ("https://-a.example", "no valid host"),
        ("https://a..example", "no valid host"),
        ("https://example.com/a/../b", "in its path"),
    ],
)
def test_an_invalid_url_is_refused_with_the_reason(url: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_base_url(url, allow_private=True)


@given(st.text())
def test_any_text_is_accepted_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.com{text}"):
        try:
            normal = check_base_url(url, allow_private=True)
        except InvalidInput:
            continue
        assert check_base_url(normal, allow_private=True) == normal


@given(st.ip_addresses(v=4))
def test_an_embedded_ipv4_address_is_as_private_as_itself(ip: object) -> None:
    for around in (f"::ffff:{ip}", f"64:ff9b::{ip}"):
        assert is_public_ip(around) == is_public_ip(str(ip))


@given(st.ip_addresses(v=6, network="::/8") | st.ip_addresses(v=6, network="4000::/2"))
def test_an_ipv6_address_is_public_only_in_allocated_ranges(ip: IPv6Address) -> None:
    if ip.ipv4_mapped is None:
        assert not is_public_ip(str(ip))
