"""No webhook goes to an address that only this machine or its network can reach."""

from __future__ import annotations

import contextlib
import ipaddress

import pytest
from hypothesis import given, strategies as st

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.outbox.addresses import check_url, is_public, may_call

pytestmark = [pytest.mark.attack(150), pytest.mark.attack(156)]

NOT_PUBLIC = """
    127.0.0.1 127.255.255.254 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.1
    192.88.99.1 198.18.0.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    ::1 :: fc00::1 fd00::1 fe80::1 fec0::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1
    64:ff9b::a00:1 2002:7f00:1:: 2002:a00:1:: 2002:808:808:: 2001:0:4136:e378:8000:63bf:f5ff:fffe 2001:db8::1
    ::ffff:0:127.0.0.1 ::ffff:100.64.0.1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b::6440:1 64:ff9b:1::a00:1
    100::1 2001:20::1 3fff::1 4000::1 5f00::1 192.0.0.170 192.0.2.1 198.51.100.7 203.0.113.9 198.19.255.255
    172.31.255.255 100.127.255.255 febf::1 feff::1 ff0e::1
""".split()

PUBLIC = """
    1.1.1.1 93.184.216.34 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.88.98.1
    223.255.255.1 2606:4700:4700::1111 2001:200::1 2a00:1450:4001::1 64:ff9b::101:101 ::ffff:1.1.1.1
""".split()

REFUSED_URLS = (
    "",
    "https://",
    "example.com/hook",
    "ftp://example.com/hook",
    "http://example.com/hook",
    "https://example.com:8080/hook",
    "https://user:secret@example.com/hook",
    "https://@example.com/hook",
    "https://example.com/hook#part",
    "https://example.com/hook\r\nx-evil: 1",
    "https://exa mple.com/hook",
    "https://example.com\\@evil.example/",
    "https://example.com:99999/hook",
    "https://[::1/hook",
    "https://127.0.0.1/hook",
    "https://localhost/hook",
    "https://api.localhost/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/hook",
    "https://[::ffff:127.0.0.1]/hook",
    "https://2130706433/hook",
    "https://0x7f000001/hook",
    "https://127.1/hook",
    "https://0177.0.0.1/hook",
    "https://①②⑦.⓪.⓪.①/hook",
    "https://127。0。0。1/hook",
    "https://example.com/" + "a" * 2_048,
    "https://example.com:0/hook",
    "https://example.com:80/hook",
    "https://localhost./hook",
    "https://127.0.0.1./hook",
    "https://[64:ff9b::7f00:1]/hook",
    "https://[2002:7f00:1::]/hook",
    "https://[fec0::1]/hook",
    "https://[fe80::1%25eth0]/hook",
    "https://017700000001/hook",
    "https://[::127.0.0.1]/hook",
    "https://example.com/\ud800",
    "https://a..b.com/",
    "https://.example.com/",
    "https://example.com../",
    f"https://{'a' * 64}.com/",
    f"https://{'.'.join(['a' * 63] * 4)}/",
    "https://exa%6dple.com/",
    "HTTPS://EXAMPLE.COM:22/hook",
    "//example.com/hook",
    "https:example.com/hook",
    "https:///hook",
    "javascript:alert(1)//https://example.com",
)


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(text):
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_called(text):
    assert is_public(ipaddress.ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_it_is_wrapped(address):
    for network in ("::ffff:0:0", "64:ff9b::"):
        wrapped = ipaddress.IPv6Address(int(ipaddress.IPv6Address(network)) | int(address))
        if is_public(wrapped):
            assert is_public(address)


def test_this_machine_is_called_only_where_that_is_allowed():
    loopback = ipaddress.ip_address("127.0.0.1")
    assert may_call(loopback, may_call_this_machine=True)
    assert not may_call(loopback, may_call_this_machine=False)
    assert not may_call(ipaddress.ip_address("10.0.0.1"), may_call_this_machine=True)


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_url_that_is_not_plain_and_public_is_refused(url):
    with pytest.raises(InvalidRequest):
        check_url(url, may_call_this_machine=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "https://example.com:8443/?a=b",
        "https://1.1.1.1/",
        "https://example.com./",
        f"https://{'a' * 63}.Example.com/",
        f"https://{'.'.join(['a' * 62] * 4)}/",
        "https://xn--bcher-kva.example/",
    ],
)
def test_a_plain_https_url_is_accepted(url):
    assert check_url(url, may_call_this_machine=False) is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000/hook", "http://localhost/", "https://[::1]:9999/hook"])
def test_a_local_url_is_accepted_in_a_local_test_environment(url):
    assert check_url(url, may_call_this_machine=True) is None


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://example.com/", "https://192.168.1.1/"])
def test_a_private_or_plain_url_is_refused_even_there(url):
    with pytest.raises(InvalidRequest):
        check_url(url, may_call_this_machine=True)


@given(st.text(max_size=60))
def test_any_text_is_accepted_or_refused_and_nothing_else(text):
    with contextlib.suppress(InvalidRequest):
        assert check_url(f"https://{text}", may_call_this_machine=False) is None
