"""Create a tax code."""

from __future__ import annotations

from billing_sdk.server.domain.tax import TaxCode
from billing_sdk.server.usecases.engine import Engine


def create_tax_code(engine: Engine, *, key: str, name: str, actor: str = "api") -> TaxCode:
    """Name a kind of what is sold, for components and rates; it never changes.

    Args:
        engine: the engine.
        key: 1 to 100 small letters, digits, `_`, `.` and `-`.
        name: for people.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: the key or the name can't be.
        DuplicateKey: there is one with this key.
    """
    code = TaxCode(key, name.strip())
    with engine.begin() as tx:
        tx.tax_codes.add(code)
        tx.audit.record(actor, "tax_code.create", code.key[:128], engine.now(), after=code)
    return code
