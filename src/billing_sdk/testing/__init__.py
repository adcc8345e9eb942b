"""What users' tests need: a real server, signed webhooks, time that moves, and a visitor who walks through pages.

It owns the fixtures `billing_server` and `signed_webhook` and what they return. It does not own the server that they
start. Nothing heavy is imported before a fixture is used, so a test run without the server extra is not disturbed.
"""

from __future__ import annotations

from billing_sdk.testing.mail import ReceivedMail as ReceivedMail
from billing_sdk.testing.server import BillingServer as BillingServer
from billing_sdk.testing.time_travel import (
    Happened as Happened,
    TimeTravel as TimeTravel,
    TimeTraveller as TimeTraveller,
)
from billing_sdk.testing.visitor import Page as Page, Visitor as Visitor
