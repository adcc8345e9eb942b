"""Sign-ins."""

from __future__ import annotations

from typing import Unpack

from billing_sdk._operation import C, Flow, operation
from billing_sdk.auth import AuthUrl, SignedIn, SignInOptions, SignInTransaction, TokenSet
from billing_sdk.auth.callback import Query
from billing_sdk.auth.reauth import read_reauth_state
from billing_sdk.auth.sign_in import (
    Keep,
    authorization_url,
    finish_sign_in,
    read_profile,
    refresh_tokens,
    revoke_token,
    sign_out_url,
)
from billing_sdk.models import Profile
from billing_sdk.resources._base import ProviderResource


class Login(ProviderResource[C]):
    """Sends visitors to the provider and takes them back."""

    @operation
    def register_url(self, **options: Unpack[SignInOptions]) -> Flow[AuthUrl]:
        """Return where to send a visitor to register; `SignInOptions` lists what can be asked for.

        Keep `transaction` in the visitor's own session until the callback.

        Raises:
            InvalidRequest: an option is not acceptable.
            MissingSetting: there is no client id or redirect address.
        """
        return authorization_url(self._provider, {**options, "prompt": "create"})

    @operation
    def login_url(self, **options: Unpack[SignInOptions]) -> Flow[AuthUrl]:
        """Return where to send a visitor to sign in; `SignInOptions` lists what can be asked for.

        Raises:
            InvalidRequest: an option is not acceptable.
            MissingSetting: there is no client id or redirect address.
        """
        return authorization_url(self._provider, options)

    @operation
    def restart_url(self, reauth_state: str, *, return_to: str | None = None) -> Flow[AuthUrl]:
        """Return where to send a visitor whose link had expired, with the options of the expired sign-in.

        Args:
            reauth_state: sent with the error `login_link_expired`; only harmless options are taken from it.
            return_to: path of the application to go to afterwards.

        Raises:
            InvalidRequest: it is not readable.
        """
        options = read_reauth_state(reauth_state)
        if return_to is not None:
            options["return_to"] = return_to
        return authorization_url(self._provider, options)

    @operation
    def callback(self, query: Query, transaction: SignInTransaction) -> Flow[SignedIn]:
        """Finish a sign-in: check the redirect back, redeem the code, verify the tokens.

        Args:
            query: the address that was called, or its query string. With parameters by name, repeated ones can
                only be refused if their values come as lists.
            transaction: what the start of the sign-in gave; use it once.

        Raises:
            StateMismatch: the sign-in did not start with this transaction.
            SignInExpired: it started more than ten minutes ago.
            IssuerMismatch: another issuer answered.
            SignInDenied: the provider refused; `facts["error"]` is its reason.
            SignInError: the callback or its code is not usable.
            TokenError: a token that came is not acceptable.
        """
        return finish_sign_in(self._provider, query, transaction)

    @operation
    def refresh(self, tokens: TokenSet, *, keep: Keep | None = None) -> Flow[TokenSet]:
        """Return new tokens; however many threads and tasks ask at once, the provider is asked once.

        Args:
            tokens: the present ones.
            keep: called with them and their new refresh token, as soon as the provider has given it and spent the old
                one. Whoever stores that can ask again where the new tokens can't be verified now, because the
                issuer's keys are out of reach.

        Raises:
            ExpiredToken: the refresh token is no longer good; sign in again.
            UnknownKey: the new tokens are signed with a key that the issuer does not publish yet, or that it may not
                be asked for so soon; ask again with what `keep` was given.
        """
        return refresh_tokens(self._provider, tokens, keep=keep)

    @operation
    def profile(self, tokens: TokenSet) -> Flow[Profile]:
        """Ask the provider who signed in; gates need no such call, the tokens say what they decide from.

        Raises:
            InvalidToken: the answer is about somebody else than the ID token.
            Unauthenticated: the access token is no longer good; refresh it first.
            InvalidRequest: the issuer has no userinfo endpoint, or the tokens do not say whom they are about.
        """
        return read_profile(self._provider, tokens)

    @operation
    def revoke(self, token: str) -> Flow[None]:
        """Make a refresh or access token worthless."""
        return revoke_token(self._provider, token)

    @operation
    def logout_url(self, *, redirect: str | None = None, id_token_hint: str | None = None) -> Flow[str]:
        """Return where to send a visitor to sign out of the provider as well.

        Args:
            redirect: where to go afterwards, an address that is registered with the provider.
            id_token_hint: the ID token, so that the provider need not ask whom to sign out.
        """
        return sign_out_url(self._provider, redirect=redirect, id_token_hint=id_token_hint)
