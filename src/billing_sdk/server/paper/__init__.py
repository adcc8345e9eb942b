"""Invoices as documents: what stands on one, in the reader's language, as a page and as a file.

It owns the view model that both are made from, the words of seven languages, and the typesetting. It does not own
what an invoice says (invoicing), who may see it (the doors), nor the page around it (pages). Days are those of UTC.
"""

from billing_sdk.server.paper.compose import TONES as TONES, compose as compose
from billing_sdk.server.paper.crediting import compose_credit_note as compose_credit_note
from billing_sdk.server.paper.languages import (
    LANGUAGES as LANGUAGES,
    language_for as language_for,
)
from billing_sdk.server.paper.languages.english import ENGLISH as ENGLISH
from billing_sdk.server.paper.model import (
    Fact as Fact,
    InvoicePaper as InvoicePaper,
    Party as Party,
    Row as Row,
    Section as Section,
    Sum as Sum,
)
from billing_sdk.server.paper.parties import Addressed as Addressed
from billing_sdk.server.paper.pdf import to_pdf as to_pdf
from billing_sdk.server.paper.text import INVISIBLE as INVISIBLE, plain as plain
