"""The composition root: the only file that knows every part of the server."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from billing_sdk.server import oidc, pages, web
from billing_sdk.server.api import kinde, kolaylogin, konnect, openmeter, stripe, stripe_calls
from billing_sdk.server.clock import Clock
from billing_sdk.server.gateways import Gateways
from billing_sdk.server.opening import create_engine
from billing_sdk.server.periodic import Periodic
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import Database
from billing_sdk.server.usecases.deliver_due import create_dispatcher
from billing_sdk.server.usecases.follow_usage import FOLLOW_REST, FOLLOW_SECONDS, UsageFollower
from billing_sdk.server.usecases.forget_mail import forget_mail
from billing_sdk.server.usecases.hooks import Hooks
from billing_sdk.server.usecases.ingest_usage import Ingestion
from billing_sdk.server.usecases.recover import recover
from billing_sdk.server.usecases.roll_up_revenue import RevenueWatch
from billing_sdk.server.usecases.send_mail import POLL_SECONDS, MailWorker, transport_of
from billing_sdk.server.usecases.timer_worker import TimerWorker
from billing_sdk.server.usecases.verify_audit import AuditWatch
from billing_sdk.server.words import languages_in

# How long a customer waits at most, besides the charge's lease, for the outcome of a charge whose process died.
SWEEP_SECONDS = 30.0
CLEAN_SECONDS = 600.0
# Figures have a tenth of the time, however long they take.
FIGURES_REST = 9


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    gateway: Gateways | None = None,
    database: Database | None = None,
    hooks: Hooks | None = None,
    delivers: bool = True,
    runs_timers: bool = True,
    sweep_seconds: float = SWEEP_SECONDS,
) -> Starlette:
    """Return the server as an ASGI application.

    Args:
        settings: where it listens and what it stores its data in.
        clock: tells the time; the machine's clock by default.
        gateway: takes payments; the in-process test processor by default.
        database: an open database in place of the one that the settings name; it stays open afterwards.
        hooks: what is asked before a plan is chosen or given up; those that the settings name by default.
        delivers: whether this process sends webhooks and mail.
        runs_timers: whether this process does what is due; a test that moves the whole server's clock does it itself.
        sweep_seconds: how often to look for charges that a process has left over which died.
    """
    languages_in(settings.locale_directory)  # what can't be read of it is told now, and not to a visitor
    engine = create_engine(settings, clock=clock, gateway=gateway, database=database, hooks=hooks)
    engine = replace(engine, shows=stripe.EventDoor(engine))
    timers = TimerWorker(engine)
    ingestion = Ingestion(engine)
    usage = UsageFollower(engine)
    transport = transport_of(engine)
    mail = MailWorker(engine, transport) if transport is not None and delivers else None

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        dispatcher = create_dispatcher(engine) if delivers else None
        sweeper = Periodic("sweeper", partial(recover, engine), every_seconds=sweep_seconds)
        if dispatcher:
            await to_thread(dispatcher.start)
        cleaner = Periodic("cleaner", partial(forget_mail, engine), every_seconds=CLEAN_SECONDS)
        auditor = Periodic("auditor", AuditWatch(engine).look, every_seconds=sweep_seconds)
        sweeper.start()
        worker = Periodic("worker", timers.look, every_seconds=settings.timer_seconds)
        follower = Periodic("follower", usage.look, every_seconds=FOLLOW_SECONDS, rest=FOLLOW_REST)
        figures = Periodic("figures", RevenueWatch(engine).look, every_seconds=sweep_seconds, rest=FIGURES_REST)
        auditor.start()
        cleaner.start()
        postman = Periodic("postman", mail.look, every_seconds=POLL_SECONDS) if mail is not None else None
        if runs_timers:
            worker.start()
            follower.start()
            figures.start()
        if postman is not None:
            postman.start()
        yield
        timers.stop()
        await to_thread(ingestion.close)
        usage.stop()
        await to_thread(worker.stop)
        await to_thread(follower.stop)
        await to_thread(figures.stop)
        await to_thread(sweeper.stop)
        await to_thread(auditor.stop)
        await to_thread(cleaner.stop)
        if mail is not None and postman is not None:
            mail.stop()
            await to_thread(postman.stop)
        if dispatcher:
            await to_thread(dispatcher.stop)
        if database is None:
            engine.database.close()

    health = web.health_route(lambda: timers.backlog.lag)
    routes: list[BaseRoute] = [
        health,
        *oidc.routes(engine),
        *pages.routes(engine),
        *kolaylogin.routes(engine),
        *stripe_calls.routes(engine),
        *stripe.routes(engine, ingestion),
        *konnect.routes(engine, ingestion),
        *openmeter.routes(engine, ingestion),
        *kinde.routes(engine, ingestion),
    ]
    express = {**kinde.express(engine, ingestion), **stripe.express(engine, ingestion)}
    shapes = {kolaylogin.PREFIX: web.render_error, **stripe.shapes()}
    app = web.Application(routes, is_secure=settings.is_secure, express=express, shapes=shapes, lifespan=lifespan)
    app.state.engine = engine
    app.state.ingestion = ingestion
    return app
