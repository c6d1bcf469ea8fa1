"""What may be asked: parameters, declared once, by which a question is read and the OpenAPI page is written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from atlas.base.doors import did_you_mean
from atlas.base.values import fit
from atlas.serve.problems import Refusal

__all__ = ["Box", "Parameter", "read_question", "schema_of"]

Box = tuple[float, float, float, float]
Kind = Literal["text", "number", "integer", "numbers", "box", "flag", "pairs", "moment"]
_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?")
_WHOLE = re.compile(r"[+-]?\d{1,15}")
_DAY = r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?"
_MOMENT = re.compile(rf"(\.\.|{_DAY})?(/(\.\.|{_DAY})?)?")
_LONGEST = 200


@dataclass(frozen=True)
class Parameter:
    """One thing that may be asked.

    Attributes
    ----------
    name
        As it stands in the address.
    about
        Key in the table ``serve`` of the words; a column of a layer says it in its own (`told`).
    kind
        How it is written: ``numbers`` are joined by commas, a ``box`` is west,south,east,north, ``pairs`` are
        name=number, a ``moment`` is an RFC 3339 date or interval.
    choices
        All values of a text; empty: any.
    usual
        The value when it is left out.
    low, high
        Bounds of a number, inclusive; of several numbers, of each.
    many
        At most so many times; 1: once.
    needed
        Whether it must be given.
    place
        ``query`` or ``path``.
    """

    name: str
    about: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    usual: Any = None
    low: float = -math.inf
    high: float = math.inf
    many: int = 1
    needed: bool = False
    place: Literal["query", "path"] = "query"
    told: str = ""
    unit: str = field(default="", compare=False)


def read_question(
    parameters: Sequence[Parameter], given: Sequence[tuple[str, str]], path: Mapping[str, str]
) -> dict[str, Any]:
    """Return the value of every parameter: what was given, read and bounded, or what is usual.

    Parameters
    ----------
    parameters
        What may be asked here.
    given
        Names and values of the query, decoded, in their order.
    path
        Names and values out of the address.

    Raises
    ------
    Refusal
        A name that is none of them, one that is given too often or is missing, or a value that cannot be read or lies
        out of its bounds.

    Examples
    --------
    >>> limit = Parameter("limit", "limit", kind="integer", usual=10, low=1, high=1000)
    >>> read_question([limit], [("limit", "20")], {})
    {'limit': 20}
    """
    known = {one.name: one for one in parameters if one.place == "query"}
    values: dict[str, list[Any]] = {}
    for name, text in given:
        if name not in known:
            raise Refusal(
                400, f"there is no parameter {name[:_LONGEST]!r} here{did_you_mean(name[:_LONGEST], known)}",
                f"ask for {', '.join(known) or 'nothing'}", parameters=sorted(known),
            )  # fmt: skip
        values.setdefault(name, []).append(text)
    found: dict[str, Any] = {}
    for one in parameters:
        texts = values.get(one.name, []) if one.place == "query" else [path[one.name]]
        if not texts:
            if one.needed:
                raise Refusal(400, f"{one.name} is missing", f"add {one.name}=…; /api tells what it may be")
            found[one.name] = one.usual if one.many == 1 else one.usual or []
            continue
        if len(texts) > one.many:
            times = "once" if one.many == 1 else f"at most {one.many} times"
            raise Refusal(400, f"{one.name} is given {len(texts)} times", f"give it {times}")
        read = [_value(one, text) for text in texts]
        found[one.name] = read[0] if one.many == 1 else read
    return found


def _value(one: Parameter, text: str) -> Any:
    if one.kind == "text":
        return _text(one, text)
    if len(text) > 10 * _LONGEST:
        raise _wrong(one, text, "a short text")
    readers = {"number": _number, "integer": _integer, "numbers": _numbers, "box": _box, "flag": _flag,
               "pairs": _pair, "moment": _moment}  # fmt: skip
    return readers[one.kind](one, text)


def _text(one: Parameter, text: str) -> str:
    if one.choices and text not in one.choices:
        raise Refusal(
            404 if one.place == "path" else 400,
            f"{one.name} is {text[:_LONGEST]!r}, which there is not{did_you_mean(text[:_LONGEST], one.choices)}",
            f"choose {', '.join(one.choices)}", choices=list(one.choices),
        )  # fmt: skip
    if len(text) > _LONGEST or fit(text) != text:
        raise _wrong(one, text, f"a text of at most {_LONGEST} signs without control characters")
    return text


def _number(one: Parameter, text: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text.strip()) else math.nan
    if not (math.isfinite(value) and one.low <= value <= one.high):
        raise _wrong(one, text, f"a number{_bounds(one)}")
    return value


def _integer(one: Parameter, text: str) -> int:
    value = int(text) if _WHOLE.fullmatch(text) else None
    if value is None or not one.low <= value <= one.high:
        raise _wrong(one, text, f"a whole number{_bounds(one)}")
    return value


def _numbers(one: Parameter, text: str) -> tuple[float, ...]:
    parts = text.replace("，", ",").split(",")
    if len(parts) > 10:
        raise _wrong(one, text, "at most 10 numbers joined by commas")
    return tuple(sorted({_number(one, part) for part in parts}))


def _box(one: Parameter, text: str) -> Box:
    parts = text.split(",")
    if len(parts) not in (4, 6):
        raise _wrong(one, text, "west,south,east,north in degrees")
    numbers = [_number(one, part) for part in parts]
    west, south, east, north = (numbers[i] for i in ((0, 1, 2, 3) if len(parts) == 4 else (0, 1, 3, 4)))
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise _wrong(one, text, "west,south,east,north in degrees, longitudes within 180, latitudes within 90")
    return west, south, east, north


def _flag(one: Parameter, text: str) -> bool:
    if text not in ("true", "false"):
        raise _wrong(one, text, "true or false")
    return text == "true"


def _pair(one: Parameter, text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    if not re.fullmatch(r"\w{1,80}", name) or not _NUMBER.fullmatch(number):
        raise _wrong(one, text, "name=number")
    return name, float(number)


def _moment(one: Parameter, text: str) -> str:
    if not text or not _MOMENT.fullmatch(text):
        raise _wrong(one, text, "a date, a date and time, or two of them about a /")
    return text


def _bounds(one: Parameter) -> str:
    low, high = (f"{one.low:g}" if math.isfinite(one.low) else "", f"{one.high:g}" if math.isfinite(one.high) else "")
    return f" from {low} to {high}" if low and high else f" of {low} or more" if low else ""


def _wrong(one: Parameter, text: str, wanted: str) -> Refusal:
    return Refusal(400, f"{one.name} is {text[:_LONGEST]!r}", f"give {wanted}")


def schema_of(one: Parameter) -> dict[str, Any]:
    """Return a parameter's JSON schema."""
    number: dict[str, Any] = {"type": "integer" if one.kind == "integer" else "number"}
    number |= {"minimum": one.low} if math.isfinite(one.low) else {}
    number |= {"maximum": one.high} if math.isfinite(one.high) else {}
    single: dict[str, Any] = {"type": "string"}
    if one.kind in ("number", "integer"):
        single = number
    elif one.kind == "flag":
        single = {"type": "boolean"}
    elif one.kind == "numbers":
        single = {"type": "array", "items": number, "minItems": 1, "maxItems": 10}
    elif one.kind == "box":
        single = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    if one.choices:
        single["enum"] = list(one.choices)
    if one.usual is not None:
        single["default"] = list(one.usual) if isinstance(one.usual, tuple) else one.usual
    return single if one.many == 1 else {"type": "array", "items": single, "maxItems": one.many}
