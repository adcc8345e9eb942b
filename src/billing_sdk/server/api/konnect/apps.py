"""Apps: accounts at payment processors that are linked with the workspace."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import AfterValidator, Field
from starlette.responses import Response

from billing_sdk._secret import Secret
from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.values import ULID_IN_PATH, Name
from billing_sdk.server.api.konnect.view import Resource
from billing_sdk.server.domain.workspace import SANDBOX_APP_ID, AppType, PaymentApp
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.install_app import install_app
from billing_sdk.server.usecases.known_tax_codes import EVER_SINCE
from billing_sdk.server.usecases.rotate_app_key import rotate_app_key
from billing_sdk.server.usecases.uninstall_app import uninstall_app
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Apps"], route_class=KonnectRoute)

LISTED = Listing()
AppId = Annotated[str, ULID_IN_PATH, AfterValidator(lambda ulid: id_from_ulid("app", ulid))]
# The test processor of this server, which needs no link.
SANDBOX = PaymentApp(SANDBOX_APP_ID, "managed", "sandbox", "Sandbox", EVER_SINCE, EVER_SINCE)
DEFINITIONS: dict[AppType, tuple[str, str]] = {
    "sandbox": ("Sandbox", "Collects test payments on this server, and none of real money."),
    "stripe": ("Stripe", "Sends invoices to Stripe, which calculates tax on them and collects them."),
    "external_invoicing": ("External invoicing", "Leaves invoices to another system."),
}
CAPABILITIES: dict[AppType, list[str]] = {
    "sandbox": ["calculate_tax", "invoice_customers", "collect_payments"],
    "stripe": ["calculate_tax", "invoice_customers", "collect_payments"],
    "external_invoicing": ["calculate_tax", "invoice_customers", "collect_payments"],
}


class DefinitionView(View):
    """What kind of app it is."""

    type: AppType
    name: str
    description: str


class AppView(Resource):
    """An app; the account and the key where it is one of Stripe's."""

    type: AppType
    definition: DefinitionView
    status: Literal["ready", "unauthorized"]
    account_id: str | None = None
    livemode: bool | None = None
    masked_api_key: str | None = None

    @classmethod
    def of(cls, app: PaymentApp) -> AppView:
        """Show an app, and never its key."""
        only_stripe: dict[str, Any] = {}
        if app.type == "stripe":
            only_stripe = {
                "account_id": app.account_id or "",
                "livemode": app.is_live,
                "masked_api_key": app.masked_api_key or "",
            }
        return cls(
            id=ulid_of(app.id),
            name=app.name,
            created_at=app.created_at,
            updated_at=app.updated_at,
            deleted_at=app.deleted_at,
            type=app.type,
            definition=definition_of(app.type),
            status=app.status,
            **only_stripe,
        )


class NewApp(Body):
    """An app to install; an app of Stripe needs a key."""

    type: Literal["stripe", "sandbox", "external_invoicing"]
    name: Name | None = None
    create_billing_profile: bool | None = None
    api_key: Annotated[str, Field(min_length=1, max_length=255)] | None = None


class NewKey(Body):
    """Another key of the same account."""

    secret_api_key: Annotated[str, Field(min_length=1, max_length=255)]


class InstalledView(View):
    """An app, and what it now does by default."""

    app: AppView
    default_for_capability_types: list[str]


class CatalogueEntry(DefinitionView):
    """An app that can be installed."""

    capabilities: list[str]


class CatalogueView(View):
    """The apps that can be installed."""

    data: list[CatalogueEntry]


def apps_of(tx: UnitOfWork) -> list[PaymentApp]:
    """Return the apps of the workspace; the test processor is always there."""
    linked = list(tx.payment_apps.list())
    return linked if any(one.gateway == "managed" for one in linked) else [SANDBOX, *linked]


def find_app(tx: UnitOfWork, app_id: str) -> PaymentApp:
    """Return an app, also one that was uninstalled.

    Raises:
        NotFound: there is none.
    """
    for one in apps_of(tx):
        if one.id == app_id:
            return one
    return tx.payment_apps.get(app_id)


def app_in_use(tx: UnitOfWork) -> PaymentApp:
    """Return the app that the workspace collects with."""
    gateway = tx.workspace.get().gateway
    return next((one for one in apps_of(tx) if one.gateway == gateway), SANDBOX)


def definition_of(kind: AppType) -> DefinitionView:
    """Return what kind of app a type is."""
    name, description = DEFINITIONS[kind]
    return DefinitionView(type=kind, name=name, description=description)


@router.get("/apps", name="list-apps", **scoped("read:billing_settings", lists=LISTED))
def list_apps(engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)]) -> Paged[AppView]:
    """List the apps that are installed."""
    with engine.read() as tx:
        apps = apps_of(tx)
    return paged([AppView.of(app) for app in wanted.page.cut(apps)], wanted.page, len(apps))


@router.get("/apps/{app_id}", name="get-app", **scoped("read:billing_settings"))
def get_app(engine: EngineOf, app_id: AppId) -> AppView:
    """Get an app."""
    with engine.read() as tx:
        return AppView.of(find_app(tx, app_id))


@router.put("/apps/{app_id}", name="update-app", response_model=AppView, **scoped("update:billing_settings"))
def update_app(caller: CallerOf, app_id: AppId, body: NewKey, once: OnlyOnce) -> Response:
    """Put another key of the same account in place (extension)."""

    def serve(engine: Engine) -> AppView:
        key = Secret(body.secret_api_key)
        return AppView.of(rotate_app_key(engine, app_id=app_id, api_key=key, actor=caller.client_id))

    return once(serve, body)


@router.delete("/apps/{app_id}", name="uninstall-app", status_code=204, **scoped("update:billing_settings"))
def delete_app(caller: CallerOf, app_id: AppId, once: OnlyOnce) -> Response:
    """Uninstall an app (extension)."""

    def serve(engine: Engine) -> None:
        uninstall_app(engine, app_id=app_id, actor=caller.client_id)

    return once(serve, status=204)


@router.post(
    "/app-catalog/install",
    name="install-app",
    response_model=InstalledView,
    status_code=201,
    **scoped("update:billing_settings"),
)
def install(caller: CallerOf, body: NewApp, once: OnlyOnce) -> Response:
    """Install an app (extension)."""

    def serve(engine: Engine) -> InstalledView:
        if body.type == "external_invoicing":
            raise InvalidRequest(
                "this server leaves invoices to no other system",
                parameter="type",
                rule="enum",
                choices=("stripe", "sandbox"),
            )
        app = install_app(
            engine,
            gateway="stripe_platform" if body.type == "stripe" else "managed",
            api_key=None if body.api_key is None else Secret(body.api_key),
            name=body.name,
            creates_profile=bool(body.create_billing_profile),
            actor=caller.client_id,
        )
        with engine.read() as tx:
            is_in_use = app_in_use(tx).id == app.id
        return InstalledView(
            app=AppView.of(app), default_for_capability_types=CAPABILITIES[app.type] if is_in_use else []
        )

    return once(serve, body, status=201)


@router.get("/app-catalog", name="list-app-catalog", **scoped("read:billing_settings"))
def list_catalogue() -> CatalogueView:
    """List the apps that can be installed (extension)."""
    return CatalogueView(data=[_entry(kind) for kind in DEFINITIONS])


@router.get("/app-catalog/{app_type}", name="get-app-catalog-entry", **scoped("read:billing_settings"))
def get_catalogue_entry(app_type: str) -> CatalogueEntry:
    """Get an app that can be installed (extension)."""
    for kind in DEFINITIONS:
        if kind == app_type:
            return _entry(kind)
    raise NotFound(f"there is no app {app_type[:64]!r}", entity="app")


def _entry(kind: AppType) -> CatalogueEntry:
    name, description = DEFINITIONS[kind]
    return CatalogueEntry(type=kind, name=name, description=description, capabilities=CAPABILITIES[kind])
