"""The KolayLogin door: the dashboard's own API, by which an operator's programs switch billing on and off.

It owns the addresses, the field names and the shape of errors that the KolayLogin contract has. It does not own what
enabling means (use cases), nor the pages of the dashboard (pages). Times on the wire are RFC 3339 in UTC.
"""

from billing_sdk.server.api.kolaylogin.application import PREFIX as PREFIX, routes as routes
