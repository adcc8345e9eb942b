"""Update what customers may do for themselves in the portal."""

from __future__ import annotations

from collections.abc import Collection

from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.versions import check_version


def update_portal_settings(
    engine: Engine, *, settings: PortalSettings, versions: Collection[str] | None = None, actor: str = "operator"
) -> PortalSettings:
    """Let customers do, from now on, what the settings say; a page that is open already is refused what they don't.

    Raises:
        PreconditionFailed: they are in none of the versions (`version_of`) that the caller knows.
    """
    with engine.begin() as tx:
        before = tx.portal_settings.lock()
        check_version(before, versions)
        tx.portal_settings.save(settings)
        tx.audit.record(actor, "portal_settings.update", "portal", engine.now(), before=before, after=settings)
    return settings
