"""The navigation of the dashboard: every section, in groups, in the order in which it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.server.words import Phrase, phrase

HOME = "/dashboard"


@dataclass(frozen=True, slots=True)
class Entry:
    """A section of the dashboard.

    Attributes:
        name: what a page of the section calls it (`Seat.show(section=...)`); also the last part of its address.
        label: what people call it.
    """

    name: str
    label: Phrase

    @property
    def url(self) -> str:
        """Where its first page is."""
        return f"{HOME}/{self.name}"


@dataclass(frozen=True, slots=True)
class Group:
    """Sections that belong together."""

    title: Phrase
    entries: tuple[Entry, ...]


NAVIGATION: tuple[Group, ...] = (
    Group(
        phrase("Customers"),
        (
            Entry("customers", phrase("Customers")),
            Entry("subscriptions", phrase("Subscriptions")),
            Entry("cancellations", phrase("Cancellations")),
        ),
    ),
    Group(
        phrase("Money"),
        (
            Entry("invoices", phrase("Invoices")),
            Entry("disputes", phrase("Disputes")),
            Entry("credits", phrase("Credit")),
            Entry("coupons", phrase("Coupons")),
            Entry("revenue", phrase("Revenue")),
        ),
    ),
    Group(
        phrase("Catalogue"),
        (
            Entry("plans", phrase("Plans")),
            Entry("features", phrase("Features")),
            Entry("pricing-tables", phrase("Pricing tables")),
            Entry("usage", phrase("Usage")),
        ),
    ),
    Group(
        phrase("Look"),
        (
            Entry("brand", phrase("Brand")),
            Entry("pages", phrase("Pages")),
            Entry("portal", phrase("Portal")),
            Entry("mail", phrase("Mail")),
        ),
    ),
    Group(
        phrase("Developers"),
        (
            Entry("applications", phrase("Applications")),
            Entry("keys", phrase("API keys")),
            Entry("webhooks", phrase("Webhooks")),
            Entry("audit", phrase("Audit")),
        ),
    ),
    Group(
        phrase("Settings"),
        (
            Entry("policies", phrase("Policies")),
            Entry("roles", phrase("Roles")),
        ),
    ),
)


def section_at(path: str) -> str:
    """Return the section of an address, so that the navigation can mark it; empty for the first page."""
    return path.removeprefix(HOME).strip("/").partition("/")[0]
