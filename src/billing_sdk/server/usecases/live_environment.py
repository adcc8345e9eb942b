"""What a live environment refuses to start with, beyond what its settings alone can tell."""

from __future__ import annotations

from billing_sdk.errors import ConfigurationError
from billing_sdk.server.usecases.engine import Engine


def refuse_unsafe_user(engine: Engine) -> None:
    """Refuse to work as a user to whom the database grants everything, so that a hole in the server would be one in it.

    Raises:
        ConfigurationError: the environment is live and the user of the database is a superuser, or as good as one.
    """
    powers = engine.database.supreme_powers() if engine.settings.environment == "live" else ()
    if powers:
        raise ConfigurationError(
            f"the database user has the powers of a superuser: {', '.join(powers)}",
            remedy="Give the server a user of its own; the guide to running the server lists what it needs.",
        )


def refuse_test_clocks(engine: Engine) -> None:
    """Refuse to bill by clocks that somebody can move, or that stand still for ever.

    Raises:
        ConfigurationError: the environment is live and there are test clocks.
    """
    if engine.settings.environment != "live":
        return
    with engine.read() as tx:
        has_clocks = tx.clocks.exist()
    if has_clocks:
        raise ConfigurationError(
            "the database holds test clocks, by which some of its customers live",
            remedy="Start with an empty database.",
        )


def refuse_demo(engine: Engine) -> None:
    """Refuse to serve the demo, whose passwords are published, to anybody else than this machine.

    Raises:
        ConfigurationError: the environment is live and the database was filled with the demo.
    """
    if engine.settings.environment != "live":
        return
    with engine.read() as tx:
        has_demo = tx.seeds.has("demo")
    if has_demo:
        raise ConfigurationError(
            "the database holds the demo, whose passwords are published", remedy="Start with an empty database."
        )
