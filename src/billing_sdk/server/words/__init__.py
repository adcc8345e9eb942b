"""What pages and mail say, in the reader's language.

It owns phrases (a sentence with its values, put into words when it is shown), the catalogues of translations, how a
language writes amounts, quantities and days on a page, and the template environments that know all this. It does not
own any page or mail, nor the words of invoices (`paper`).
"""

from billing_sdk.server.words.errors import (
    detail_of as detail_of,
    remedy_for_people as remedy_for_people,
    remedy_of as remedy_of,
    title_of as title_of,
    told as told,
    waiting_time as waiting_time,
)
from billing_sdk.server.words.languages import (
    DEFAULT as DEFAULT,
    Language as Language,
    Languages as Languages,
    languages_in as languages_in,
)
from billing_sdk.server.words.methods import method_words as method_words
from billing_sdk.server.words.phrases import (
    Exact as Exact,
    Phrase as Phrase,
    Value as Value,
    phrase as phrase,
    phrase_of as phrase_of,
)
from billing_sdk.server.words.templates import environment as environment
