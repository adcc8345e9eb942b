"""The dashboard: where operators see their applications, and enable billing for the first time.

It owns the pages that operators see: sign-in, the list of applications, and the billing tab of each with its empty
state, its lists and its settings. It does not own what enabling means (use cases), the API that operators' programs use
(the KolayLogin door), nor what customers see (journey and portal). Times are shown as days in UTC.
"""

from billing_sdk.server.pages.dashboard.site import routes as routes
