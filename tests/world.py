"""A world to look at: people, organizations, invoices in every state, credit and the rest of what pages show.

What each part of the pages needs is a function of its own in `PARTS`; the ids that addresses name go to `World.ids`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal
from urllib.parse import quote

from billing_sdk.errors import AuthenticationRequired, CardDeclined
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, VersionContent
from billing_sdk.server.domain.events.mail import MailKind
from billing_sdk.server.domain.metering import EARLIEST, LATEST
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.domain.revenue import MeteredMonth, RevenueMonth, month_after, month_of
from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.ids import new_id, new_secret
from billing_sdk.server.usecases.account_links import ask_for_email, ask_for_password
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.advance_journey import sign_up_in_journey
from billing_sdk.server.usecases.api_tokens import create_api_token
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.begin_journey import begin_journey
from billing_sdk.server.usecases.begin_session import begin_session
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.checkout_links import checkout_path
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.invite_member import invite_member
from billing_sdk.server.usecases.invoice_links import links_to, links_to_note
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.open_portal_link import open_portal_link
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.register_endpoint import register_endpoint
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.request_end import request_end
from billing_sdk.server.usecases.seed_demo import DemoSeed, seed_demo
from billing_sdk.server.usecases.set_add_on import set_add_on
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_portal_settings import update_portal_settings
from billing_sdk.server.web.cookies import JOURNEY, PORTAL, SESSION
from tests.contract.pages.plan_worlds import seat_plan
from tests.contract.stripe_door.hybrid import begin_checkout_session, hybrid_plan

Reader = Literal["visitor", "customer", "member", "operator"]
CALLBACK = "http://127.0.0.1:3000/callback"
PASSWORD = "correct horse battery staple"
GOOD, DECLINED, ASKS = "4242424242424242", "4000000000000341", "4000002760003184"
DISPUTED = "4000000000000259"
# The kinds of mail that carry a key, and what the key is called here.
MAILED_KEYS: dict[MailKind, str] = {
    "invitation": "invitation_key",
    "set_password": "password_link_key",
    "confirm_email": "email_link_key",
}
# The steps of a sign-up, each with what its link asks for; the keys of the ids are `<step>_journey_id`.
JOURNEYS: Mapping[str, Mapping[str, str]] = {
    "register": {"prompt": "create"},
    "sign_in": {"prompt": "login"},
    "organization": {"prompt": "create", "is_create_org": "true"},
    "plans": {"prompt": "create"},
    "payment": {"prompt": "create", "plan_interest": "pro_monthly"},
    "success": {"prompt": "create", "plan_interest": "free", "has_success_page": "true"},
}


@dataclass(frozen=True, slots=True)
class World:
    """What there is, and who looks at it.

    Attributes:
        ids: what stands in the addresses of pages, by the names of their parameters.
        cookies: what the browser of each reader keeps.
    """

    engine: Engine
    seed: DemoSeed
    ids: dict[str, str] = field(default_factory=dict)
    cookies: Mapping[Reader, dict[str, str]] = field(
        default_factory=lambda: {"visitor": {}, "customer": {}, "member": {}, "operator": {}}, repr=False
    )


def world(engine: Engine) -> World:
    """Fill a server with everything that pages show, on top of the demo."""
    made = World(engine, seed_demo(engine, redirect_uris=(CALLBACK,)))
    made.ids["client_id"] = made.seed.client_id
    for part in PARTS:
        part(made)
    return made


def card(number: str) -> CardEntry:
    """Return a test card as it is typed in."""
    return CardEntry(number=number, exp_month=12, exp_year=2034, cvc="123")


def user_id_of(engine: Engine, email: str) -> str:
    """Return who has an address."""
    with engine.read() as tx:
        user = tx.users.find_by_email(email)
    assert user is not None, email
    return user.id


def payer(engine: Engine, email: str, given_name: str, family_name: str, *, number: str = GOOD) -> str:
    """Register somebody with a card, and return the id of the customer."""
    user = register_user(engine, email=email, password=PASSWORD, given_name=given_name, family_name=family_name)
    customer = become_customer(engine, user_id=user.id, billing_email=email)
    add_card(engine, customer_id=customer.id, card=card(number))
    return customer.id


def grace(made: World) -> None:
    """Grace, who pays for a plan, has paid and open invoices, credit for usage, and used something."""
    engine, ids = made.engine, made.ids
    with engine.read() as tx:
        user = tx.users.find_by_email("grace@example.com")
        customer = tx.customers.find_by_user(user.id) if user else None
        assert user
        assert customer
        agreement, paid = tx.agreements.live_of(customer.id)[0], tx.invoices.newest_of(customer.id)[0]
    ids |= {"user_id": user.id, "customer_id": customer.id, "agreement_id": agreement.id, "paid_invoice_id": paid.id}
    ids |= {"invoice_id": paid.id, "plan_key": "enterprise_monthly", "current_plan_key": agreement.plan_key}
    ids |= {"feature_key": "ai_tokens", "number": "1", "table_key": "default_users"}
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="64000")
    ids["grant_id"] = grant_credit(engine, customer_id=customer.id, name="Welcome", amount=Money(5_000, "USD")).id
    note = credit_invoice(
        engine, invoice_id=paid.id, wanted=Money(500, "USD"), reason="A day without service", actor="operator"
    )
    ids["note_id"] = note.note.id
    shared, shared_note = links_to(engine, paid), links_to_note(engine, note.note)
    assert shared
    for name, url in (("invoice", shared.hosted_url), ("credit_note", shared_note.hosted_url)):
        ids[f"{name}_document_id"], ids[f"{name}_key"] = url.split("/")[-2:]


def organization(made: World) -> None:
    """Grace's organization, which pays for a plan of its own."""
    engine, ids = made.engine, made.ids
    found = create_organization(engine, name="Analytical Engines", creator_id=ids["user_id"])
    customer = become_customer(engine, org_code=found.code, billing_email="billing@engines.example.com")
    add_card(engine, customer_id=customer.id, card=card(GOOD))
    agreement = subscribe(engine, customer_id=customer.id, plan_key="team_pro")
    with engine.read() as tx:
        invoice = tx.invoices.newest_of(customer.id)[0]
    ids |= {"org_code": found.code, "org_customer_id": customer.id, "org_agreement_id": agreement.id}
    ids |= {"org_invoice_id": invoice.id, "org_plan_key": "team_free"}


def beside_plans(made: World) -> None:
    """An add-on and seats of Grace's, and somebody who asks for the end of a plan."""
    engine, ids = made.engine, made.ids
    set_add_on(engine, agreement_id=ids["agreement_id"], plan_key="onboarding_help", quantity=1)
    seat_plan(engine)
    desks = subscribe(
        engine, customer_id=ids["customer_id"], plan_key="desks", options=ChangeOptions(quantities={"desk": 3})
    )
    ids |= {"add_on_key": "onboarding_help", "seats_agreement_id": desks.id, "fee_key": "desk"}
    leaver = payer(engine, "edsger@example.com", "Edsger", "Dijkstra")
    leaving = subscribe(engine, customer_id=leaver, plan_key="pro_monthly")
    update_portal_settings(engine, settings=PortalSettings(cancellations_need_approval=True))
    asked = request_end(
        engine,
        agreement_id=leaving.id,
        timing="period_end",
        actor="edsger",
        reason="too_complex",
        comment="Simplicity is a prerequisite for reliability.",
    )
    update_portal_settings(engine, settings=PortalSettings(may_pause=True))
    ids["request_id"] = asked.id


def members(made: World) -> None:
    """Bob, who belongs to Grace's organization, and somebody who is invited."""
    engine, ids = made.engine, made.ids
    bob = register_user(engine, email="bob@example.com", password=PASSWORD, given_name="Bob", family_name="Noyce")
    with engine.begin() as tx:
        tx.organizations.add_member(ids["org_code"], bob.id, at=engine.now())
    invite_member(engine, org_code=ids["org_code"], email="cleo@example.com", inviter_id=ids["user_id"])
    ask_for_password(engine, email="bob@example.com")
    ask_for_email(engine, user_id=bob.id, email="robert@example.com", password=PASSWORD)
    with engine.read() as tx:
        for kind, name in MAILED_KEYS.items():
            (mail,) = tx.mails.list(kind=kind).items
            ids[name] = str(mail.values["url"]).partition("key=")[2]
    ids["member_id"] = bob.id


def those_who_do_not_pay(made: World) -> None:
    """Somebody whose card is declined, and somebody whose bank asks for a confirmation."""
    engine, ids = made.engine, made.ids
    declined = payer(engine, "rosa@example.com", "Rosa", "Parks", number=GOOD)
    subscribe(engine, customer_id=declined, plan_key="pro_monthly")
    add_card(engine, customer_id=declined, card=card(DECLINED))
    with suppress(CardDeclined):
        add_charge(engine, customer_id=declined, charge=OneOff("Setup", Money(1_900, "USD")), bill_now=True)
    with engine.read() as tx:
        shared = links_to(engine, tx.invoices.owed_by(declined)[0])
    assert shared
    ids["owed_document_id"], ids["owed_key"] = shared.hosted_url.split("/")[-2:]
    asked = payer(engine, "alan@example.com", "Alan", "Turing", number=ASKS)
    try:
        subscribe(engine, customer_id=asked, plan_key="pro_monthly")
    except AuthenticationRequired as waits:
        ids["reference"] = str(waits.facts["url"]).rpartition("/")[2]
    ids |= {"declined_customer_id": declined, "asked_customer_id": asked}


def disputed(made: World) -> None:
    """A payment that the holder of the card asks back."""
    engine = made.engine
    customer_id = payer(engine, "mary@example.com", "Mary", "Somerville", number=DISPUTED)
    subscribe(engine, customer_id=customer_id, plan_key="pro_monthly")
    with engine.read() as tx:
        made.ids["dispute_id"] = tx.disputes.page().items[0].id


def catalogue(made: World) -> None:
    """A coupon, a webhook endpoint, and a checkout session of the Stripe door."""
    create_coupon(made.engine, key="spring", name="Spring", percent_off=Decimal(20))
    made.ids["coupon_key"] = "spring"
    endpoint = register_endpoint(
        made.engine,
        url="https://hooks.example.com/billing",
        name="Production",
        event_types=(
            "customer.invoice_issued",
            "customer.payment_failed",
        ),
    )
    made.ids["endpoint_id"] = endpoint.id
    session = begin_checkout_session(made.engine, hybrid_plan(made.engine))
    made.ids["checkout_session_id"], made.ids["checkout_key"] = checkout_path(made.engine, session).split("/")[-2:]


def programs(made: World) -> None:
    """A second version of Pro, an event on its way to the endpoint, a key, and a role beside that of creators."""
    engine, ids = made.engine, made.ids
    with engine.read() as tx:
        pro = tx.catalog.get_plan(ids["current_plan_key"])
        role = tx.roles.of_creators()[0]
    fee, *others = pro.version.components
    assert isinstance(fee, LicenceFee)
    dearer = replace(fee, id=new_id("component"), terms=Terms(Flat(Decimal(3_500))))
    support = Entitlement(new_id("component"), "priority_support", "Priority support")
    kept = [replace(one, id=new_id("component")) for one in others[1:]]
    add_version(engine, plan_key=pro.key, content=VersionContent((dearer, support, *kept)))
    subscribe(engine, customer_id=payer(engine, "joan@example.com", "Joan", "Clarke"), plan_key="pro_monthly")
    with engine.read() as tx:
        ids["delivery_id"] = tx.deliveries.list(endpoint_id=ids["endpoint_id"])[0].id
        window = Period(EARLIEST, LATEST)
        used = next(iter(tx.usage_log.events(window, types=None, subjects=None))).event
    ids |= {"usage_source": quote(used.source, safe=""), "usage_id": quote(used.id, safe="")}
    ids |= {"token_id": create_api_token(engine, name="Nightly job").token.id, "role_id": role.id}
    ids |= {"meter_key": "ai_tokens"}


def figures(made: World) -> None:
    """A year of a business that grows, as if it had been counted month by month."""
    at = made.engine.now()
    recurring, customers = 120_000, 40
    with made.engine.begin() as tx:
        for back in range(11, -1, -1):
            month, new, gone = month_after(month_of(at), -back), 31_000 + 1_500 * back, 6_000 + 900 * (back % 4)
            shrunk, grown = 1_500 * (back % 3), 4_000
            after, lost = recurring + new + grown - shrunk - gone, 2 + back % 4
            moved = {
                "recurring_minor": after,
                "new_minor": new,
                "expansion_minor": grown,
                "contraction_minor": shrunk,
                "churned_minor": gone,
                "recurring_before_minor": recurring,
                "recognised_minor": after * 9 // 10,
                "deferred_minor": after * 2,
                "failed_minor": 9_000 + 700 * back,
                "recovered_minor": 6_000 + 300 * back,
                "open_minor": 2_000 if back < 2 else 0,
            }
            for currency, divided in (("USD", 1), ("EUR", 3)):
                amounts = {name: one // divided for name, one in moved.items()}
                tx.revenue_months.save(
                    RevenueMonth(
                        month,
                        currency,
                        at,
                        customers=customers + 10 - lost,
                        customers_before=customers,
                        churned_customers=lost,
                        **amounts,
                    )
                )
            tx.revenue_months.save_metered(MeteredMonth(month, "ai_tokens", Decimal(90_000 - 4_500 * back), at))
            recurring, customers = after, customers + 10 - lost


def journeys(made: World) -> None:
    """A sign-up at each of its steps."""
    for step, asked in JOURNEYS.items():
        journey, key = begin_journey(
            made.engine,
            client_id=made.seed.client_id,
            redirect_uri=CALLBACK,
            parameters={"response_type": "code", "scope": "openid", "state": "s", **asked},
        )
        made.ids[f"{step}_journey_id"] = journey.id
        made.cookies["visitor"][JOURNEY + journey.id] = key
        if step not in ("register", "sign_in"):
            sign_up_in_journey(made.engine, journey=journey, email=f"{step}@example.com", password=PASSWORD)


def readers(made: World) -> None:
    """The sessions of those who look: Grace in the portal, for herself and her organization; Ada at the dashboard."""
    engine = made.engine
    for reader, org_code in (("customer", None), ("member", made.ids["org_code"])):
        link = create_portal_link(
            engine, user_id=made.ids["user_id"], org_code=org_code, sub_nav="plan_details", return_url=CALLBACK
        )
        visit = open_portal_link(engine, key=link.partition("key=")[2])
        made.cookies[reader][PORTAL] = visit.session_key  # type: ignore[index]
    fresh = create_portal_link(engine, user_id=made.ids["user_id"], sub_nav="plan_details")
    made.ids["portal_key"] = fresh.partition("key=")[2]
    made.ids["operator_id"] = user_id_of(engine, "ada@example.com")
    made.cookies["operator"][SESSION] = begin_session(engine, user_id=made.ids["operator_id"])
    made.cookies["visitor"][f"{JOURNEY}dashboard"] = new_secret()


def mail(made: World) -> None:
    """Name a receipt; what was paid before has brought it."""
    with made.engine.read() as tx:
        made.ids["mail_id"] = tx.mails.list(kind="receipt").items[0].id


PARTS: tuple[Callable[[World], None], ...] = (
    grace,
    organization,
    beside_plans,
    members,
    those_who_do_not_pay,
    disputed,
    catalogue,
    programs,
    figures,
    journeys,
    mail,
    readers,
)
