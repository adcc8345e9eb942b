"""The hosted pages: sign-up and sign-in, choosing and paying for a plan, the portal, and the operators' dashboard.

It owns what people see and type: routes, templates, style sheets, and the words for what went wrong. It does not own
what happens next (use cases), who is signed in (web) or the protocol around a sign-in (oidc). Times are shown as days
in UTC.
"""

from billing_sdk.server.pages.site import routes as routes
