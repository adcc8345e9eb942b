"""The headers of every answer: what a browser may do with it, and under which name the log knows it.

Source: W3C Content Security Policy Level 3; RFC 6797 (HSTS); OWASP ASVS 5.0, chapter 3.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import Response

from billing_sdk.server.domain.identity.application import origin_of
from billing_sdk.server.ids import new_id, new_nonce
from billing_sdk.server.web.request_id import FIELD

Header = tuple[bytes, bytes]

HSTS = "max-age=31536000; includeSubDomains"
# What pages of forms never need, whatever ends up on them.
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
    )
)
FIXED = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),  # for browsers that do not know frame-ancestors
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", PERMISSIONS.encode()),
)
NOT_STORED = (b"cache-control", b"no-store")
POLICY = b"content-security-policy"
# Sent when somebody leaves: a page that the browser has kept must not come back by its back button (ASVS 14.3.1).
FORGET_PAGES = '"cache"'


class AnswerHeaders:
    """The headers that keep an answer private, unframed, and free of scripts that are not ours; and the request's id.

    An answer that says nothing about caching is not stored anywhere; one that is public, such as a key set or
    a stylesheet, sets its own Cache-Control.
    """

    def __init__(self, *, is_secure: bool) -> None:
        self._fixed = (*FIXED, (b"strict-transport-security", HSTS.encode())) if is_secure else FIXED
        self._names = frozenset((POLICY, FIELD, *(name for name, _ in self._fixed)))

    def begin(self, state: MutableMapping[str, Any]) -> str:
        """Give a request an id of this server's own making, which is returned, and a nonce.

        An id that the caller sends is ignored: it would end up in the log as the caller wrote it.
        """
        state["csp_nonce"] = new_nonce()
        state["form_targets"] = ()
        state["frame_ancestors"] = ()
        state["may_show_frames"] = False
        state["is_for_other_sites"] = False
        state["may_call"] = True
        state["is_shut_in"] = False
        state["request_id"] = request_id = new_id("req")
        return request_id

    def completed(self, headers: Iterable[Header], state: Mapping[str, Any]) -> list[Header]:
        """Return the headers of an answer with those that every answer carries."""
        found = [header for header in headers if header[0] not in self._names]
        if NOT_STORED[0] not in [name for name, _ in found]:
            found.append(NOT_STORED)
        ancestors = state["frame_ancestors"]
        policy = (POLICY, _policy_of(state).encode())
        fixed = [_framed(header, ancestors) for header in self._fixed] if ancestors else list(self._fixed)
        if state["is_for_other_sites"]:
            fixed = [OF_ANY_SITE if header and header[0] == OF_ANY_SITE[0] else header for header in fixed]
        found += (policy, (FIELD, state["request_id"].encode()), *filter(None, fixed))
        return found


def _policy_of(state: Mapping[str, Any]) -> str:
    nonce: str = state["csp_nonce"]
    targets, ancestors = state["form_targets"], state["frame_ancestors"]
    if state["is_shut_in"]:
        return SHUT_IN
    if targets or ancestors or state["may_show_frames"]:
        policy = content_security_policy(nonce, targets, ancestors, may_show_frames=state["may_show_frames"])
    else:
        policy = nonce.join(USUAL_POLICY)
    return policy if state["may_call"] else policy.replace("connect-src 'self'", "connect-src 'none'")


def _framed(header: Header, ancestors: tuple[str, ...]) -> Header | None:
    """Say to browsers that do not know frame-ancestors what they can understand of it; of other sites they can't."""
    if header[0] != b"x-frame-options":
        return header
    return (header[0], b"SAMEORIGIN") if ancestors == (OURSELVES,) else None


def content_security_policy(
    nonce: str,
    form_targets: tuple[str, ...] = (),
    frame_ancestors: tuple[str, ...] = (),
    *,
    may_show_frames: bool = False,
) -> str:
    """Return the policy: nothing but our own styles and images, and scripts that carry this request's nonce."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            " ".join(("form-action 'self'", *form_targets)),
            " ".join(("frame-ancestors", *(frame_ancestors or ("'none'",)))),
            "base-uri 'none'",
            "object-src 'none'",
            *(("frame-src 'self'",) if may_show_frames else ()),
        )
    )


OURSELVES = "'self'"
OF_ANY_SITE = (b"cross-origin-resource-policy", b"cross-origin")
# A picture that somebody has uploaded may bring its own style, and nothing else: no script, no file, no form.
SHUT_IN = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
PLACE = "{nonce}"
USUAL_POLICY = content_security_policy(PLACE).split(PLACE)  # the parts between which a nonce stands


def forget_pages(response: Response) -> None:
    """Let the browser forget the pages that it has kept of this server."""
    response.headers["Clear-Site-Data"] = FORGET_PAGES


def nonce_of(connection: HTTPConnection) -> str:
    """Return the nonce that an inline script or style of this answer has to carry."""
    nonce: str = connection.state.csp_nonce
    return nonce


def allow_form_target(connection: HTTPConnection, url: str) -> None:
    """Let a form of this answer end on the origin of `url`.

    Browsers apply `form-action` to every redirect that follows a form, so a page whose form leads back to an
    application has to name the application. `url` must be one that was registered, never one that was sent.
    """
    origin = origin_of(url)
    if origin is not None:
        connection.state.form_targets = (*connection.state.form_targets, origin)


def allow_framing(connection: HTTPConnection, *ancestors: str) -> None:
    """Let pages show this answer in a frame: those of the origins, or our own ones where none are named.

    Args:
        connection: whose answer it is.
        *ancestors: addresses that were registered, never ones that were sent; their origins count.
    """
    origins = tuple(dict.fromkeys(filter(None, map(origin_of, ancestors))))
    connection.state.frame_ancestors = origins if ancestors else (OURSELVES,)


def allow_frames(connection: HTTPConnection) -> None:
    """Let this answer show pages of ours in frames, such as previews."""
    connection.state.may_show_frames = True


def forbid_calls(connection: HTTPConnection) -> None:
    """Let no script of this answer ask any server for anything, this one included: an operator has written one."""
    connection.state.may_call = False


def shut_in(connection: HTTPConnection) -> None:
    """Let an answer do nothing at all by itself, because somebody else has made it: no script in it runs."""
    connection.state.is_shut_in = True


def share_with_other_sites(connection: HTTPConnection) -> None:
    """Let pages of any site load an answer that is the same for everybody, such as a script that they embed."""
    connection.state.is_for_other_sites = True
