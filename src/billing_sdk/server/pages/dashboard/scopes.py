"""Scopes as a form shows them: a box for each."""

from __future__ import annotations

from collections.abc import Collection

from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.register_application import MANAGEMENT_SCOPES

SCOPE = "scope:"


def chosen_scopes(form: Form) -> tuple[str, ...]:
    """Return the scopes whose boxes were ticked."""
    return tuple(scope for scope in MANAGEMENT_SCOPES if form.value(f"{SCOPE}{scope}"))


def scope_fields(form: Form, scopes: Collection[str]) -> Form:
    """Return a form with the boxes of some scopes ticked, unless it was sent."""
    if any(name.startswith(SCOPE) for name in form.values):
        return form
    return Form({**{f"{SCOPE}{scope}": "yes" for scope in scopes}, **form.values}, form.errors)
