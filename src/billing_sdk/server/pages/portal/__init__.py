"""The portal: where customers look after their plan, their card and their invoices.

It owns the way in, the navigation and one module for each group of sections. It does not own what a change costs
or does (use cases), nor who may be let in (the links that applications ask for).
"""

from billing_sdk.server.pages.portal.sections import routes as routes
