"""What a handler of a timer raises when there is nothing left for it to do."""

from __future__ import annotations


class Obsolete(Exception):
    """Raised by a handler whose subject is gone, or past what was to happen to it: the timer is dropped."""
