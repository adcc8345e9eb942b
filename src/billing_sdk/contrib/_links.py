"""Template helpers: links and buttons that lead to the routes of this package.

They return `Markup`: safe to print in a template, with every value escaped. What is not a parameter of the link
becomes an attribute of the element: `class_="button"` is `class`, `data_kind="x"` is `data-kind`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from billing_sdk.contrib._visit import local_path
from billing_sdk.errors import InvalidSetting

FLAGS = frozenset({"is_create_org", "has_success_page", "supports_reauth"})
SIGN_IN_PARAMETERS = FLAGS | {
    "connection_id",
    "currency",
    "invitation_code",
    "lang",
    "login_hint",
    "org_code",
    "org_name",
    "plan_interest",
    "pricing_table_key",
    "prompt",
    "workflow_deployment_id",
}
ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9-]*")


class Links(ABC):
    """The helpers, once for both frameworks."""

    @property
    @abstractmethod
    def base(self) -> str:
        """Path below which the routes of this package are, such as `/billing`."""

    @property
    @abstractmethod
    def issuer(self) -> str:
        """The address of the billing server."""

    @property
    @abstractmethod
    def origin(self) -> str:
        """Scheme, host and port of this application, as the billing server knows them: those of its redirect URI."""

    def register_link(self, text: str, **given: Any) -> Markup:
        """Return a link to sign up.

        Args:
            text: what the link says.
            **given: `plan_interest`, `pricing_table_key`, `is_create_org`, `org_name` and the other parameters of a
                sign-in, `return_to` (a path of this application to come back to), and attributes of the element.
        """
        return self._sign_in_link("register", text, given)

    def login_link(self, text: str, **given: Any) -> Markup:
        """Return a link to sign in; takes what `register_link` takes."""
        return self._sign_in_link("login", text, given)

    def logout_link(self, text: str, **attributes: Any) -> Markup:
        """Return a button that signs out: a form, because a link could be followed by anything that reads pages."""
        return Markup('<form method="post" action="{}"><button type="submit"{}>{}</button></form>').format(
            f"{self.base}/logout", render_attributes(attributes), text
        )

    def portal_button(
        self, text: str, *, sub_nav: str | None = None, return_url: str | None = None, **attributes: Any
    ) -> Markup:
        """Return a link to the billing portal.

        Args:
            text: what the button says.
            sub_nav: section to open, such as `plan_details`.
            return_url: where the portal leads back to; its origin has to be registered for the application.
            **attributes: of the element.
        """
        signed = return_url if return_url is None or local_path(return_url) else self.sign_return_url(return_url)
        return self._link("portal", text, {"sub_nav": sub_nav, "return_url": signed}, attributes)

    def pricing_table(
        self,
        key: str,
        text: str = "See plans",
        *,
        lang: str | None = None,
        color_scheme: str | None = None,
        cadence: str | None = None,
        **attributes: Any,
    ) -> Markup:
        """Return a pricing table in place: a tag that loads it, and a link to sign up with it where no script runs.

        Only the billing server of this package has such tables. The policy of a page that prints one has to allow a
        script and a frame of the billing server (Content-Security-Policy, `script-src` and `frame-src`).

        Args:
            key: of a live table.
            text: what the link says.
            lang: language tag that the table is asked to speak; the `lang` of the page by default.
            color_scheme: `light` or `dark`; what the visitor's system prefers by default.
            cadence: which one is shown first, such as `year`.
            **attributes: of the element, such as `nonce`, `data_title` or `data_target`.
        """
        script = {
            "src": f"{self.issuer.rstrip('/')}/embed/pricing-table.js",
            "data-key": key,
            "data-register-url": f"{self.origin}{self.base}/register",
            "data-lang": lang,
            "data-color-scheme": color_scheme,
            "data-cadence": cadence,
        }
        link = self.register_link(text, pricing_table_key=key, lang=lang)
        return Markup("<script async{}></script><noscript>{}</noscript>").format(
            render_attributes({**script, **attributes}), link
        )

    @abstractmethod
    def sign_return_url(self, url: str) -> str:
        """Mark an address as written by this application, so that the portal route can tell it from any other."""

    def _sign_in_link(self, route: str, text: str, given: Mapping[str, Any]) -> Markup:
        wanted = SIGN_IN_PARAMETERS | {"return_to"}
        attributes = {name: value for name, value in given.items() if name not in wanted}
        return self._link(route, text, {name: given[name] for name in given if name in wanted}, attributes)

    def _link(self, route: str, text: str, parameters: Mapping[str, Any], attributes: Mapping[str, Any]) -> Markup:
        sent = {name: spelled(value) for name, value in parameters.items() if value is not None}
        target = f"{self.base}/{route}" + (f"?{urlencode(sent)}" if sent else "")
        return Markup('<a href="{}"{}>{}</a>').format(target, render_attributes(attributes), text)


def spelled(value: Any) -> str:
    """Return a parameter as it stands in a query."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def render_attributes(attributes: Mapping[str, Any]) -> Markup:
    """Render attributes of an element; True is an attribute without value, False and None are left out.

    Raises:
        InvalidSetting: a name is not one of an attribute, and could break out of the element.
    """
    rendered = Markup("")
    for given, value in attributes.items():
        name = given.rstrip("_").replace("_", "-")
        if not ATTRIBUTE_NAME.fullmatch(name):
            raise InvalidSetting(f"{given!r} is not the name of an attribute", remedy="Use letters, digits and _.")
        if value is True:
            rendered += Markup(" {}").format(name)
        elif value is not False and value is not None:
            rendered += Markup(' {}="{}"').format(name, value)
    return rendered
