"""Invoices and credit notes as pages and as files, for whoever has their address or is in the portal."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from billing_sdk.server import web
from billing_sdk.server.pages.invoice_payment import pay_url
from billing_sdk.server.pages.messages import page
from billing_sdk.server.pages.rendering import show
from billing_sdk.server.paper import InvoicePaper
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.invoice_links import Place, check_link
from billing_sdk.server.usecases.show_invoice import as_file, show_credit_note, show_invoice

Serve = Callable[[Request, Engine], Response]


def routes() -> list[BaseRoute]:
    """Return the routes of documents that open by their address alone."""
    return [
        Route("/invoices/{document_id}/{key}", page(_with_link("invoices", _invoice)), methods=["GET"]),
        Route("/invoices/{document_id}/{key}/pdf", page(_with_link("invoices", _file)), methods=["GET"]),
        Route("/credit_notes/{document_id}/{key}", page(_with_link("credit_notes", _page)), methods=["GET"]),
        Route("/credit_notes/{document_id}/{key}/pdf", page(_with_link("credit_notes", _file)), methods=["GET"]),
    ]


def paper_for(request: Request, engine: Engine, place: Place, document_id: str) -> InvoicePaper:
    """Return what stands on a document; whether somebody may see it is decided before.

    Args:
        request: its `lang` parameter is another language than the customer's.
        engine: the engine.
        place: what kind of document it is.
        document_id: which one.
    """
    languages = (_asked(request),)
    if place == "invoices":
        return show_invoice(engine, invoice_id=document_id, languages=languages)
    return show_credit_note(engine, note_id=document_id, languages=languages)


def show_page(
    request: Request, paper: InvoicePaper, *, file_url: str, back_url: str = "", pay_url: str = ""
) -> Response:
    """Show a document.

    Args:
        request: it is shown for.
        paper: what stands on it.
        file_url: where the same document is as a file.
        back_url: where the reader comes from, where that is a page of ours.
        pay_url: where it can be paid, if it can be.
    """
    file_url += f"?lang={paper.language}" if _asked(request) else ""
    return show(
        request,
        "invoice.html",
        written_in=(paper.language,),
        paper=paper,
        file_url=file_url,
        back_url=back_url,
        pay_url=pay_url,
    )


def send_file(engine: Engine, document_id: str, paper: InvoicePaper) -> Response:
    """Send a document as a PDF file, to be saved and not to be opened within a page of ours."""
    name, content = as_file(engine, document_id, paper)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)


def _with_link(place: Place, serve: Callable[[Request, Engine, str, InvoicePaper], Response]) -> Serve:
    def served(request: Request, engine: Engine) -> Response:
        document_id = request.path_params["document_id"]
        check_link(engine, place, document_id=document_id, key=request.path_params["key"])
        return serve(request, engine, document_id, paper_for(request, engine, place, document_id))

    return served


def _invoice(request: Request, engine: Engine, document_id: str, paper: InvoicePaper) -> Response:
    place = pay_url(engine, document_id, request.path_params["key"])
    place += f"?lang={paper.language}" if place and _asked(request) else ""
    return show_page(request, paper, file_url=f"{request.url.path}/pdf", pay_url=place)


def _page(request: Request, _engine: Engine, _document_id: str, paper: InvoicePaper) -> Response:
    return show_page(request, paper, file_url=f"{request.url.path}/pdf")


def _file(_request: Request, engine: Engine, document_id: str, paper: InvoicePaper) -> Response:
    return send_file(engine, document_id, paper)


def _asked(request: Request) -> str | None:
    return web.query_of(request).get("lang")
