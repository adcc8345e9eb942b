"""Long proofs: loads, kills, outages and fuzzing at the numbers of the reliability plan, apart from the tests.

Owns the scenarios and what they measure. Does not own a bar: those are figures of the plan, and a scenario that misses
one says so. `python -m soak` lists and runs them; everything talks to loopback only and stops by itself.
"""
