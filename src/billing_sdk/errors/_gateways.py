"""What a billing server refuses about payment processors, and while billing is off."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, Forbidden, ServerBusy
from billing_sdk.errors._billing import CardDeclined, PaymentMethodRequired, PaymentRequired


class BillingNotEnabled(Forbidden):
    """Billing is off: nobody has opted in yet, or it was disabled."""

    code = "billing_not_enabled"
    title = "Billing is not enabled"
    default_remedy = "Enable billing with a gateway in the dashboard, then try again."


class BillingInUse(APIError):
    """Billing can't be disabled while somebody has a subscription."""

    code = "billing_has_active_end_user_subscriptions"
    status = 400
    title = "Billing is in use"
    default_remedy = "Cancel the subscriptions first; they would be billed by nobody."


class GatewayNotConfigured(APIError):
    """The gateway was not set up on this server."""

    code = "gateway_not_configured"
    status = 400
    title = "Gateway is not configured"
    default_remedy = "Give the server the gateway's key, start it anew, or choose another gateway."


class GatewayNotConnected(Conflict):
    """No account at the payment processor is linked, or it can't take charges yet."""

    code = "gateway_not_connected"
    title = "Gateway is not connected"
    default_remedy = "Connect the account in the dashboard, and give the processor what it still asks for."


class GatewayUnauthorized(APIError):
    """The payment processor refuses the key that this server has."""

    code = "gateway_unauthorized"
    status = 409
    title = "Gateway refuses the key"
    default_remedy = "Give the server a valid key of the same account; what was not collected till then is collected."


class GatewayUnreachable(ServerBusy):
    """The payment processor can't be reached, or has too much to do; nothing is lost."""

    code = "gateway_unreachable"
    title = "Gateway is not reachable"
    default_remedy = "Try again a little later; the same request never charges twice."


class GatewayRefused(APIError):
    """The payment processor does not take the request."""

    code = "gateway_refused"
    status = 400
    title = "Refused by the gateway"
    default_remedy = "Look into the processor's own log for the request, and correct what it names."


class StripeKeyMismatch(GatewayRefused):
    """The key is of the other environment, or of another account than before."""

    code = "stripe_key_mismatch"
    title = "Key does not fit"
    default_remedy = "Use a test key in a test environment and a live key in a live one, both of the same account."


class UnknownPayer(GatewayRefused):
    """The linked account has no such customer."""

    code = "unknown_gateway_customer"
    title = "Unknown customer at the gateway"
    default_remedy = "Name a customer of the account that is linked, or none, and one is made."


class UnknownPayerMethod(GatewayRefused):
    """The customer has no such payment method in the linked account."""

    code = "unknown_gateway_payment_method"
    title = "Unknown payment method at the gateway"
    default_remedy = "Name a payment method of this customer in the account that is linked."


class CurrencyNotSupported(GatewayRefused):
    """The linked account does not take this currency."""

    code = "currency_not_supported"
    title = "Currency is not supported"
    default_remedy = "Offer the plan in a currency that the payment processor supports."


class AmountTooSmall(GatewayRefused):
    """The amount is below the least that the payment processor charges."""

    code = "amount_too_small"
    title = "Amount is too small"
    default_remedy = "Let the amount gather on a later invoice, or charge more."


class TooManyLines(GatewayRefused):
    """The invoice has more lines than the payment processor takes."""

    code = "too_many_invoice_lines"
    title = "Too many lines"
    default_remedy = "Gather fewer charges on one invoice."


class CardEntryNotAllowed(APIError):
    """A card number was sent to this server, and the gateway takes cards on its own pages only."""

    code = "card_entry_not_allowed"
    status = 400
    title = "Cards are not entered here"
    default_remedy = "Begin a checkout session and send the customer to its page."


class AuthenticationRequired(CardDeclined):
    """The bank asks the cardholder to confirm the payment."""

    code = "authentication_required"
    title = "Authentication required"
    default_remedy = "Send the customer to the page where the payment is confirmed."


class PaymentPending(Conflict):
    """A payment has begun, and its outcome is not known yet."""

    code = "payment_pending"
    title = "Payment is pending"
    default_remedy = "Wait until the payment has ended, or send the customer to where it goes on."


class CustomerNotCollectable(PaymentMethodRequired):
    """Nothing could be collected from the customer."""

    code = "customer_not_collectable"
    title = "Customer can't be collected from"
    default_remedy = "Give the customer a default payment method, or an e-mail address where invoices are sent."


class AppInUse(Conflict):
    """The app can't be uninstalled while an invoice is not final."""

    code = "app_in_use"
    title = "App is in use"
    default_remedy = "Wait until its invoices are paid or void, or void them first; disconnecting can be insisted on."


class InvalidOAuthState(APIError):
    """Somebody came back from the payment processor who was not sent there from here."""

    code = "invalid_oauth_state"
    status = 400
    title = "Unknown return"
    default_remedy = "Begin to connect the account again in the dashboard."


class WebhookRefused(APIError):
    """A webhook is not the linked account's, or it is too old."""

    code = "webhook_refused"
    status = 400
    title = "Webhook is refused"
    default_remedy = "Check the endpoint's signing secret and the clocks of both sides."


class WorkspaceCapReached(PaymentRequired):
    """The workspace's plan does not include more of this."""

    code = "workspace_cap_reached"
    title = "Limit of the workspace's plan"
    default_remedy = "Upgrade the workspace's plan, or remove what is not needed."
