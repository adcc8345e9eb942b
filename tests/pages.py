"""The list of pages: where each is, and who looks at it. Screenshots, checks of accessibility and speed walk it.

A page is there once; what only a form answers, files and redirects are not pages. `tests/unit/test_pages_list.py` tells
of a route that nobody has put on the list.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.every_route import filled
from tests.world import Reader, World


@dataclass(frozen=True, slots=True)
class PageUnderTest:
    """One page.

    Attributes:
        name: what its pictures and figures are called.
        address: with `{name}` for what `World.ids` knows, in its path and its query.
        reader: whose browser shows it.
        path: the route, where the address is not made of the names of its parameters.
        status: what it answers with.
    """

    name: str
    address: str
    reader: Reader
    path: str = ""
    status: int = 200

    @property
    def route(self) -> str:
        """The path template of the route that answers."""
        return self.path or self.address.partition("?")[0]

    def url(self, world: World) -> str:
        """Return its address in a world."""
        return filled(self.address, world.ids.__getitem__)


PREVIEW = "/dashboard/brand/preview/{name}"
PLAN = "/dashboard/plans/{plan_key}"

VISITOR: tuple[PageUnderTest, ...] = (
    PageUnderTest("home", "/", "visitor"),
    PageUnderTest("embedded-table", "/embed/pricing-tables/{table_key}", "visitor"),
    PageUnderTest("not-found", "/nowhere", "visitor", status=404),
    PageUnderTest("sign-up", "/journey/{register_journey_id}/register", "visitor", "/journey/{journey_id}/register"),
    PageUnderTest("sign-in", "/journey/{sign_in_journey_id}/sign-in", "visitor", "/journey/{journey_id}/sign-in"),
    PageUnderTest(
        "name-organization",
        "/journey/{organization_journey_id}/organization",
        "visitor",
        "/journey/{journey_id}/organization",
    ),
    PageUnderTest("choose-plan", "/journey/{plans_journey_id}/plans", "visitor", "/journey/{journey_id}/plans"),
    PageUnderTest("payment", "/journey/{payment_journey_id}/payment", "visitor", "/journey/{journey_id}/payment"),
    PageUnderTest("success", "/journey/{success_journey_id}/success", "visitor", "/journey/{journey_id}/success"),
    PageUnderTest("portal-entry", "/portal_redirect?key={portal_key}", "visitor"),
    PageUnderTest("invitation", "/invitation?key={invitation_key}", "visitor"),
    PageUnderTest("set-password", "/account_link?key={password_link_key}", "visitor"),
    PageUnderTest("confirm-email", "/account_link?key={email_link_key}", "visitor"),
    PageUnderTest(
        "forgotten-password", "/journey/{sign_in_journey_id}/forgotten", "visitor", "/journey/{journey_id}/forgotten"
    ),
    PageUnderTest(
        "forgotten-password-sent",
        "/journey/{sign_in_journey_id}/forgotten?after=sent",
        "visitor",
        "/journey/{journey_id}/forgotten",
    ),
    PageUnderTest("joined", "/invitation?after=joined", "visitor"),
    PageUnderTest("password-set", "/account_link?after=set_password", "visitor"),
    PageUnderTest("email-confirmed", "/account_link?after=confirm_email", "visitor"),
    PageUnderTest("confirm-payment", "/managed/authenticate/{reference}", "visitor"),
    PageUnderTest("checkout-session", "/checkout/session/{checkout_session_id}/{checkout_key}", "visitor"),
    PageUnderTest(
        "invoice-link", "/invoices/{invoice_document_id}/{invoice_key}", "visitor", "/invoices/{document_id}/{key}"
    ),
    PageUnderTest(
        "invoice-payment",
        "/invoices/{owed_document_id}/{owed_key}/pay",
        "visitor",
        "/invoices/{document_id}/{key}/pay",
    ),
    PageUnderTest(
        "credit-note-link",
        "/credit_notes/{credit_note_document_id}/{credit_note_key}",
        "visitor",
        "/credit_notes/{document_id}/{key}",
    ),
)

PORTAL: tuple[PageUnderTest, ...] = (
    PageUnderTest("portal-profile", "/portal/profile", "customer"),
    PageUnderTest("portal-email", "/portal/profile/email", "customer"),
    PageUnderTest("portal-password", "/portal/profile/password", "customer"),
    PageUnderTest("portal-sign-out", "/portal/profile/sign_out", "customer"),
    PageUnderTest("portal-plan", "/portal/plan_details", "customer"),
    PageUnderTest("portal-cancel", "/portal/plan_details/{agreement_id}/cancel", "customer"),
    PageUnderTest("portal-add-ons", "/portal/plan_details/{agreement_id}/add_ons", "customer"),
    PageUnderTest(
        "portal-add-on",
        "/portal/plan_details/{agreement_id}/add_ons/{add_on_key}?quantity=2",
        "customer",
        "/portal/plan_details/{agreement_id}/add_ons/{plan_key}",
    ),
    PageUnderTest(
        "portal-seats",
        "/portal/plan_details/{seats_agreement_id}/seats/{fee_key}?quantity=5",
        "customer",
        "/portal/plan_details/{agreement_id}/seats/{fee_key}",
    ),
    PageUnderTest("portal-plans", "/portal/plan_selection", "customer"),
    PageUnderTest("portal-plan-change", "/portal/plan_selection/{plan_key}", "customer"),
    PageUnderTest("portal-payment", "/portal/payment_details", "customer"),
    PageUnderTest("portal-address", "/portal/billing_address", "customer"),
    PageUnderTest("portal-invoices", "/portal/billing", "customer"),
    PageUnderTest("portal-upcoming", "/portal/billing/upcoming", "customer"),
    PageUnderTest("portal-invoice", "/portal/billing/{invoice_id}", "customer"),
    PageUnderTest("portal-invoice-document", "/portal/billing/{invoice_id}/document", "customer"),
    PageUnderTest("portal-credit", "/portal/credit", "customer"),
    PageUnderTest("portal-top-up", "/portal/credit/top_up?amount=25", "customer"),
    PageUnderTest("portal-organization", "/portal/organization_details", "member"),
    PageUnderTest("portal-members", "/portal/organization_members", "member"),
    PageUnderTest(
        "portal-member",
        "/portal/organization_members/{member_id}",
        "member",
        "/portal/organization_members/{user_id}",
    ),
    PageUnderTest("portal-organization-plan", "/portal/organization_plan_details", "member"),
)

DASHBOARD: tuple[PageUnderTest, ...] = (
    PageUnderTest("dashboard-sign-in", "/dashboard/sign-in", "visitor"),
    PageUnderTest("dashboard", "/dashboard", "operator"),
    PageUnderTest("revenue", "/dashboard/revenue", "operator"),
    PageUnderTest("customers", "/dashboard/customers", "operator"),
    PageUnderTest("customer", "/dashboard/customers/{customer_id}", "operator"),
    PageUnderTest("cancellations", "/dashboard/cancellations", "operator"),
    PageUnderTest("cancellation", "/dashboard/cancellations/{request_id}", "operator"),
    PageUnderTest("portal-settings", "/dashboard/portal", "operator"),
    PageUnderTest("customer-timeline", "/dashboard/customers/{customer_id}/timeline", "operator"),
    PageUnderTest("person", "/dashboard/people/{operator_id}", "operator", "/dashboard/people/{account_id}"),
    PageUnderTest("search", "/dashboard/search?q=engines", "operator"),
    PageUnderTest("subscriptions", "/dashboard/subscriptions", "operator"),
    PageUnderTest("subscription", "/dashboard/subscriptions/{agreement_id}", "operator"),
    PageUnderTest("subscription-cancel", "/dashboard/subscriptions/{agreement_id}/cancel", "operator"),
    PageUnderTest("subscription-change", "/dashboard/subscriptions/{agreement_id}/change?plan={plan_key}", "operator"),
    PageUnderTest("credits", "/dashboard/credits", "operator"),
    PageUnderTest("credit-new", "/dashboard/credits/new", "operator"),
    PageUnderTest("credit", "/dashboard/credits/{grant_id}", "operator"),
    PageUnderTest("coupons", "/dashboard/coupons", "operator"),
    PageUnderTest("coupon-new", "/dashboard/coupons/_new", "operator"),
    PageUnderTest("coupon", "/dashboard/coupons/{coupon_key}", "operator"),
    PageUnderTest("disputes", "/dashboard/disputes", "operator"),
    PageUnderTest("dispute", "/dashboard/disputes/{dispute_id}", "operator"),
    PageUnderTest("invoices", "/dashboard/invoices", "operator"),
    PageUnderTest("invoice", "/dashboard/invoices/{invoice_id}?line=1", "operator"),
    PageUnderTest("brand", "/dashboard/brand", "operator"),
    PageUnderTest("own-pages", "/dashboard/pages", "operator"),
    PageUnderTest("own-page", "/dashboard/pages/plans", "operator", "/dashboard/pages/{name}"),
    PageUnderTest("own-page-preview", "/dashboard/pages/plans/preview", "operator", "/dashboard/pages/{name}/preview"),
    PageUnderTest("brand-preview", "/dashboard/brand/preview/payment", "operator", PREVIEW),
    PageUnderTest("plans", "/dashboard/plans", "operator"),
    PageUnderTest("plan", "/dashboard/plans/{plan_key}", "operator"),
    PageUnderTest("plan-version", "/dashboard/plans/{plan_key}/versions/{number}", "operator"),
    PageUnderTest("pricing-tables", "/dashboard/pricing-tables", "operator"),
    PageUnderTest("pricing-table-new", "/dashboard/pricing-tables/_new", "operator"),
    PageUnderTest("pricing-table", "/dashboard/pricing-tables/{table_key}", "operator"),
    PageUnderTest("pricing-table-preview", "/dashboard/pricing-tables/{table_key}/preview", "operator"),
    PageUnderTest("pricing-table-add", "/dashboard/pricing-tables/{table_key}/add", "operator"),
    PageUnderTest("pricing-card", "/dashboard/pricing-tables/{table_key}/cards/{plan_key}", "operator"),
    PageUnderTest("mail", "/dashboard/mail", "operator"),
    PageUnderTest("mail-kind", "/dashboard/mail/kinds/receipt?in=de", "operator", "/dashboard/mail/kinds/{kind}"),
    PageUnderTest("mailbox", "/dashboard/mail/sent", "operator"),
    PageUnderTest("mail-sent", "/dashboard/mail/sent/{mail_id}", "operator"),
    PageUnderTest(
        "mail-source", "/dashboard/mail/sent/{mail_id}?view=source", "operator", "/dashboard/mail/sent/{mail_id}"
    ),
    PageUnderTest("plan-new", "/dashboard/plans/_new", "operator"),
    PageUnderTest("plan-group-new", "/dashboard/plans/_group", "operator"),
    PageUnderTest("plan-edit", "/dashboard/plans/{current_plan_key}/edit", "operator", f"{PLAN}/edit"),
    PageUnderTest("plan-diff", "/dashboard/plans/{current_plan_key}/diff", "operator", f"{PLAN}/diff"),
    PageUnderTest("plan-migrate", "/dashboard/plans/{current_plan_key}/migrate", "operator", f"{PLAN}/migrate"),
    PageUnderTest("plan-publish", "/dashboard/plans/{plan_key}/publish", "operator"),
    PageUnderTest("features", "/dashboard/features", "operator"),
    PageUnderTest("feature-new", "/dashboard/features/_new", "operator"),
    PageUnderTest("feature", "/dashboard/features/{feature_key}", "operator"),
    PageUnderTest("usage", "/dashboard/usage?meter={meter_key}&group=customer_id", "operator"),
    PageUnderTest("usage-events", "/dashboard/usage/events?meter={meter_key}", "operator"),
    PageUnderTest("usage-event", "/dashboard/usage/event?source={usage_source}&id={usage_id}", "operator"),
    PageUnderTest("meters", "/dashboard/usage/meters", "operator"),
    PageUnderTest("meter-new", "/dashboard/usage/meters/_new", "operator"),
    PageUnderTest("meter", "/dashboard/usage/meters/{meter_key}", "operator"),
    PageUnderTest("application-new", "/dashboard/applications/_new", "operator"),
    PageUnderTest("application", "/dashboard/applications/{client_id}", "operator"),
    PageUnderTest("keys", "/dashboard/keys", "operator"),
    PageUnderTest("key-new", "/dashboard/keys/_new", "operator"),
    PageUnderTest("key", "/dashboard/keys/{token_id}", "operator"),
    PageUnderTest("webhooks", "/dashboard/webhooks", "operator"),
    PageUnderTest("webhook-new", "/dashboard/webhooks/_new?format=thin", "operator"),
    PageUnderTest("webhook", "/dashboard/webhooks/{endpoint_id}", "operator"),
    PageUnderTest("deliveries", "/dashboard/webhooks/{endpoint_id}/deliveries", "operator"),
    PageUnderTest("delivery", "/dashboard/webhooks/{endpoint_id}/deliveries/{delivery_id}", "operator"),
    PageUnderTest("audit", "/dashboard/audit", "operator"),
    PageUnderTest("policies", "/dashboard/policies", "operator"),
    PageUnderTest("roles", "/dashboard/roles", "operator"),
    PageUnderTest("role-new", "/dashboard/roles/_new", "operator"),
    PageUnderTest("role", "/dashboard/roles/{role_id}", "operator"),
    PageUnderTest("applications", "/dashboard/applications", "operator"),
    PageUnderTest("application-billing", "/dashboard/applications/{client_id}/billing", "operator"),
    PageUnderTest("application-settings", "/dashboard/applications/{client_id}/billing/settings", "operator"),
)

PAGES: tuple[PageUnderTest, ...] = (*VISITOR, *PORTAL, *DASHBOARD)
