"""The service as an ASGI application: routes, limits, headers, and problems in place of faults."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atlas.base.errors import AtlasError
from atlas.base.seals import own_hash
from atlas.serve import features, tiles, travelling
from atlas.serve.asking import read_question
from atlas.serve.described import FORM, LANG, STYLE, api_page, openapi
from atlas.serve.problems import HEADERS, PROBLEM, Refusal, problem_body, refusal_of
from atlas.serve.service import Asked, Endpoint, Limits, Reply, Service

__all__ = ["ENDPOINTS", "make_app"]


def _api(service: Service, asked: Asked) -> Reply:
    write = api_page if asked.values["f"] == "html" else openapi
    return write(service, ENDPOINTS, asked.base, asked.values["lang"])


ENDPOINTS: tuple[Endpoint, ...] = (
    *travelling.ENDPOINTS,
    *features.ENDPOINTS,
    *tiles.ENDPOINTS,
    Endpoint("/api", "do_api", features.OPENAPI, _api, lambda service, path: (FORM, LANG), "features"),
)
_METHODS = ("GET", "HEAD")
_HOST = re.compile(r"(?P<name>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")
#: A page brings a policy of its own; what is no page may do nothing in a browser.
_PAGE_POLICY = "frame-ancestors 'none'"
_STILL_PAGE = f"default-src 'none'; style-src {own_hash(STYLE)}; form-action 'none'; base-uri 'none'; " + _PAGE_POLICY
_DATA_POLICY = "default-src 'none'; " + _PAGE_POLICY


class _Desk:
    """Where questions wait for their turn: so many are worked on, so many may wait.

    A question that takes too long is given up; what works on it keeps its place until it is done, so that slow
    questions cannot fill the machine.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.inside = 0
        self.workers = ThreadPoolExecutor(limits.workers, thread_name_prefix="atlas-serve")

    async def answer(self, work: Callable[[], Reply]) -> Reply:
        """Return what `work` gives, done in a thread within the time allowed."""
        if self.inside >= self.limits.workers + self.limits.waiting:
            raise Refusal(503, "too many questions at once", "ask again in a moment")
        self.inside += 1
        try:
            done = asyncio.get_running_loop().run_in_executor(self.workers, work)
            return await asyncio.wait_for(done, self.limits.seconds)
        except TimeoutError:
            raise Refusal(
                503, f"the answer takes more than {self.limits.seconds:g} s", "ask for less, or again in a moment"
            ) from None
        finally:
            self.inside -= 1


def make_app(service: Service) -> ASGIApp:
    """Return the application.

    Parameters
    ----------
    service
        What is served; nothing else is read, and nothing is written.
    """
    desk = _Desk(service.limits)
    routes = [Route(one.path, _handler(service, one, desk), methods=list(_METHODS)) for one in ENDPOINTS]
    handlers = {HTTPException: _refused, AtlasError: _refused, Exception: _failed}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return _Door(app, service)


def _handler(service: Service, endpoint: Endpoint, desk: _Desk) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        query = tuple(_pairs(request.scope["query_string"]))
        base = service.url or _base(request)
        path = {name: str(value) for name, value in request.path_params.items()}

        def work() -> Reply:
            parameters = tuple(endpoint.parameters(service, path))
            if not any(one.name == "f" for one in parameters):
                parameters += (FORM,)
            values = read_question(parameters, query, path)
            html = values["f"] == "html" or (values["f"] is None and _wants_page(request))
            if endpoint.path == "/" and html and service.explorer:
                return Reply(service.explorer.encode("utf-8"), "text/html; charset=utf-8")
            if endpoint.path == "/api":
                values["f"] = "html" if html else "json"
            elif values["f"] == "html":
                raise Refusal(406, f"{endpoint.path} has no page", "leave f out, or ask for f=json")
            here = request.scope["path"]
            return endpoint.answer(service, Asked(values, base, here, query))

        reply = await desk.answer(work)
        if len(reply.body) > service.limits.answer:
            raise Refusal(413, f"the answer takes {len(reply.body) / 1e6:.0f} MB", "ask for less at a time")
        return _response(request, reply, endpoint)

    return handle


def _response(request: Request, reply: Reply, endpoint: Endpoint) -> Response:
    page = reply.media.startswith("text/html")
    policy = _DATA_POLICY if not page else _STILL_PAGE if endpoint.path == "/api" else _PAGE_POLICY
    headers = {
        "etag": f'"{sha256(reply.body).hexdigest()[:32]}"',
        "cache-control": "no-cache",
        "vary": "accept, host",
        "content-security-policy": policy,
    }
    if headers["etag"] in [one.strip() for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(reply.body, reply.status, headers=headers, media_type=reply.media)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    text = query.decode("ascii", "strict") if query.isascii() else query.decode("utf-8", "replace")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError:
        raise Refusal(400, "the query is not read: too many parts, or no UTF-8", "write it as name=value&…") from None


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"


def _wants_page(request: Request) -> bool:
    """Whether a browser asks: HTML stands before JSON in what is accepted."""
    best = {"html": 0.0, "json": 0.0}
    for part in request.headers.get("accept", "").split(","):
        media, _, rest = part.partition(";")
        weight = re.search(r"q=([01](?:\.\d{1,3})?)", rest)
        for kind in best:
            if kind in media:
                best[kind] = max(best[kind], float(weight[1]) if weight else 1.0)
    return best["html"] > best["json"]


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        remedy = {404: "/ tells what there is, /api all of it", 405: f"use {' or '.join(_METHODS)}"}
        path = unquote(request.scope["path"])
        error = Refusal(error.status_code, f"{request.method} {path}: {error.detail}",
                        remedy.get(error.status_code, "see /api"))  # fmt: skip
    assert isinstance(error, AtlasError)
    refusal = refusal_of(error)
    headers = {"cache-control": "no-store", "content-security-policy": _DATA_POLICY}
    headers |= {"allow": ", ".join(_METHODS)} if refusal.status == 405 else {}
    headers |= {"retry-after": "5"} if refusal.status == 503 else {}
    return Response(problem_body(refusal), refusal.status, headers=headers, media_type=PROBLEM)


async def _failed(request: Request, error: Exception) -> Response:
    refusal = Refusal(500, "the answer could not be made", "please report the address and what the service's log says")
    return Response(problem_body(refusal), 500, headers={"cache-control": "no-store"}, media_type=PROBLEM)


class _Door:
    """What every question passes: its size, method and host; and what every answer carries."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a question through, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                more = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in own]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        request = Request(scope)
        refusal = self._refusal(scope, request)
        if refusal is not None:
            response = await _refused(request, refusal)
            await response(scope, receive, sealed)
            return
        await self.app(scope, receive, sealed)

    def _refusal(self, scope: Scope, request: Request) -> Refusal | None:
        most = self.service.limits.address
        if len(scope.get("raw_path") or scope["path"].encode("utf-8", "replace")) + len(scope["query_string"]) > most:
            return Refusal(414, f"the address has more than {most} signs", "ask for fewer places at a time")
        if request.method not in _METHODS:
            return Refusal(405, f"{request.method[:20]} changes nothing here", f"use {' or '.join(_METHODS)}")
        if request.headers.get("transfer-encoding") or request.headers.get("content-length", "0") != "0":
            return Refusal(413, "a question has no body", "put everything into the address")
        hosts = request.headers.getlist("host")
        found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if found is None:
            return Refusal(400, "the header Host is missing or no name", "ask by a name such as 127.0.0.1:8000")
        if self.service.hosts and found["name"].lower() not in self.service.hosts:
            return Refusal(
                421, f"the service does not answer to {found['name']!r}", f"ask for {', '.join(self.service.hosts)}"
            )
        return None
