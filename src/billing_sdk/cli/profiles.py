"""`billing-sdk profiles`."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, JsonOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors, show_table, table_of
from billing_sdk.server.domain.collection import BUILT_IN, BUILT_IN_ID, BillingProfile
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.billing_profiles import (
    create_profile,
    delete_profile,
    make_default_profile,
    update_profile,
)
from billing_sdk.server.usecases.update_customer import update_customer

profiles = typer.Typer(no_args_is_help=True)

MOST_SHOWN = 500


class Method(StrEnum):
    """How money comes in."""

    CHARGE = "charge_automatically"
    SEND = "send_invoice"


class End(StrEnum):
    """What happens when dunning was in vain."""

    CANCEL = "cancel"
    PAUSE = "pause"
    MARK = "mark_uncollectible"


ProfileArgument = Annotated[str, typer.Argument(metavar="PROFILE_ID", help=f"As `list` shows it, or {BUILT_IN_ID}.")]
MethodOption = Annotated[Method | None, typer.Option("--collect", help="Charge cards, or send invoices.")]
DueOption = Annotated[str | None, typer.Option(metavar="DURATION", help="When a sent invoice is due: P30D, P1M.")]
LateOption = Annotated[str | None, typer.Option(metavar="DURATION", help="How long usage reported late is waited for.")]
SendOption = Annotated[str | None, typer.Option(metavar="DURATION", help="How long a complete invoice waits.")]
PrefixOption = Annotated[str | None, typer.Option(help="What invoice numbers begin with: INV.")]
DigitsOption = Annotated[int | None, typer.Option(help="How many digits an invoice number has at least.")]
RetryOption = Annotated[
    list[str] | None, typer.Option("--retry", metavar="DURATION", help="How long after the attempt before; repeatable.")
]
NoRetryOption = Annotated[bool, typer.Option("--no-retry", help="A failed payment is not tried again.")]
GraceOption = Annotated[
    str | None, typer.Option(metavar="DURATION", help="How long after the first failure access stays.")
]
EndOption = Annotated[End | None, typer.Option("--at-end", help="What happens when nothing has helped.")]
LanguageOption = Annotated[str | None, typer.Option(help="The language of invoices: en, de, ...")]
ConsolidateOption = Annotated[
    bool | None, typer.Option("--consolidate/--no-consolidate", help="One invoice for what is billed at one instant.")
]
SupplierOption = Annotated[str | None, typer.Option("--supplier", metavar="NAME", help="Who bills.")]


@profiles.command("list")
@explaining_errors
def show_all(as_json: JsonOption = False, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show the billing profiles; the one that is built in as well, while it is the default one."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        found = tx.billing_profiles.list(PageRequest(MOST_SHOWN)).items
        default = tx.billing_profiles.default()
    _show(found if default in found else (default, *found), as_json=as_json)


@profiles.command()
@explaining_errors
def show(
    profile_id: ProfileArgument = BUILT_IN_ID,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show one billing profile."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        _show([tx.billing_profiles.get(profile_id)], as_json=as_json)


@profiles.command()
@explaining_errors
def create(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    is_default: Annotated[bool, typer.Option("--default", help="For every customer who has no other.")] = False,
    collect: MethodOption = None,
    due_after: DueOption = None,
    wait_for_late_usage: LateOption = None,
    wait_before_sending: SendOption = None,
    prefix: PrefixOption = None,
    digits: DigitsOption = None,
    retry: RetryOption = None,
    is_never_retried: NoRetryOption = False,
    grace: GraceOption = None,
    at_end: EndOption = None,
    language: LanguageOption = None,
    is_consolidating: ConsolidateOption = None,
    supplier: SupplierOption = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Make a billing profile; what is not given is as in the one that is built in."""
    given = {
        "collection_method": collect and collect.value,
        "due_after": due_after,
        "wait_for_late_usage": wait_for_late_usage,
        "wait_before_sending": wait_before_sending,
        "prefix": prefix,
        "digits": digits,
        "retry_after": [] if is_never_retried else retry,
        "grace": grace,
        "at_end": at_end and at_end.value,
        "language": language,
        "is_consolidating": is_consolidating,
        "supplier": supplier,
    }
    with engine_at(database, base_url) as engine:
        made = create_profile(engine, name=name, is_default=is_default, **_fields(BUILT_IN, given))
    _show([made], as_json=as_json)


@profiles.command()
@explaining_errors
def update(
    profile_id: ProfileArgument,
    name: Annotated[str | None, typer.Option(help="What you call it.")] = None,
    collect: MethodOption = None,
    due_after: DueOption = None,
    wait_for_late_usage: LateOption = None,
    wait_before_sending: SendOption = None,
    prefix: PrefixOption = None,
    digits: DigitsOption = None,
    retry: RetryOption = None,
    is_never_retried: NoRetryOption = False,
    grace: GraceOption = None,
    at_end: EndOption = None,
    language: LanguageOption = None,
    is_consolidating: ConsolidateOption = None,
    supplier: SupplierOption = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Change what is given; it counts for invoices that are made from now on."""
    given = {
        "name": name,
        "collection_method": collect and collect.value,
        "due_after": due_after,
        "wait_for_late_usage": wait_for_late_usage,
        "wait_before_sending": wait_before_sending,
        "prefix": prefix,
        "digits": digits,
        "retry_after": [] if is_never_retried else retry,
        "grace": grace,
        "at_end": at_end and at_end.value,
        "language": language,
        "is_consolidating": is_consolidating,
        "supplier": supplier,
    }
    with engine_at(database, base_url) as engine:
        with engine.read() as tx:
            before = tx.billing_profiles.get(profile_id)
        changed = update_profile(engine, profile_id, **_fields(before, given))
    _show([changed], as_json=as_json)


@profiles.command("default")
@explaining_errors
def make_default(profile_id: ProfileArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Let a profile be that of every customer who has no other."""
    with engine_at(database, base_url) as engine:
        OUT.print(escape(f"{make_default_profile(engine, profile_id).id} is the default billing profile."))


@profiles.command()
@explaining_errors
def delete(profile_id: ProfileArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Delete a profile that is not the default one, and that nothing depends on."""
    with engine_at(database, base_url) as engine:
        delete_profile(engine, profile_id)
        OUT.print(escape(f"{profile_id} is deleted."))


@profiles.command()
@explaining_errors
def assign(
    customer_id: Annotated[str, typer.Argument(metavar="CUSTOMER_ID", help="Whom.")],
    profile_id: Annotated[
        str | None, typer.Argument(metavar="PROFILE_ID", help="Which; the default one where none is named.")
    ] = None,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Bill a customer by a profile of its own, or by the default one again."""
    with engine_at(database, base_url) as engine:
        update_customer(engine, customer_id, profile_id=profile_id)
        OUT.print(escape(f"{customer_id} is billed by {profile_id or 'the default profile'} from now on."))


def _fields(before: BillingProfile, given: dict[str, Any]) -> dict[str, Any]:
    """Return what changes of a profile."""
    found = {name: value for name, value in given.items() if value is not None}
    for name in ("due_after", "wait_for_late_usage", "wait_before_sending"):
        if name in found:
            found[name] = Duration.parse(found[name])
    if numbering := {name: found.pop(name) for name in ("prefix", "digits") if name in found}:
        found["numbering"] = replace(before.numbering, **numbering)
    dunning = {name: found.pop(name) for name in ("retry_after", "grace", "at_end") if name in found}
    if "retry_after" in dunning:
        dunning["retry_after"] = tuple(Duration.parse(wait) for wait in dunning["retry_after"])
    if "grace" in dunning:
        dunning["grace"] = Duration.parse(dunning["grace"])
    if dunning:
        found["dunning"] = replace(before.dunning, **dunning)
    if "supplier" in found:
        found["supplier"] = replace(before.supplier, name=found["supplier"])
    return found


def _show(found: Any, *, as_json: bool) -> None:
    table = table_of("Id", "Name", "Default", "Collects", "Due", "Waits", "Numbers", "Retries", "Grace", "Then")
    for profile in found:
        row = {
            "id": profile.id,
            "name": profile.name,
            "is_default": profile.is_default,
            "collection_method": profile.collection_method,
            "due_after": str(profile.due_after),
            "waits": f"{profile.wait_for_late_usage} {profile.wait_before_sending}",
            "numbers": profile.numbering.number(1),
            "retry_after": " ".join(str(wait) for wait in profile.dunning.retry_after),
            "grace": str(profile.dunning.grace),
            "at_end": profile.dunning.at_end,
        }
        if as_json:
            typer.echo(json.dumps(row))
        cells = {**row, "is_default": "yes" if profile.is_default else ""}
        table.add_row(*(escape(str(cell)) for cell in cells.values()))
    if not as_json:
        show_table(table)
