"""Write what the pages' scripts get (atlas/maps/payload.py) as types that tsc reads: assets/js/payload.d.ts."""

from __future__ import annotations

import sys
import types
import typing
from pathlib import Path

from atlas.maps import payload

_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", typing.Any: "any"}


def spell(kind: typing.Any) -> str:
    """Return a Python type as TypeScript has it.

    Raises
    ------
    TypeError
        There is no word for it.
    """
    if kind in _PLAIN:
        return _PLAIN[kind]
    if typing.is_typeddict(kind):
        return str(kind.__name__)
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.NotRequired:
        return spell(inside[0])
    if origin is list:
        return f"{spell(inside[0])}[]"
    if origin is dict:
        return f"Record<{spell(inside[0])}, {spell(inside[1])}>"
    if origin is types.UnionType:
        return " | ".join(map(spell, inside))
    raise TypeError(f"no TypeScript word for {kind!r}")


def is_optional(hint: typing.Any) -> bool:
    """Return whether a member may be absent."""
    return typing.get_origin(hint) is typing.NotRequired


def declared() -> str:
    """Return the whole text of the file."""
    lines = ["// Made by scripts/payload_types.py from atlas/maps/payload.py; scripts/bundle renews it."]
    for name, kind in sorted(vars(payload).items()):
        if getattr(kind, "__module__", "") != payload.__name__:
            continue
        if typing.is_typeddict(kind):
            lines += ["", f"/** {(kind.__doc__ or '').splitlines()[0]} */", f"export interface {name} {{"]
            hints = typing.get_type_hints(kind, include_extras=True)
            lines += [f"  {key}{'?' if is_optional(hint) else ''}: {spell(hint)};" for key, hint in hints.items()]
            lines.append("}")
        elif isinstance(kind, type) and hasattr(kind, "_fields"):
            members = ", ".join(f"{field}: number" for field in kind._fields)
            lines += ["", f"/** {(kind.__doc__ or '').splitlines()[0]} */", f"export type {name} = [{members}];"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(declared(), "utf-8")
