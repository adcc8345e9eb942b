"""What things are found by.

It owns how words are folded, so that "Çağla" is found by "cagla", and which terms a thing is filed under. It does not
own where the terms are kept (storage) nor what is shown of what is found (pages). It knows no times.
"""

from billing_sdk.server.domain.search.terms import (
    EXACT_RANK as EXACT_RANK,
    LONGEST_TERM as LONGEST_TERM,
    NAME_RANK as NAME_RANK,
    PART_RANK as PART_RANK,
    Terms as Terms,
    asked_words as asked_words,
    folded as folded,
    terms_for as terms_for,
)
