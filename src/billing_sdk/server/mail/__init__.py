"""Mail: what a message says and looks like, and how it is handed to a mail server.

It owns the words of each kind of mail, their places for values, the page and the text that are made of them, and the
conversation with the server. It does not own on which occasions mail is written, what is queued and what became of it
(usecases, storage). The times in a mail are those of its customer.
"""

from billing_sdk.server.mail.values import from_json as from_json, to_json as to_json
