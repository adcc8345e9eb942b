"""What the commands say that leave a server ready for use."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from billing_sdk.cli.output import OUT, show_table
from billing_sdk.server.running import Ready

TEST_CARDS = (
    ("4242 4242 4242 4242", "is paid"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 0341", "can be saved, and every charge is declined"),
    ("4000 0027 6000 3184", "is paid when you have confirmed it"),
)


def show_ready(ready: Ready, *, database: str, webhooks: tuple[str, ...]) -> None:
    """Say where the server is, what it keeps its data in and, after the demo seed, how to get in."""
    table = Table.grid(padding=(0, 3))
    table.add_row("[bold]Billing server[/]", f"[link={ready.base_url}]{escape(ready.base_url)}[/]")
    table.add_row("Database", escape(database))
    for url in webhooks:
        table.add_row("Webhooks to", escape(url))
    if ready.client_id:
        _add_credentials(table, ready)
    OUT.print()
    show_table(table)
    OUT.print()


def _add_credentials(table: Table, ready: Ready) -> None:
    """Show what the demo seed made; it is the same for everybody and opens nothing but this test server."""
    for uri in ready.redirect_uris:
        table.add_row("Redirect address", escape(uri))
    table.add_row("Client", f"{ready.client_id}  [dim]{escape(ready.client_secret or '')}[/]")
    table.add_row("Machine client", f"{ready.m2m_client_id}  [dim]{escape(ready.m2m_client_secret or '')}[/]")
    table.add_row("Key for Stripe's client", f"[dim]{escape(ready.api_key or '')}[/]")
    for email, password in ready.users:
        table.add_row("Test login", f"{escape(email)}  [dim]{escape(password)}[/]")
    mailbox = f"{ready.base_url}/dashboard/mail/sent"
    table.add_row("Mailbox", f"[link={mailbox}]{escape(mailbox)}[/]")
    for number, outcome in TEST_CARDS:
        table.add_row("Test card", f"{number}  [dim]{outcome}[/]")
