"""Drives the published kinde-python-sdk, unmodified; runs in an environment of its own, where nothing of ours is.

It reads one line of JSON with what to do and where. It prints one line for each thing that it wants or has found:
`{"visit": url}` asks for a browser and is answered with the address at which the browser ended, and the last line
is `{"found": {...}}`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

from kinde_sdk.auth.entitlements import Entitlements
from kinde_sdk.auth.oauth import OAuth
from kinde_sdk.auth.portals import PortalPage, portals
from kinde_sdk.core.framework.framework_factory import FrameworkFactory
from kinde_sdk.core.framework.null_framework import NullFramework
from kinde_sdk.management import ManagementClient

SESSION = "a session of the application"


def say(**document):
    """Tell the test one thing."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def visit(url):
    """Have a browser walk from an address to the application's callback, and return what it brings."""
    say(visit=url)
    query = parse_qs(urlsplit(json.loads(sys.stdin.readline())["callback"]).query)
    return {name: values[0] for name, values in query.items()}


async def sign_up(task):
    """Register with a plan in mind, read all entitlements, and get a link into the portal."""
    oauth = OAuth(
        client_id=task["client_id"],
        client_secret=task["client_secret"],
        redirect_uri=task["redirect_uri"],
        host=task["base_url"],
    )
    callback = visit(await oauth.register({"plan_interest": task["plan"]}))
    signed_in = await oauth.handle_redirect(callback["code"], SESSION, callback["state"])
    token = signed_in["tokens"]["access_token"]
    granted = Entitlements(task["base_url"], token).get_all_entitlements()

    # The helpers of the SDK look the session up in a framework; this is its way of having none.
    FrameworkFactory._framework_instance = NullFramework()
    NullFramework().set_user_id(SESSION)
    link = await portals.generate_portal_url(task["base_url"], task["return_url"], PortalPage.PROFILE)
    return {
        "email": signed_in["user"]["email"],
        "claims": oauth.get_tokens(SESSION)["claims"],
        "features": [entitlement.feature_key for entitlement in granted],
        "limits": [entitlement.entitlement_limit_max for entitlement in granted],
        "portal_url": link["url"],
        "logout_url": await oauth.logout(SESSION),
    }


def manage(task):
    """Walk through the management client: organizations, users, customers, agreements, usage, webhooks."""
    client = management_client(task)
    return {**organizations(client), **customers(client), **webhooks(client)}


def management_client(task):
    """Return the client; it builds https addresses by itself, so its own settings are pointed at the server."""
    client = ManagementClient(urlsplit(task["base_url"]).netloc, task["m2m_client_id"], task["m2m_client_secret"])
    client.token_manager.token_url = f"{task['base_url']}/oauth2/token"
    client.configuration.host = task["base_url"]
    client.base_url = task["base_url"]
    return client


def organizations(client):
    """Make an organization that is a billing customer, read it in both ways, change it and remove another."""
    api = client.organizations_api
    made = api.create_organization(
        {
            "name": "Acme",
            "external_id": "acme-1",
            "is_create_billing_customer": True,
            "billing_email": "billing@acme.example",
            "billing_plan_code": "team_free",
        }
    )
    api.update_organization(made.organization.code, update_organization_request={"name": "Acme Ltd"})
    shown = api.get_organization(made.organization.code, expand="billing")
    doomed = api.create_organization({"name": "Doomed"}).organization.code
    api.delete_organization(doomed)
    codes = []
    answer = api.get_organizations(page_size=1)
    while True:
        codes += [organization.code for organization in answer.organizations]
        if not answer.next_token:
            break
        answer = api.get_organizations(page_size=1, next_token=answer.next_token)
    return {
        "organization": {"name": shown.name, "plan": shown.billing.agreements[0].plan_code},
        "same_customer": shown.billing.billing_customer_id == made.organization.billing_customer_id,
        "listed": made.organization.code in codes,
        "removed": doomed not in codes,
    }


def customers(client):
    """Make a user a billing customer, put them on a plan, record usage, and read both back."""
    created = client.users_api.create_user(
        {
            "profile": {"given_name": "Katherine", "family_name": "Johnson"},
            "identities": [{"type": "email", "is_verified": True, "details": {"email": "katherine@example.com"}}],
        }
    )
    home = client.users_api.get_users(email="katherine@example.com", expand="organizations").users[0].organizations[0]
    customer = client.users_api.create_user_billing_customer(
        created.id,
        {"org_code": home, "billing_email": "katherine@example.com", "billing_plan_code": "free"},
    ).billing_customer
    client.billing_agreements_api.create_billing_agreement({"customer_id": customer.id, "plan_code": "pro_monthly"})
    agreements = client.billing_agreements_api.get_billing_agreements(customer.id).agreements
    client.billing_meter_usage_api.create_meter_usage_record(
        {
            "customer_agreement_id": agreements[0].id,
            "billing_feature_code": "ai_tokens",
            "meter_value": "12.5",
            "meter_type_code": "delta",
        }
    )
    entitlements = client.billing_entitlements_api.get_billing_entitlements(
        customer.id, page_size=50, max_value="1000000", expand="plans"
    )
    user = client.users_api.get_user_data(created.id, expand="billing")
    return {
        "customer": {"id": customer.id, "agreement_id": customer.agreement_id},
        "user": {"name": user.first_name, "customer_id": user.billing.customer_id},
        "agreements": [agreement.plan_code for agreement in agreements],
        "agreement_ids": [agreement.id for agreement in agreements],
        "plans": [plan.code for plan in entitlements.plans],
        "entitlements": {one.feature_code: one.entitlement_limit_max for one in entitlements.entitlements},
    }


def webhooks(client):
    """Make an endpoint, change it, read it back and remove it; read the types of event."""
    api = client.webhooks_api
    made = api.create_web_hook(
        {"endpoint": "https://app.example/hooks", "event_types": ["user.created"], "name": "Application"}
    ).webhook
    api.update_web_hook(made.id, {"event_types": ["customer.plan_changed"]})
    shown = next(webhook for webhook in api.get_web_hooks().webhooks if webhook.id == made.id)
    api.delete_web_hook(made.id)
    return {
        "webhook": {"endpoint": shown.endpoint, "event_types": shown.event_types},
        "webhooks_left": [webhook.id for webhook in api.get_web_hooks().webhooks],
        "event_types": [event_type.code for event_type in api.get_event_types().event_types],
    }


def main():
    """Do what the first line asks for."""
    task = json.loads(sys.stdin.readline())
    found = asyncio.run(sign_up(task)) if task["do"] == "sign_up" else manage(task)
    say(found=found)


if __name__ == "__main__":
    main()
