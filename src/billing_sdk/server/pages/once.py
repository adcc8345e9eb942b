"""Once: what a form asks for is done once, however often the same form arrives.

A double click, a reload and the back button send a form again. Each form carries a key of its own, which
`parts/forms.html: token` gives it; the deed, and where it has led to, are kept under that key in one transaction.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import IdempotencyMismatch
from billing_sdk.server.pages.forms import SECRET, WRONG, Form
from billing_sdk.server.pages.messages import show_message
from billing_sdk.server.storage.idempotency import Claim, StoredAnswer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.words import phrase

ONCE: Final = "once"
ONE_KEY: Final = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
SEE_OTHER: Final = 303


def do_once(
    request: Request,
    engine: Engine,
    form: Form,
    act: Callable[[Engine], Response],
    *,
    who: str,
    application: str,
    files: Mapping[str, bytes] | None = None,
) -> Response:
    """Return what `act` answers to a form; a copy of a form that was acted upon leads to where the first one led.

    All that `act` does with the engine that it is given is one transaction. It counts where `act` sends the browser on
    or shows a secret (`copies_lead_to`); another page is a preview, or says what is wrong, and undoes it.

    Args:
        request: what was sent.
        engine: the engine.
        form: what was typed; without a key it is a copy of none.
        act: does what the form asks for.
        who: whose keys these are; those of others are other keys.
        application: whose pages these are.
        files: what the form brings beside its fields.

    Raises:
        Conflict: the first copy is at it right now.
    """
    claim = _claim(request, form, files or {}, who)
    # What was refused after it has left something behind, such as a payment, is shown where the form stands.
    refused = StoredAnswer(SEE_OTHER, request.url.path)
    with engine.calling(claim, refusal=lambda _error: refused) as within:
        call = within.call
        assert call is not None  # noqa: S101 - what `calling` is for
        try:
            earlier = call.begin()
        except IdempotencyMismatch:
            call.abandon()
            if not _has_version(form):
                return _sent_before(request, application)
            # Somebody has gone back to it: its version says whether it was overtaken, and its page keeps the words.
            fresh = replace(form, values={name: value for name, value in form.values.items() if name != ONCE})
            return do_once(request, engine, fresh, act, who=who, application=application, files=files)
        if earlier is not None:
            return RedirectResponse(earlier.body, SEE_OTHER)
        response = act(within)
        place = _place_after(request, response)
        if place and not call.is_over:
            call.answer(StoredAnswer(SEE_OTHER, place))
        else:
            call.abandon()
    return response


def copies_lead_to(request: Request, then: str) -> None:
    """Say that a copy of the form leads to another page: its answer shows a secret, or begins a session, this once.

    Args:
        request: what was sent.
        then: the address of that page.
    """
    request.state.leads_to = then


def key_of(form: Form) -> str:
    """Return the key of a form, which its copies have as well; empty where it has none."""
    key = form.values.get(ONCE, "")
    return key if ONE_KEY.fullmatch(key) else ""


def _claim(request: Request, form: Form, files: Mapping[str, bytes], who: str) -> Claim | None:
    key = key_of(form)
    if not key:
        return None
    fields = (f"{name}={value}" for name, value in sorted(form.values.items()) if name not in SECRET)
    contents = (f"{name}={hashlib.sha256(content).hexdigest()}" for name, content in sorted(files.items()))
    sent = "\n".join((request.url.path, *fields, *contents))
    return Claim(who, key, hashlib.sha256(sent.encode()).hexdigest())


def _has_version(form: Form) -> bool:
    return any(name.endswith("version") for name in form.values)


def _place_after(request: Request, response: Response) -> str:
    named = str(getattr(request.state, "leads_to", ""))
    return named or (response.headers["location"] if response.status_code == SEE_OTHER else "")


def _sent_before(request: Request, application: str) -> Response:
    return show_message(
        request,
        headline=phrase("This form was sent before"),
        detail=phrase("It said something else then, and that was done. Open the page again to change anything."),
        application=application,
        return_url=request.url.path,
        return_label=phrase("Open the page again"),
        status=WRONG,
    )
