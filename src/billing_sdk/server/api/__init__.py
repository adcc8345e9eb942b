"""The doors: each speaks one wire dialect, and all of them lead to the same use cases.

A door owns paths, field names, envelopes, paging and which credential an operation needs. It does not own a
decision: it parses, calls one use case or query, and answers. Times on the wire are in UTC and end in `Z`.
"""
