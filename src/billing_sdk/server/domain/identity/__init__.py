"""People, organizations, and the applications that they sign in to.

It owns who somebody is and what a role lets them do. It does not own passwords, sessions or tokens, nor what
anybody pays for. Its times are instants: when a thing was created, last changed or last attempted.
"""

from billing_sdk.server.domain.identity.account_link import (
    AccountLink as AccountLink,
    AccountLinkKind as AccountLinkKind,
)
from billing_sdk.server.domain.identity.application import Application as Application
from billing_sdk.server.domain.identity.attempts import Attempts as Attempts, Patience as Patience
from billing_sdk.server.domain.identity.invitation import (
    Invitation as Invitation,
    left_to_nobody as left_to_nobody,
    may_hand_out as may_hand_out,
)
from billing_sdk.server.domain.identity.organization import Membership as Membership, Organization as Organization
from billing_sdk.server.domain.identity.permission import (
    WRITE_BILLING as WRITE_BILLING,
    WRITE_MEMBERS as WRITE_MEMBERS,
    Permission as Permission,
    Role as Role,
)
from billing_sdk.server.domain.identity.user import User as User
