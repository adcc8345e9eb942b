"""How an operation answers: what it shows is rendered for the caller's version and environment.

Every route ends in `answer(view)`, or, where it changes something, in `once(serve, body)` (`once`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from billing_sdk.server.api.stripe.bodies import JSON_TYPE, View
from billing_sdk.server.api.stripe.expanding import expand, read_expand
from billing_sdk.server.api.stripe.rendering import Rendering
from billing_sdk.server.api.stripe.versions import VersionOf
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import asked_often


@dataclass(frozen=True, slots=True)
class Answer:
    """Makes answers to one request."""

    request: Request
    rendering: Rendering

    def __call__(self, view: View, *, status: int = 200) -> Response:
        """Return a view as an answer."""
        text, paths = rendered(view, self.rendering), self._paths()
        return _Expanding(self, text, paths, status) if paths else Response(text, status, media_type=JSON_TYPE)

    def written(self, view: View, engine: Engine) -> str:
        """Return a view as JSON, with what the request wants to have expanded; the engine is that of the call.

        Raises:
            InvalidRequest: something can't be expanded.
        """
        text, paths = rendered(view, self.rendering), self._paths()
        return self.expanded(text, paths, engine) if paths else text

    def expanded(self, text: str, paths: tuple[str, ...], engine: Engine) -> str:
        """Return JSON with things in the place of ids; errors as those of `written`."""
        document = json.loads(text)
        with engine.read() as tx:
            expand(document, paths, lambda show, id_: json.loads(rendered(show(tx, id_), self.rendering)))
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    def _paths(self) -> tuple[str, ...]:
        return read_expand(getattr(self.request.state, "expand", None))


class _Expanding(Response):
    """An answer that is expanded when it is sent: until then the operation holds what it reads with."""

    def __init__(self, answer: Answer, text: str, paths: tuple[str, ...], status: int) -> None:
        super().__init__(status_code=status, media_type=JSON_TYPE)
        self._answer, self._text, self._paths = answer, text, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        engine: Engine = self._answer.request.app.state.engine
        text = await run_in_threadpool(self._answer.expanded, self._text, self._paths, engine)
        self.body = text.encode()
        self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def rendered(view: View, rendering: Rendering) -> str:
    """Return a view as JSON, in the shape of a version."""
    return view.model_dump_json(context=rendering)


@asked_often
async def _answer_for(request: Request, version: VersionOf) -> Answer:
    return Answer(request, Rendering(version, request.app.state.engine.settings.environment == "live"))


Answering = Annotated[Answer, Depends(_answer_for)]
