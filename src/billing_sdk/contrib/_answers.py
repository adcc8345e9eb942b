"""What this package answers by itself: redirects, and refusals as a page for people or a document for programs.

A framework translates an `Answer` into its own response and adds nothing. Everything that a page shows is escaped.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from hashlib import sha256

from markupsafe import Markup

from billing_sdk.contrib._visit import Visit
from billing_sdk.errors import BillingError

PRIVATE = (("Cache-Control", "private, no-store"), ("Vary", "Cookie, Authorization"))
# Each of them overrules Cache-Control for one kind of cache (RFC 9213), so none may stay beside it.
OTHER_CACHE_HEADERS = ("CDN-Cache-Control", "Surrogate-Control", "Expires", "Pragma")
RETRY_AFTER_SECONDS = 5

STYLE = Markup("""
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --page: #fbfcfd; --card: #fff; --line: #e0e1e6;
  --act: #3e63dd }
@media (prefers-color-scheme: dark) {
  :root { --ink: #edeef0; --soft: #b0b4ba; --page: #111113; --card: #18191b; --line: #2e3135; --act: #9eb1ff }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; background: var(--page);
  color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
main { max-width: 30rem; padding: 32px; background: var(--card); border: 1px solid var(--line); border-radius: 14px }
h1 { margin: 0 0 12px; font-size: 1.4rem }
p { margin: 0 0 12px; color: var(--soft) }
a { display: inline-block; margin: 8px 12px 0 0; padding: 9px 16px; border: 1px solid var(--line); border-radius: 9px;
  color: var(--ink); text-decoration: none }
a.main { background: var(--act); border-color: var(--act); color: var(--card) }
a:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
""")
PAGE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>{style}</style></head><body><main><h1>{title}</h1>"
    "<p>{detail}</p><p>{remedy}</p>{links}</main></body></html>"
)
LINK = Markup('<a{kind} href="{href}">{label}</a>')

# A page of ours holds its own style and nothing else: no script, no image, no frame around it.
STYLE_HASH = base64.b64encode(sha256(STYLE.encode()).digest()).decode("ascii")
PAGE_HEADERS = (
    (
        "Content-Security-Policy",
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that no framework owns yet."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a page of ours leads; the first one is the thing to do."""

    label: str
    href: str


def redirect(location: str, *cookies: str) -> Answer:
    """Send a browser on with GET, whatever the method was (RFC 9110, section 15.4.4)."""
    handed_out = tuple(("Set-Cookie", cookie) for cookie in cookies)
    headers = (("Location", location), ("Referrer-Policy", "no-referrer"), *PRIVATE, *handed_out)
    return Answer(303, headers)


def refusal(visit: Visit, error: BillingError, *links: Link, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Say what is missing, as a page or as a problem document."""
    answer = problem(error) if visit.is_api_client else page(error, links)
    if error.status == 401:
        headers = (*headers, ("WWW-Authenticate", "Bearer"))
    if error.status in (503, 504):
        headers = (*headers, ("Retry-After", str(RETRY_AFTER_SECONDS)))
    return Answer(answer.status, (*answer.headers, *PRIVATE, *headers), answer.body)


def problem(error: BillingError) -> Answer:
    """Render an error for programs (RFC 9457)."""
    return Answer(error.status, (("Content-Type", "application/problem+json"),), json.dumps(error.problem()))


def page(error: BillingError, links: tuple[Link, ...]) -> Answer:
    """Render an error for people."""
    shown = Markup("").join(
        LINK.format(kind=Markup(' class="main"') if link is links[0] else "", href=link.href, label=link.label)
        for link in links
    )
    detail = f"{error.detail[:1].upper()}{error.detail[1:]}".rstrip(".") + "."
    body = PAGE.format(title=error.title, style=STYLE, detail=detail, remedy=error.remedy, links=shown)
    return Answer(error.status, (("Content-Type", "text/html; charset=utf-8"), *PAGE_HEADERS), str(body))
