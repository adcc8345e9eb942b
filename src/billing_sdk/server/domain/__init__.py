"""Pure billing: frozen dataclasses and functions of their arguments.

It owns every rule about plans, agreements, entitlements, invoices and usage. It does not own storage, HTTP,
gateways or the time: whoever calls hands down the time as `at`, an aware UTC `datetime`.
"""
