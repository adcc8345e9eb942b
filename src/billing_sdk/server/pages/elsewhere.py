"""Pages of the processor: the way there, where a payment method is left or a payment confirmed, and the way back."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import AuthenticationRequired, PaymentPending
from billing_sdk.server import web
from billing_sdk.server.gateways import SetupWanted
from billing_sdk.server.ids import new_nonce
from billing_sdk.server.pages.authenticate import address_of
from billing_sdk.server.usecases.begin_checkout import SESSION_ID, begin_checkout
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.finish_checkout import finish_checkout
from billing_sdk.server.usecases.takes_cards import takes_cards

# The parameter of an address that somebody comes back to with a session.
BACK: Final = "checkout"
# Where Stripe's own pages are that a form may lead to.
PAGES: Final = ("https://checkout.stripe.com", "https://invoice.stripe.com", "https://hooks.stripe.com")


def allow_pages(request: Request, engine: Engine) -> None:
    """Let the forms of an answer end on pages of the processor, where it has any."""
    if takes_cards(engine):
        return
    base = engine.settings.stripe_api_base
    for page in PAGES if base is None else (base,):
        web.allow_form_target(request, page)


def go_to_checkout(request: Request, engine: Engine, *, customer_id: str, path: str, actor: str) -> Response:
    """Send a browser to the page where a payment method is left, which leads back to a page of ours.

    Args:
        request: the browser's.
        engine: the engine.
        customer_id: whose payment method it will be.
        path: of the page that it comes back to.
        actor: who goes, as the audit names them.

    Raises:
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable, GatewayRefused: the processor has no page now.
    """
    back = engine.settings.base_url + path
    wanted = SetupWanted(nonce=new_nonce(), mode="hosted", success_url=f"{back}?{BACK}={SESSION_ID}", cancel_url=back)
    session = begin_checkout(engine, customer_id=customer_id, wanted=wanted, actor=actor)
    return go_to(request, engine, session.url or back)


def come_back(request: Request, engine: Engine, *, customer_id: str, actor: str) -> bool:
    """Keep what somebody has left in the session that they come back with; False where they bring none.

    Raises:
        NotFound: the session is not theirs.
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable: the processor could not be asked.
    """
    session_id = request.query_params.get(BACK, "")
    if not session_id:
        return False
    finish_checkout(engine, session_id=session_id, customer_id=customer_id, actor=actor)
    return True


def go_on_elsewhere(
    request: Request, engine: Engine, error: AuthenticationRequired | PaymentPending, *, back: str
) -> Response | None:
    """Send a browser to where a payment goes on; None where there is nothing to do but to wait.

    Args:
        request: the browser's.
        engine: the engine.
        error: what says where.
        back: the path of the page of ours that it comes back to.
    """
    url = error.facts.get("url")
    return go_to(request, engine, address_of(str(url), engine, back)) if url else None


def go_to(request: Request, engine: Engine, url: str) -> Response:
    """Send a browser to a page of the processor, whose address came from the processor itself."""
    allow_pages(request, engine)
    web.allow_form_target(request, url)
    return RedirectResponse(url, 303)
