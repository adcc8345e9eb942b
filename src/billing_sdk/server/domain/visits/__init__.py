"""What is between a browser and this server for a while.

It owns the sign-in session, the journey from an authorization request to its answer, and the visit to the portal
that a one-time link opens. It does not own the tokens that an application gets, nor the rules of what is offered
on the way (catalog). It owns checkout sessions, and not what is agreed to in one (agreements). Each of them ends at its
`expires_at`; that instant itself is over.
"""

from billing_sdk.server.domain.visits.checkout import (
    LASTS as LASTS,
    MOST_ITEMS as MOST_ITEMS,
    SHORTEST as SHORTEST,
    CheckoutItem as CheckoutItem,
    CheckoutSession as CheckoutSession,
    CheckoutStatus as CheckoutStatus,
)
from billing_sdk.server.domain.visits.journey import Journey as Journey
from billing_sdk.server.domain.visits.portal import PortalLink as PortalLink, PortalVisit as PortalVisit
from billing_sdk.server.domain.visits.session import Session as Session
