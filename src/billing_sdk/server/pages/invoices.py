"""An invoice as a page and as a file, for whoever has its address or is in the portal."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from billing_sdk.server import web
from billing_sdk.server.pages.messages import page
from billing_sdk.server.pages.rendering import show
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.invoice_links import check_link
from billing_sdk.server.usecases.show_invoice import file_of, show_invoice


def routes() -> list[BaseRoute]:
    """Return the routes of invoices that open by their address alone."""
    return [
        Route("/invoices/{invoice_id}/{key}", page(_with_link(show_page)), methods=["GET"]),
        Route("/invoices/{invoice_id}/{key}/pdf", page(_with_link(send_file)), methods=["GET"]),
    ]


def show_page(request: Request, engine: Engine, invoice_id: str, file_url: str, back_url: str = "") -> Response:
    """Show an invoice.

    Args:
        request: its `lang` parameter is another language than the customer's.
        engine: the engine.
        invoice_id: which one; whether somebody may see it is decided before.
        file_url: where the same invoice is as a file.
        back_url: where the reader comes from, where that is a page of ours.
    """
    asked = _asked(request)
    paper = show_invoice(engine, invoice_id=invoice_id, languages=(asked,))
    file_url += f"?lang={paper.language}" if asked else ""
    return show(request, "invoice.html", paper=paper, file_url=file_url, back_url=back_url)


def send_file(request: Request, engine: Engine, invoice_id: str, *_: str) -> Response:
    """Send an invoice as a PDF file, to be saved and not to be opened within a page of ours."""
    name, content = file_of(engine, invoice_id=invoice_id, languages=(_asked(request),))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)


def _with_link(serve: Callable[[Request, Engine, str, str], Response]) -> Callable[[Request, Engine], Response]:
    def served(request: Request, engine: Engine) -> Response:
        invoice_id, key = request.path_params["invoice_id"], request.path_params["key"]
        check_link(engine, invoice_id=invoice_id, key=key)
        return serve(request, engine, invoice_id, f"/invoices/{invoice_id}/{key}/pdf")

    return served


def _asked(request: Request) -> str | None:
    return web.query_of(request).get("lang")
