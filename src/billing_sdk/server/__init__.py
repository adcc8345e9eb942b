"""The reference billing server: one engine behind several doors.

It owns identity, the catalogue, agreements, entitlements, invoices, usage, webhooks and the hosted pages. It
does not own what an application does with them; that is the SDK's side, which never imports this package.
"""
