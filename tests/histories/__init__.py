"""Histories of customers: what they do and how time goes by, recorded so that it can be told once more.

It owns the plans, the verbs and the promises that no history may break. It does not own which histories there are:
that is the test's, and `soak` asks for many more of them.
"""
