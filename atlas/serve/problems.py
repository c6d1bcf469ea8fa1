"""What is told when a question cannot be answered: RFC 9457 problem details with the remedy; and the headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from atlas.base.errors import AtlasError, LayerError, ScenarioError, UnknownPlaceError
from atlas.base.values import plain

__all__ = ["HEADERS", "PROBLEM", "Refusal", "problem_body", "refusal_of"]

PROBLEM = "application/problem+json"
#: On every answer. Pages carry a policy of their own besides, which allows their scripts by hash.
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "geolocation=(), camera=(), microphone=()",
    }
)
_TITLES = {
    400: "The question is not understood",
    404: "There is no such thing",
    405: "The service only answers questions",
    406: "There is no such form of the answer",
    413: "The question or its answer is too large",
    414: "The address is too long",
    421: "The service is not known by that name",
    500: "A fault of the program",
    503: "The service is busy, or the answer takes too long",
}
#: A text out of the question is told back by its beginning.
_MOST_SIGNS = 600


class Refusal(AtlasError, ValueError):
    """A question that is not answered.

    Attributes
    ----------
    status
        The HTTP status.
    remedy
        What to do.
    more
        Further members: candidates for a name, the choices there are.
    """

    def __init__(self, status: int, message: str, remedy: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.remedy = remedy
        self.more = more


def refusal_of(error: AtlasError) -> Refusal:
    """Return what the library refuses as a refusal of the service."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, UnknownPlaceError):
        remedy = "give a name, an id or lon,lat; /collections/places/items lists the places"
        return Refusal(400, str(error), remedy, candidates=list(error.candidates))
    if isinstance(error, ScenarioError):
        return Refusal(400, str(error), "/scenarios lists the scenarios, /scenarios/2026 the parameters of one")
    if isinstance(error, LayerError):
        return Refusal(500, str(error), "run `atlas layers validate` on the folder that is served")
    return Refusal(400, str(error), "change the question as the message says; /api tells what may be asked")


def problem_body(refusal: Refusal) -> bytes:
    """Return the answer's body."""
    told = {
        "type": "about:blank",
        "title": _TITLES.get(refusal.status, "The question is not answered"),
        "status": refusal.status,
        "detail": str(refusal)[:_MOST_SIGNS],
        "remedy": refusal.remedy,
        **refusal.more,
    }
    return json.dumps(plain(told), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
