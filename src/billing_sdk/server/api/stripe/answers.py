"""How an operation answers: what it shows is rendered for the caller's version and environment.

Every route ends in `answer(view)`, or, where it changes something, in `once(serve, body)` (`once`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.server.api.stripe.bodies import JSON_TYPE, View
from billing_sdk.server.api.stripe.rendering import Rendering
from billing_sdk.server.api.stripe.versions import VersionOf


@dataclass(frozen=True, slots=True)
class Answer:
    """Makes answers to one request."""

    rendering: Rendering

    def __call__(self, view: View, *, status: int = 200) -> Response:
        """Return a view as an answer."""
        return Response(self.written(view), status, media_type=JSON_TYPE)

    def written(self, view: View) -> str:
        """Return a view as JSON."""
        return rendered(view, self.rendering)


def rendered(view: View, rendering: Rendering) -> str:
    """Return a view as JSON, in the shape of a version."""
    return view.model_dump_json(context=rendering)


async def _answer_for(request: Request, version: VersionOf) -> Answer:
    return Answer(Rendering(version, request.app.state.engine.settings.environment == "live"))


Answering = Annotated[Answer, Depends(_answer_for)]
