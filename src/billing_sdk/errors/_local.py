"""What the SDK finds wrong by itself: settings, sign-ins, tokens, webhooks and the way to the server."""

from __future__ import annotations

from billing_sdk.errors._root import BillingError


class ConfigurationError(BillingError):
    """A setting stops the program from starting."""

    code = "configuration_error"
    title = "Configuration error"
    default_remedy = "Correct the setting and start again."


class MissingSetting(ConfigurationError):
    """A setting that is needed was given neither as an argument nor in the environment."""

    code = "missing_setting"
    title = "Missing setting"

    def __init__(self, argument: str, variable: str) -> None:
        super().__init__(f"no value for {argument}", remedy=f"Pass {argument}=... or set {variable}.", setting=variable)


class InvalidSetting(ConfigurationError):
    """A setting has a value that can't work or is not safe."""

    code = "invalid_setting"
    title = "Invalid setting"


class SecretNotPickled(BillingError):
    """Tokens, or what protects a sign-in, were about to be pickled, and so to be stored or sent in clear."""

    code = "secret_not_pickled"
    title = "Secret not pickled"
    default_remedy = "Keep what write() gives in a store of your own server, and restore it from there."


class SignInError(BillingError):
    """A sign-in did not end in a session."""

    code = "sign_in_failed"
    status = 400
    title = "Sign-in failed"
    default_remedy = "Start the sign-in again."


class SignInDenied(SignInError):
    """The provider answered the sign-in with an error, such as `access_denied` or `login_required`."""

    code = "sign_in_denied"
    title = "Sign-in denied"


class StateMismatch(SignInError):
    """A callback carries no state, a used one, or that of another browser (RFC 6749, section 10.12)."""

    code = "state_mismatch"
    title = "Sign-in did not start in this browser"


class IssuerMismatch(SignInError):
    """A callback or a metadata document comes from another issuer than the one asked (RFC 9207, section 2.4)."""

    code = "issuer_mismatch"
    title = "Another issuer answered"
    default_remedy = "Check the issuer setting against the provider's discovery document."


class SignInExpired(SignInError):
    """A sign-in was started too long ago to be finished."""

    code = "sign_in_expired"
    title = "Sign-in expired"


class TokenError(BillingError):
    """A token can't be accepted."""

    code = "token_error"
    status = 401
    title = "Token not accepted"
    default_remedy = "Sign in again."


class InvalidToken(TokenError):
    """A token is malformed, wrongly signed, or meant for somebody else (RFC 8725, section 3)."""

    code = "invalid_token"
    title = "Invalid token"


class ExpiredToken(TokenError):
    """A token was valid once and its time is over."""

    code = "expired_token"
    title = "Expired token"


class UnknownKey(TokenError):
    """A token names a signing key that its issuer does not publish."""

    code = "unknown_key"
    title = "Unknown signing key"


class WebhookError(BillingError):
    """A webhook can't be accepted."""

    code = "webhook_error"
    status = 400
    title = "Webhook not accepted"
    default_remedy = "Check that the endpoint belongs to this issuer; nothing was changed."


class InvalidWebhook(WebhookError):
    """A webhook body is malformed, wrongly signed, too old or not an event."""

    code = "invalid_webhook"
    title = "Invalid webhook"


class Unreachable(BillingError):
    """The billing server did not answer."""

    code = "unreachable"
    status = 503
    title = "Billing server out of reach"
    default_remedy = "Try again later; nothing is known to have changed."


class JournalFull(BillingError):
    """There is no room for more in the journal of usage that waits for the billing server."""

    code = "journal_full"
    status = 503
    title = "Journal of usage full"
    default_remedy = "Bring the billing server back within reach, or give the journal more room."


class DeadlineExceeded(Unreachable):
    """The billing server did not answer in full within the deadline."""

    code = "deadline_exceeded"
    status = 504
    title = "Billing server too slow"


class UnsafeAnswer(BillingError):
    """The billing server answered something that is not safe to use: too large, not JSON, or a foreign link."""

    code = "unsafe_answer"
    status = 502
    title = "Unsafe answer"
    default_remedy = "Check that the issuer setting names the billing server itself."


class BufferFull(BillingError):
    """A buffer of usage events has no room, because the billing server does not take them fast enough."""

    code = "buffer_full"
    status = 503
    title = "Usage buffer full"
    default_remedy = "Wait longer for room, give the buffer more of it, or keep a journal."
