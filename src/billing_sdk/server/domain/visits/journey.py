"""A journey: everything between an authorization request and the answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from billing_sdk.server.domain.workspace import Stage

# The parameter of a request that asks for drafts of pages.
PAGES_MODE: Final = "pages_mode"


@dataclass(frozen=True, slots=True)
class Journey:
    """How far one browser has come with one authorization request; `id` starts with `journey_`.

    Attributes:
        browser_key_hash: digest of the key that only the browser has in which the journey began.
        parameters: the validated authorization request as it was sent.
        user_id: who signed in or up on the way.
        is_new_user: the account was created on the way.
        org_code: the organization that the visit is for.
        is_new_organization: that organization was created on the way.
        plan_key: the plan that was chosen, or named by `plan_interest`.
        plan_done: nothing is left to be done about a plan: the customer is on it, or on another of its group.
        success_seen: the success page, where one was asked for, has been shown.
        finished: the request has got its answer; a journey answers once.
    """

    id: str
    browser_key_hash: str = field(repr=False)
    client_id: str
    redirect_uri: str
    parameters: Mapping[str, str] = field(repr=False)
    created_at: datetime
    expires_at: datetime
    user_id: str | None = None
    is_new_user: bool = False
    org_code: str | None = None
    is_new_organization: bool = False
    plan_key: str | None = None
    plan_done: bool = False
    success_seen: bool = False
    finished: bool = False

    @property
    def signs_up(self) -> bool:
        """Whether the request asks for a new account first."""
        is_registration = self.parameters.get("start_page") == "registration"
        return is_registration or "create" in self.parameters.get("prompt", "").split()

    @property
    def creates_organization(self) -> bool:
        """Whether the request asks for a new organization."""
        return self.parameters.get("is_create_org", "").lower() == "true"

    @property
    def wants_success_page(self) -> bool:
        """Whether the request asks for a page that says that all went well."""
        return self.parameters.get("has_success_page", "").lower() == "true"

    @property
    def pricing_table_key(self) -> str | None:
        """The table that the request names instead of the default one."""
        return self.parameters.get("pricing_table_key") or None

    @property
    def currency(self) -> str | None:
        """What the request asks to pay in, where the plan is sold in it."""
        return self.parameters.get("currency") or None

    @property
    def language(self) -> str | None:
        """The tag of the language that the request asks pages for: `lang`, or the first of `ui_locales`."""
        locales = self.parameters.get("ui_locales", "").split()
        return self.parameters.get("lang") or next(iter(locales), None)

    @property
    def stage(self) -> Stage:
        """Which of an operator's own code around pages is shown: a draft only to operators, who may ask for it."""
        return "draft" if self.parameters.get(PAGES_MODE) == "preview" else "live"

    @property
    def plan_interest(self) -> str | None:
        """The plan that the request names, so that nobody is asked to choose."""
        return self.parameters.get("plan_interest") or None
