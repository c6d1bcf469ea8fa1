"""Seeded damage to files, aware of what they are made of: JSON, TOML, CSV, XML, archives, bytes."""

from __future__ import annotations

import codecs
import copy
import csv
import io
import json
import random
import re
import struct
import tomllib
import zipfile
from collections.abc import Callable
from typing import Any

__all__ = ["Mutator", "damaged_bytes", "damaged_csv", "damaged_json", "damaged_text", "damaged_toml", "damaged_zip"]

Mutator = Callable[[bytes, random.Random], bytes]

#: Texts that break what reads, shows or stores them.
TEXTS = (
    "",
    " ",
    "\t",
    "珠海",
    "澳門",
    "é" * 3,
    "a;b",
    ";",
    ";;",
    "a,b",
    '"',
    "'",
    "\\",
    "\n",
    "\r\n",
    "\0",
    "\x1b[31m",
    "\x07",
    "\ud800",
    "\udfff",
    "\ufeff",
    "\u202e",
    "\u2028",
    "\uffff",
    "\U0010ffff",
    "路" * 300,
    "x" * 5000,
    "=1+1",
    "＝1",
    "+1",
    "@a",
    "-1",
    "0",
    "-0",
    "1e400",
    "1e-400",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "9" * 5000,
    "1_000",
    "１２",
    "0x10",
    "1,5",
    "2026-02-30",
    "2026-13",
    "0000",
    "9999-12-31",
    "2026-01-01T00:00:00",
    "2024-06",
    "true",
    "null",
    "None",
    "../../x",
    "/etc/passwd",
    "/vsicurl/http://localhost/x",
    "C:\\x",
    "constructor",
    "__proto__",
    "<script>alert(1)</script>",
    "</script>",
    "%s%n",
    "{0}",
    "${x}",
    "a" * 256,
    "🚄",
    "a\u0301",
    "operating",
    "unknown",
    "mainland",
    "full",
    "ferries",
)
#: Numbers that break what computes with them.
NUMBERS = (
    0, -1, 1, 2, -0.0, 0.5, 1e-300, 5e-324, 1e300, 1.7e308, -1e308, float("inf"), float("-inf"), float("nan"),
    2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**20, 10**400, 180, 181, 90.0001, -90, 360, 1e-9,
)  # fmt: skip
SHAPES: tuple[Any, ...] = (
    None, {}, [], True, "Point", {"type": "Point"}, {"type": "Point", "coordinates": []},
    {"type": "Point", "coordinates": [113]}, {"type": "Point", "coordinates": [113, 22, 5, 7]},
    {"type": "Point", "coordinates": [None, None]}, {"type": "Point", "coordinates": [[113, 22]]},
    {"type": "MultiPoint", "coordinates": [[113, 22]]}, {"type": "LineString", "coordinates": []},
    {"type": "LineString", "coordinates": [[113, 22]]}, {"type": "LineString", "coordinates": [[113, 22], [113, 22]]},
    {"type": "LineString", "coordinates": [[113, 22, 1], [113.1, 22]]},
    {"type": "LineString", "coordinates": [[113, 22], [113.1, "x"]]},
    {"type": "Polygon", "coordinates": []}, {"type": "Polygon", "coordinates": [[]]},
    {"type": "Polygon", "coordinates": [[[113, 22], [113.1, 22], [113, 22]]]},
    {"type": "Polygon", "coordinates": [[[113, 22], [113.2, 22.2], [113.2, 22], [113, 22.2], [113, 22]]]},
    {"type": "MultiPolygon", "coordinates": []}, {"type": "MultiPolygon", "coordinates": [[]]},
    {"type": "GeometryCollection", "geometries": []}, {"type": "GeometryCollection"},
    {"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection", "geometries": []}]},
    {"type": "Circle", "coordinates": [1, 2]}, {"type": 5, "coordinates": [1, 2]},
    {"type": ["Point"], "coordinates": {}},
    {"type": "LineString", "coordinates": [[22, 113], [22.1, 113]]},
    {"type": "Point", "coordinates": [1e308, 22]}, {"type": "Point", "coordinates": [float("nan"), 22]},
)  # fmt: skip
_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gbk", "gb18030", "latin-1", "utf-7")


def odd(chance: random.Random, *, deep: bool = True) -> Any:
    """Return a value that should not stand there."""
    kind = chance.randrange(8 if deep else 5)
    if kind < 3:
        return chance.choice(TEXTS)
    if kind < 5:
        return chance.choice(NUMBERS)
    if kind == 5:
        return chance.choice((None, True, False, [], {}, [[]], [None], {"": ""}))
    if kind == 6:
        return copy.deepcopy(chance.choice(SHAPES))
    nested: Any = []
    for _ in range(chance.choice((3, 30, 300))):
        nested = [nested] if chance.random() < 0.5 else {"a": nested}
    return nested


def _places(value: Any, most: int = 4000) -> list[tuple[Any, Any]]:
    """Every (container, key) in a value."""
    found: list[tuple[Any, Any]] = []
    left = [value]
    while left and len(found) < most:
        one = left.pop()
        keys = one.keys() if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            found.append((one, key))
            left.append(one[key])
    return found


def _restructured(value: Any, chance: random.Random) -> Any:
    value = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        places = _places(value)
        if not places:
            return odd(chance)
        # Half of the changes go to what stands high up or bears a name, so that coordinates do not take them all.
        named = [place for place in places if isinstance(place[1], str)]
        holder, key = chance.choice(named if named and chance.random() < 0.7 else places)
        what = chance.random()
        if what < 0.55:
            holder[key] = odd(chance)
        elif what < 0.65:
            del holder[key]
        elif what < 0.75 and isinstance(holder[key], (int, float)) and not isinstance(holder[key], bool):
            holder[key] = holder[key] * chance.choice((-1, 0, 10, 1e6, 1e300, 0.5))
        elif what < 0.85:
            holder[key] = copy.deepcopy(chance.choice(places)[0])
        elif isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            holder[str(odd(chance, deep=False))] = holder[key]
    return value


def _encoded(text: str, chance: random.Random) -> bytes:
    encoding = chance.choice(_ENCODINGS) if chance.random() < 0.15 else "utf-8"
    data = text.encode(encoding, "surrogatepass" if encoding.startswith("utf-") and encoding != "utf-7" else "replace")
    if chance.random() < 0.03:
        data = chance.choice((codecs.BOM_UTF16_BE, codecs.BOM_UTF8, b"\xff\xfe\0\0")) + data
    return damaged_bytes(data, chance) if chance.random() < 0.12 else data


def damaged_bytes(data: bytes, chance: random.Random) -> bytes:
    """Return `data` cut, with bytes flipped, blocks doubled, blanked or moved, or numbers made extreme."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 20))):
        size = len(out)
        if not size:
            return chance.randbytes(chance.choice((0, 1, 100)))
        at = chance.randrange(size)
        what = chance.randrange(8)
        if what == 0:
            del out[at:]
        elif what <= 3:
            out[at] = chance.choice((chance.randrange(256), out[at] ^ (1 << chance.randrange(8)), 0, 255))
        elif what == 4:
            out[at : at + chance.choice((1, 4, 64))] = b""
        elif what == 5:
            start = chance.randrange(size)
            out[at:at] = out[start : start + chance.choice((1, 8, 200))]
        elif what == 6:
            number = chance.choice((0, 1, 2**31 - 1, 2**32 - 1, 2**16, 2**63 - 1))
            form = chance.choice(("<I", ">I", "<Q", "<H"))
            packed = struct.pack(form, number & (256 ** struct.calcsize(form) - 1))
            out[at : at + len(packed)] = packed
        else:
            length = chance.choice((1, 16, 256))
            out[at : at + length] = bytes([chance.choice((0, 255, 32))]) * length
    return bytes(out)


def damaged_json(data: bytes, chance: random.Random) -> bytes:
    """Return a JSON file with other values, types, depths, digits or encodings."""
    value = _restructured(json.loads(data), chance)
    text = json.dumps(value, ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.08:
        numbers = list(re.finditer(r"(?<=[\[:, ])-?\d+(?:\.\d+)?(?=[,\]}\s])", text))
        if numbers:
            found = chance.choice(numbers)
            raw = chance.choice(
                ("9" * 5000, "1e400", "-1e400", "0." + "1" * 5000, "1E+999999999", "01", "+1", "0x1", "NaN")
            )
            text = text[: found.start()] + raw + text[found.end() :]
    if chance.random() < 0.02:
        text = "[" * 100_000 + text
    return _encoded(text, chance)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(repr(value), repr(value))
    if isinstance(value, int):
        return hex(value) if abs(value) > 10**300 and value > 0 else str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {_toml_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps("" if value is None else str(value))


def damaged_toml(data: bytes, chance: random.Random) -> bytes:
    """Return a TOML file with other values and types, or other lines."""
    if chance.random() < 0.2:
        return damaged_text(data, chance)
    value = _restructured(tomllib.loads(data.decode()), chance)
    if not isinstance(value, dict):
        return _encoded(_toml_value(value), chance)
    lines = [f"{json.dumps(str(key))} = {_toml_value(one)}" for key, one in value.items()]
    if chance.random() < 0.1:
        lines.append(
            chance.choice(("a = 2026-02-30", "a = 1e999999", "a = " + "9" * 5000, "a = " + "[" * 5000, "[a]\n[a]"))
        )
    return _encoded("\n".join(lines) + "\n", chance)


def damaged_text(data: bytes, chance: random.Random) -> bytes:
    """Return a text with lines or words lost, doubled, moved, or replaced."""
    lines = data.decode("utf-8", "replace").splitlines(keepends=True)
    for _ in range(chance.choice((1, 1, 2, 4))):
        if not lines:
            break
        at, what = chance.randrange(len(lines)), chance.randrange(5)
        if what == 0:
            del lines[at]
        elif what == 1:
            lines.insert(at, lines[at])
        elif what == 2:
            words = list(re.finditer(r"[\w.\-:/]+", lines[at]))
            if words:
                word = chance.choice(words)
                lines[at] = lines[at][: word.start()] + str(odd(chance, deep=False)) + lines[at][word.end() :]
        elif what == 3:
            cut = chance.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:cut] + chance.choice(TEXTS) + lines[at][cut:]
        else:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
    return _encoded("".join(lines), chance)


def damaged_csv(data: bytes, chance: random.Random) -> bytes:  # noqa: C901 (one branch a kind of damage)
    """Return a CSV table with other cells, columns, rows or quotes."""
    if chance.random() < 0.15:
        return damaged_text(data, chance)
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        if not rows:
            break
        # A large table keeps its size, but what is changed stands near its beginning.
        row = rows[chance.randrange(min(len(rows), 30))]
        what = chance.randrange(12)
        if what < 6 and row:
            row[chance.randrange(len(row))] = str(odd(chance, deep=False))
        elif what == 6 and row:
            del row[chance.randrange(len(row))]
        elif what == 7:
            row.insert(chance.randrange(len(row) + 1), str(odd(chance, deep=False)))
        elif what == 8:
            rows.insert(chance.randrange(len(rows)), list(row))
        elif what == 9 and rows[0]:
            rows[0][chance.randrange(len(rows[0]))] = chance.choice((*rows[0], *TEXTS))
        elif what == 10:
            del rows[chance.randrange(len(rows))]
        elif rows[0]:
            column = chance.randrange(len(rows[0]))
            for one in rows:
                if column < len(one):
                    one.append(one.pop(column))
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if chance.random() < 0.2 else csv.QUOTE_MINIMAL
    ending, sign = chance.choice(("\n", "\r\n", "\n", "\r")), chance.choice((",", ",", ",", ",", ";", "\t"))
    csv.writer(text, lineterminator=ending, quoting=quoting, delimiter=sign).writerows(rows)
    return _encoded(text.getvalue(), chance)


def damaged_zip(inner: Mutator) -> Mutator:
    """Return what damages an archive: one of its members by `inner`, its list, or its bytes."""

    def damaged(data: bytes, chance: random.Random) -> bytes:
        if chance.random() < 0.25:
            return damaged_bytes(data, chance)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
        at, what = chance.randrange(len(members)), chance.random()
        name, content = members[at]
        if what < 0.8:
            members[at] = name, inner(content, chance)
        elif what < 0.87:
            del members[at]
        elif what < 0.93:
            strange = ("../x", "/x", "a/" * 200, "x\0y", name.upper(), f"d/{name}", "珠海.txt", name + ".zip", "")
            members[at] = chance.choice(strange), content
        else:
            members.append((name, inner(content, chance)))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
            for one, inside in members:
                if one:
                    archive.writestr(zipfile.ZipInfo(one), inside)
        return out.getvalue()

    return damaged
