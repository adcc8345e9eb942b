"""Connect: an account lets a platform in, and shows it out again (Stripe documentation, "OAuth reference")."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, Refusal
from billing_sdk.testing.stripe.operations import operation
from billing_sdk.testing.stripe.state import Key, State

CODE_SECONDS = 300


class OAuthRefusal(Refusal):
    """An error in the shape of OAuth: two texts, and no object."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(400, error, description, is_kept=False)


def new_code(state: State, account_id: str, *, client_id: str, scope: str, is_live: bool) -> str:
    """Return a code with which the platform fetches its tokens, once."""
    code = state.ids.secret("ac")
    state.codes[code] = {
        "account": account_id,
        "client_id": client_id,
        "scope": scope,
        "is_live": is_live,
        "expires_at": state.clock.seconds() + CODE_SECONDS,
    }
    return code


@operation(
    "POST /oauth/token", "grant_type code refresh_token client_secret scope assert_capabilities[]", expands=False
)
def token(call: Call) -> Json:
    """Give tokens for a code, or for a refresh token."""
    grant = call.text("grant_type")
    if grant == "authorization_code":
        # Taken away first: a code works once, whatever comes of it.
        found = call.state.codes.pop(call.text("code") or "", None)
        if found is None or found["expires_at"] < call.now:
            raise OAuthRefusal("invalid_grant", f"Authorization code does not exist: {call.text('code')}")
        account_id, scope, is_live = found["account"], found["scope"], found["is_live"]
    elif grant == "refresh_token":
        kept = call.space.find("refresh_token", call.text("refresh_token") or "")
        if kept is None:
            raise OAuthRefusal("invalid_grant", "Refresh token does not exist.")
        account_id, scope, is_live = kept["account"], kept["scope"], kept["is_live"]
    else:
        raise OAuthRefusal("unsupported_grant_type", f"Unsupported grant type: {grant}")
    call.state.accounts[account_id]["_linked"].add(call.space.account_id)
    access = call.state.ids.secret("sk_live" if is_live else "sk_test")
    call.state.keys[access] = Key(account_id, is_live)
    refresh = call.state.ids.secret("rt")
    call.space.put("refresh_token", {"id": refresh, "account": account_id, "scope": scope, "is_live": is_live})
    return {
        "access_token": access,
        "livemode": is_live,
        "refresh_token": refresh,
        "scope": scope,
        "stripe_publishable_key": call.state.ids.secret("pk_live" if is_live else "pk_test"),
        "stripe_user_id": account_id,
        "token_type": "bearer",
    }


@operation("POST /oauth/deauthorize", "client_id stripe_user_id", expands=False)
def deauthorize(call: Call) -> Json:
    """Have the platform leave an account."""
    account = call.state.accounts.get(call.text("stripe_user_id") or "")
    if account is None or call.space.account_id not in account["_linked"]:
        raise OAuthRefusal(
            "invalid_client", "This application is not connected to the account, or that account does not exist."
        )
    shut_out(call, account)
    return {"stripe_user_id": account["id"]}


def shut_out(call: Call, account: Json) -> None:
    """End the link between an account and the platform, and tell the platform."""
    account["_linked"].discard(call.state.platform_id)
    for key in call.state.keys.values():
        if key.account_id == account["id"]:
            key.is_revoked = True
    application = {"id": "ca_simulated", "object": "application", "name": "Simulated platform"}
    space = call.state.space(account["id"], is_live=call.space.is_live)
    call.world.emit(space, "account.application.deauthorized", application, call=call)
