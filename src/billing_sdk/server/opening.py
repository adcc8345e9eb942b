"""An engine without its doors: what a command works with, and what the application stands on."""

from __future__ import annotations

from contextlib import ExitStack

from billing_sdk.server.clock import Clock, SystemClock
from billing_sdk.server.gateways import Gateways, ManagedGateway, SwitchingGateway
from billing_sdk.server.sealing_keys import sealer_for
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import Database
from billing_sdk.server.usecases.confirmations import DatabaseConfirmations
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hooks import Hooks, load_hooks
from billing_sdk.server.usecases.linked_gateways import LinkedGateways
from billing_sdk.server.usecases.live_environment import refuse_demo, refuse_test_clocks, refuse_unsafe_user
from billing_sdk.server.usecases.recover import recover
from billing_sdk.server.usecases.signing_keys import current_key


def create_engine(
    settings: Settings,
    *,
    clock: Clock | None = None,
    gateway: Gateways | None = None,
    database: Database | None = None,
    hooks: Hooks | None = None,
) -> Engine:
    """Return an engine that is ready for use: its schema is up to date, nothing is left over, and it can sign.

    Raises:
        InvalidSetting: a hook can't be loaded.
    """
    with ExitStack() as if_refused:
        if database is None:
            database = Database.open(settings.database_url, sealer=sealer_for(settings), usage_url=settings.usage_url)
            if_refused.callback(database.close)
        clock = clock or SystemClock()
        managed = ManagedGateway(settings.base_url, clock, DatabaseConfirmations(database, clock))
        engine = Engine(
            database=database,
            clock=clock,
            gateway=gateway or SwitchingGateway(managed, LinkedGateways(database, settings, clock), clock=clock),
            settings=settings,
            hooks=hooks or load_hooks(settings),
        )
        refuse_unsafe_user(engine)
        database.migrate()
        refuse_demo(engine)
        refuse_test_clocks(engine)
        current_key(engine)
        recover(engine)
        if_refused.pop_all()
    return engine
