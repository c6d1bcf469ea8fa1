"""What the service says of itself: an OpenAPI 3.0 document, and the same as a page without scripts."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import Any

from atlas._version import __version__
from atlas.base.words import LANGUAGES, both
from atlas.serve.asking import Parameter, schema_of
from atlas.serve.features import OPENAPI
from atlas.serve.problems import PROBLEM
from atlas.serve.service import Endpoint, Reply, Service, as_json

__all__ = ["FORM", "LANG", "STYLE", "api_page", "openapi"]

FORM = Parameter("f", "form", choices=("json", "html"))
LANG = Parameter("lang", "lang", choices=tuple(LANGUAGES), usual="en")
_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "remedy"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
        "candidates": {"type": "array", "items": {"type": "string"}},
        "choices": {"type": "array", "items": {"type": "string"}},
    },
}


def openapi(service: Service, endpoints: Sequence[Endpoint], base: str, lang: str) -> Reply:
    """Return the OpenAPI document, each layer's paths with its own parameters."""
    paths = {
        path: {"get": _operation(service, endpoint, layer, lang)}
        for path, endpoint, layer in _paths(service, endpoints)
    }
    zh, en = service.titles
    told = {
        "openapi": "3.0.3",
        "info": {
            "title": zh if lang == "zh" else en,
            "description": _said("about", lang),
            "version": __version__,
        },
        "servers": [{"url": base}],
        "tags": [{"name": name, "description": _said(name, lang)} for name in ("features", "tiles", "travel")],
        "paths": paths,
        "components": {"schemas": {"problem": _PROBLEM_SCHEMA}},
    }
    return as_json(told, OPENAPI)


def _paths(service: Service, endpoints: Sequence[Endpoint]) -> Iterator[tuple[str, Endpoint, str]]:
    """Yield every path: those of a layer once for each, for each has parameters of its own."""
    for endpoint in endpoints:
        if "{layer}" not in endpoint.path:
            yield endpoint.path, endpoint, ""
            continue
        for key in service.layers:
            yield endpoint.path.replace("{layer}", key), endpoint, key


def _operation(service: Service, endpoint: Endpoint, layer: str, lang: str) -> dict[str, Any]:
    parameters = [one for one in endpoint.parameters(service, {"layer": layer}) if one.name != "layer"]
    answer = {"description": _said(endpoint.name, lang), "content": {endpoint.media: {"schema": _schema(endpoint)}}}
    problem = {"description": _said("problem", lang),
               "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/problem"}}}}  # fmt: skip
    name = endpoint.path.replace("{layer}", layer).strip("/").replace("/", "_").translate({123: None, 125: None})
    return {
        "operationId": name or "landing",
        "summary": _said(endpoint.name, lang),
        "tags": [endpoint.group],
        "parameters": [_parameter(one, lang) for one in parameters],
        "responses": {"200": answer, "default": problem},
    }


def _schema(endpoint: Endpoint) -> dict[str, str]:
    return {"type": "string", "format": "binary"} if "tile" in endpoint.media else {"type": "object"}


def _parameter(one: Parameter, lang: str) -> dict[str, Any]:
    joined = one.kind in ("numbers", "box")
    return {
        "name": one.name,
        "in": one.place,
        "required": one.needed,
        "description": _about(one, lang),
        "schema": schema_of(one),
        **({"style": "form", "explode": not joined} if joined or one.many > 1 else {}),
    }


def _about(one: Parameter, lang: str) -> str:
    unit = f" [{one.unit}]" if one.unit else ""
    return (one.told or _said(one.about, lang)) + unit


def _said(name: str, lang: str) -> str:
    said: str = getattr(both(f"serve.{name}"), lang)
    return said


STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:68rem;margin:2rem auto;padding:0 1rem;color:#222}
code{background:#f3f3f0;padding:0 .2em}h2{margin-top:2rem;border-bottom:1px solid #bbb}
summary{cursor:pointer;padding:.3rem 0}
td,th{text-align:left;vertical-align:top;padding:.15rem 1rem .15rem 0}
table{font-size:14px;margin:.3rem 0 .8rem 1rem}
a{color:#0b5394}a:focus-visible,summary:focus-visible{outline:2px solid #b35c00}"""


def api_page(service: Service, endpoints: Sequence[Endpoint], base: str, lang: str) -> Reply:
    """Return the page at ``/api``: every path with its parameters, and an example to follow; no script, no request."""
    e = html.escape
    title = service.titles[list(LANGUAGES).index(lang)]
    parts = [
        f'<!doctype html><html lang="{LANGUAGES[lang]}"><head><meta charset="utf-8">',
        f'<meta name="viewport" content="width=device-width"><title>{e(title)} · API</title>',
        f"<style>{STYLE}</style></head><body><main><h1>{e(title)} · API</h1><p>{e(_said('about', lang))}</p>",
        f'<p><a href="/api?f=json">OpenAPI 3.0</a> · <a href="/api?f=html&amp;lang=zh">中文</a> · '
        f'<a href="/api?f=html&amp;lang=en">English</a> · <code>{e(base)}</code></p>',
    ]
    first = next(iter(service.layers), "")
    for group in ("travel", "features", "tiles"):
        parts.append(f"<h2>{e(_said(group, lang))}</h2>")
        for endpoint in endpoints:
            if endpoint.group == group:
                asked = [one for one in endpoint.parameters(service, {"layer": first}) if one.about != "property"]
                rows = "".join(_row(one, lang) for one in asked)
                shown = _EXAMPLES.get(endpoint.path, endpoint.path if "{" not in endpoint.path else "")
                way = f'<p><a href="{e(shown)}"><code>{e(shown)}</code></a></p>' if shown else ""
                parts.append(
                    f"<details><summary><code>GET {e(endpoint.path)}</code> {e(_said(endpoint.name, lang))}</summary>"
                    f"{way}<table>{rows}</table></details>"
                )
    parts.append("</main></body></html>")
    return Reply("\n".join(parts).encode("utf-8"), "text/html; charset=utf-8")


def _row(one: Parameter, lang: str) -> str:
    e = html.escape
    told = ", ".join(one.choices[:20]) if one.choices else one.kind
    usual = "" if one.usual is None else f"= {','.join(f'{v:g}' for v in one.usual)}" if isinstance(
        one.usual, tuple) else f"= {one.usual}"  # fmt: skip
    star = "*" if one.needed else ""
    return (
        f"<tr><td><code>{e(one.name)}{star}</code></td><td>{e(_about(one, lang))}</td>"
        f"<td>{e(told)} {e(usual)}</td></tr>"
    )


_EXAMPLES = {
    "/route": "/route?from=113.55,22.22&to=113.40,22.52",
    "/scenarios/{scenario}": "/scenarios/2026",
}
