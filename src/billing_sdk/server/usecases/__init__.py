"""What can be done with the engine: one verb a file.

It owns the order of things: load, decide, act, save and announce. It does not own the rules (domain), the SQL
(storage) nor the form of an answer (api, pages, oidc). Only here is the clock asked for the time.
"""
