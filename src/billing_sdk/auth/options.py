"""What a sign-in may ask the provider for: the parameters of the authorization URL."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypedDict

from billing_sdk.errors import InvalidRequest

KEY: Final = re.compile(r"[A-Za-z0-9_.:~-]{1,128}", re.ASCII)
NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
LONGEST_URL: Final = 8_192
LONGEST_TEXT: Final = 2_048
LONGEST_AGE_SECONDS: Final = 366 * 86_400

RESERVED: Final = frozenset(
    "client_id client_secret redirect_uri response_type response_mode state nonce code_challenge"
    " code_challenge_method code_verifier request request_uri registration scope max_age".split()
)


class SignInOptions(TypedDict, total=False):
    """Everything that a register or login link can carry; each one may be left out.

    Attributes:
        plan_interest: key of the plan that the visitor chose already; plan selection is skipped.
        pricing_table_key: key of the pricing table to choose from, instead of the default one.
        currency: what the visitor pays in, such as `EUR`, where the plan is sold in it; only our own server knows it.
        is_create_org: the visitor creates an organization on the way.
        org_name: its name; then the visitor isn't asked for one.
        org_code: the organization to sign in to.
        login_hint: e-mail address, or `phone:...`, or `username:...`.
        lang: language of the hosted pages, such as `en`.
        connection_id: go straight to this way of signing in.
        invitation_code: code of an invitation that is being accepted.
        is_invitation: goes with it.
        has_success_page: show a page at the end before coming back.
        workflow_deployment_id: run this deployment of the provider's workflows.
        supports_reauth: an expired link comes back with `reauth_state`, see `client.login.restart_url`.
        prompt: `login` asks again, `create` registers, `none` never shows a page, `consent` and `select_account`
            show theirs again.
        max_age_seconds: whoever signed in longer ago has to sign in again; the ID token has to say so.
        pages_mode: `preview` shows unpublished pages.
        audience: the API, or APIs, that the access token is for.
        scopes: instead of the client's own.
        redirect_uri: instead of the client's own.
        return_to: path of the application to go to afterwards; kept in the transaction, never sent.
        extra: further parameters, such as `utm_source`; those that protect the sign-in are refused.
    """

    plan_interest: str | None
    pricing_table_key: str | None
    currency: str | None
    is_create_org: bool
    org_name: str | None
    org_code: str | None
    login_hint: str | None
    lang: str | None
    connection_id: str | None
    invitation_code: str | None
    is_invitation: bool
    has_success_page: bool
    workflow_deployment_id: str | None
    supports_reauth: bool
    prompt: Literal["login", "create", "none", "consent", "select_account"] | None
    max_age_seconds: int | None
    pages_mode: Literal["preview"] | None
    audience: str | Sequence[str] | None
    scopes: Sequence[str] | None
    redirect_uri: str | None
    return_to: str | None
    extra: Mapping[str, str] | None


_KEYS: Final = ("plan_interest", "pricing_table_key", "currency")
_PROMPTS: Final = ("login", "create", "none", "consent", "select_account")
_FLAGS: Final = ("is_create_org", "is_invitation", "has_success_page", "supports_reauth")
_TEXTS: Final = (
    "org_name org_code login_hint lang connection_id invitation_code workflow_deployment_id prompt pages_mode".split()
)
_OURS: Final = frozenset({*_KEYS, *_FLAGS, *_TEXTS, "audience"})


def encode_options(options: SignInOptions) -> dict[str, str]:
    """Return the options as parameters of the authorization URL, each one checked.

    Raises:
        InvalidRequest: a key has other characters than letters, digits, `_ . : ~ -`; a text has a control
            character; a flag is not a boolean; or `extra` names a parameter that is not free.
    """
    given: Mapping[str, Any] = options
    unknown = sorted(given.keys() - SignInOptions.__annotations__.keys())
    if unknown:
        raise InvalidRequest(f"{unknown[0]} is not a sign-in option", remedy="Pass it through extra={...}.")
    found: dict[str, str] = {}
    if given.get("prompt") not in (None, *_PROMPTS):
        raise InvalidRequest(f"prompt has to be one of {', '.join(_PROMPTS)}")
    for name in _KEYS:
        if given.get(name) is not None:
            found[name] = checked_key(name, given[name])
    for name in _FLAGS:
        if name in given and given[name] is not None:
            found |= {name: "true"} if _checked_flag(name, given[name]) else {}
    for name in _TEXTS:
        if given.get(name) is not None:
            found[name] = checked_text(name, given[name])
    if given.get("max_age_seconds") is not None:
        found["max_age"] = str(_checked_age(given["max_age_seconds"]))
    audience = given.get("audience")
    if audience:
        found["audience"] = checked_text("audience", audience if isinstance(audience, str) else " ".join(audience))
    for name, value in (given.get("extra") or {}).items():
        found[_free_name(name)] = checked_text(name, value)
    return found


def checked_key(name: str, value: Any) -> str:
    """Return the key of a plan or a pricing table, or raise `InvalidRequest`."""
    if not isinstance(value, str) or not KEY.fullmatch(value):
        raise InvalidRequest(f"{name} is not a key: 1 to 128 letters, digits or _ . : ~ -")
    return value


def checked_text(name: str, value: Any) -> str:
    """Return a text that is safe in a URL, or raise `InvalidRequest`."""
    if not isinstance(value, str) or not value or len(value) > LONGEST_TEXT:
        raise InvalidRequest(f"{name} has to be a text of 1 to {LONGEST_TEXT} characters")
    if any(character < " " or "\x7f" <= character <= "\x9f" for character in value):
        raise InvalidRequest(f"{name} has a control character")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidRequest(f"{name} has half a character")
    return value


def _checked_flag(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise InvalidRequest(f"{name} has to be True or False")
    return value


def _checked_age(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LONGEST_AGE_SECONDS:
        raise InvalidRequest("max_age_seconds has to be a whole number of seconds, up to a year")
    return value


def _free_name(name: Any) -> str:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InvalidRequest("a name in extra has other characters than letters, digits or _ . -")
    if name.lower() in RESERVED:
        raise InvalidRequest(f"{name} protects the sign-in and can't be replaced")
    if name.lower() in _OURS:
        raise InvalidRequest(f"{name} has an argument of its own", remedy=f"Pass {name}=... instead.")
    return name


def checked_path(value: Any) -> str:
    """Return a path of the application itself, to go to after a sign-in (RFC 9700, section 4.11.1).

    Raises:
        InvalidRequest: browsers could read it as an address elsewhere.
    """
    text = checked_text("return_to", value)
    # A browser drops tabs and line breaks and reads a backslash as a slash, so "/\t/evil" is another host to it.
    is_clean = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    if not is_clean or not text.startswith("/") or text.startswith("//"):
        raise InvalidRequest("return_to has to be a path of this application, such as /reports")
    return text
