"""The doors by which a file's bytes come in: bounded, decoded, parsed, and refused in one line that names the place.

Every reader of JSON, TOML or CSV passes through here. What is refused is refused with the error class of the
caller, with the file, the line where there is one, and what to do.
"""

from __future__ import annotations

import codecs
import gc
import json
import math
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any, NoReturn

from atlas.base.errors import AtlasError

__all__ = [
    "MOST_DIGITS",
    "Door",
    "as_written",
    "did_you_mean",
    "is_database",
    "missing_extra",
    "name_fault",
    "nearest",
    "sign_fault",
    "uncollected",
    "whole_signs",
]

#: A number of more digits than a 64-bit integer or a float can tell apart is no measurement.
MOST_DIGITS = 40
_LONGEST_NAME = 200
LARGEST_INTEGER = 2**63 - 1
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LARGE = "clip it to the region, simplify it or split it"
#: Signs that JSON can only carry as escapes and that no name holds.
_ESCAPED = r"\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000)"
#: Digits as zeros, all other bytes as blanks, and the fewest digits in a row of a number that may be too long: what
#: has fewer fits 64 bits, and a number of hundreds of signs has more.
_DIGITS = bytes(ord("0" if chr(byte).isdecimal() and byte < 128 else " ") for byte in range(256))
_LONG_NUMBER = b"0" * 19
_IN_A_PART = 1 << 22
_HALVES = re.compile("[\ud800-\udfff]")
_DATABASES = ("postgresql://", "postgres://", "pg:")
_EXTRAS = {
    "osmium": ("osm", "reading OpenStreetMap files"),
    "gtfs-kit": ("gtfs", "reading GTFS"),
    "rasterio": ("raster", "reading and writing rasters"),
    "pyarrow": ("parquet", "Parquet"),
    "openpyxl": ("excel", "Excel"),
    "ezdxf": ("dxf", "DXF"),
    "pmtiles": ("pmtiles", "a PMTiles basemap"),
    "python-docx": ("docx", "a Word document"),
    "psycopg": ("postgis", "PostGIS"),
    "uvicorn": ("serve", "the service"),
    "distributed": ("dask", "work shared among processes"),
    "mapbox-vector-tile": ("serve", "a vector tile"),
}


def is_database(text: object) -> bool:
    """Return whether a text names a database instead of a file.

    Examples
    --------
    >>> is_database("postgresql://me@host/gis?schema=atlas"), is_database("PG:dbname=gis"), is_database("a.gpkg")
    (True, True, False)
    """
    return isinstance(text, str) and text.lower().startswith(_DATABASES)


def nearest(text: str, known: Iterable[str], *, cutoff: float = 0.5) -> list[str]:
    """Return the three of `known` most like `text`, best first; fewer where fewer are like it.

    >>> nearest("speeed", ["speed", "toll"])
    ['speed']
    """
    import difflib

    return difflib.get_close_matches(text[:200], list(known), n=3, cutoff=cutoff)


def did_you_mean(text: str, known: Iterable[str], *, cutoff: float = 0.5) -> str:
    """Return ``"; did you mean a, b?"`` with the nearest of `known`, empty when none is near.

    >>> did_you_mean("speeed", ["speed", "toll"])
    '; did you mean speed?'
    """
    near = nearest(text, known, cutoff=cutoff)
    return f"; did you mean {', '.join(near)}?" if near else ""


def missing_extra(package: str) -> str:
    """Return the sentence that says which extra brings `package`.

    >>> missing_extra("ezdxf")
    "DXF needs ezdxf; install it with: pip install 'zhuxi-atlas[dxf]'"
    """
    extra, purpose = _EXTRAS[package]
    return f"{purpose} needs {package}; install it with: pip install 'zhuxi-atlas[{extra}]'"


def _has_long_number(text: str) -> bool:
    """Whether `text` holds so many digits in a row that a number may be too long; looked at in parts that overlap."""
    parts = (text[k : k + _IN_A_PART + len(_LONG_NUMBER)] for k in range(0, len(text), _IN_A_PART))
    return any(_LONG_NUMBER in part.encode("utf-8", "surrogatepass").translate(_DIGITS) for part in parts)


def name_fault(name: str) -> str:
    """Return why tables and pages have no room for a name, empty where they have.

    >>> name_fault("x" * 300), name_fault("2030")
    ('has 300 signs, more than 200; shorten it', '')
    """
    return f"has {len(name)} signs, more than {_LONGEST_NAME}; shorten it" if len(name) > _LONGEST_NAME else ""


def sign_fault(text: str) -> str:
    """Return what no text of a table or layer may hold and `text` does: a null byte or half a character; else empty.

    >>> sign_fault("a" + chr(0))
    'a null byte'
    """
    if "\0" in text:
        return "a null byte"
    return "half a character (a lone surrogate)" if not text.isascii() and _HALVES.search(text) else ""


@contextmanager
def uncollected() -> Iterator[None]:
    """Let nobody look for circles among objects while millions of them are made that have none.

    Each look costs the more the more there are: of a hundred thousand features half the time to read them.
    """
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


def whole_signs(text: str) -> str:
    """Return a word of a command line as characters: bytes that Python could not read come as halves of characters.

    They are those of a GBK terminal, or UTF-8 where the locale is ASCII; what is neither is returned as it is.

    >>> whole_signs("\\udcd6\\udce9\\udcba\\udca3")
    '珠海'
    """
    if text.isascii() or not _HALVES.search(text):
        return text
    for encoding in ("utf-8", "gb18030"):
        try:
            return text.encode("utf-8", "surrogateescape").decode(encoding)
        except UnicodeError:
            continue
    return text


@dataclass(frozen=True)
class Door:
    """What is asked of a file before anything is made of it.

    Attributes
    ----------
    path
        The file.
    error
        The class of error its reader raises.
    what
        What the file is, put behind its name: ``", the ledger of sources,"``.
    largest_mb
        The size above which it is refused, MB.
    streams
        Whether a FIFO or terminal may be read, as ``--scenario <(…)`` hands over.
    """

    path: Path
    error: type[AtlasError]
    what: str = ""
    largest_mb: float = 64
    streams: bool = False

    def refuse(self, why: str, cause: BaseException | None = None) -> NoReturn:
        """Raise the error: the file cannot be read, and why."""
        raise self.error(f"{self.path}{self.what} cannot be read: {why}") from cause

    def content(self) -> bytes:
        """Return the bytes of the file.

        Raises
        ------
        AtlasError
            There is no such file, it is a folder or device, it is too large, or the system refuses.
        """
        most = int(self.largest_mb * 1e6)
        try:
            # Opened without waiting, so that a FIFO nobody writes to does not hold the program.
            handle = os.open(self.path, os.O_RDONLY | (0 if self.streams else os.O_NONBLOCK))
            with os.fdopen(handle, "rb") as file:
                kind = os.fstat(handle).st_mode
                plain = stat.S_ISREG(kind) or (self.streams and (stat.S_ISFIFO(kind) or stat.S_ISCHR(kind)))
                size = os.fstat(handle).st_size
                data = file.read(most + 1) if plain and size <= most else None
        except (OSError, ValueError) as reason:
            self.refuse(getattr(reason, "strerror", None) or str(reason), reason)
        if not plain:
            self.refuse("it is no file but a folder, device or pipe; name a file")
        if data is None or len(data) > most:
            told = f"{size / 1e6:.0f} MB" if size > most else "more"
            raise self.error(
                f"{self.path}{self.what} has {told}, more than the {self.largest_mb:g} MB it may have; "
                + (_LARGE if self.largest_mb > 1 else "it is meant to be some lines of text: name the right file")
            )
        return data

    def text(self, *, chinese: bool = False) -> str:
        """Return the text: UTF-8, or UTF-16 with a byte order mark; with `chinese`, GBK and GB18030 too.

        Raises
        ------
        AtlasError
            See :meth:`content`; or the bytes are in none of these encodings, or hold null bytes.
        """
        return self.decoded(self.content(), chinese=chinese)

    def decoded(self, data: bytes, *, chinese: bool = False) -> str:
        """Return `data`, the file's bytes, as text. See :meth:`text`."""
        text = self._marked(data)
        if text is None:
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError as reason:
                text = _gb18030(data) if chinese else None
                if text is None:
                    line = data.count(b"\n", 0, reason.start) + 1
                    raise self.error(
                        f"{self.path} is not UTF-8 (line {line}, byte {reason.start}); save it as UTF-8"
                    ) from reason
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            self.refuse(f"line {line} holds a null byte; it is damaged, or UTF-16 without a mark: save it as UTF-8")
        return text

    def _marked(self, data: bytes) -> str | None:
        for mark, encoding in _MARKS:
            if data.startswith(mark):
                try:
                    return data[len(mark) :].decode(encoding)
                except UnicodeDecodeError as reason:
                    self.refuse(f"it is marked as {encoding}, but byte {reason.start} is not; save it as UTF-8", reason)
        return None

    def json(self) -> Any:
        """Return the value of a JSON file.

        NaN and the infinities stay numbers, so that the reader can name the feature that holds them.

        Raises
        ------
        AtlasError
            See :meth:`text`; or it is broken, nested too deep, has a number of more than 40 digits or an integer
            past 64 bits, or a text with a null byte or half a character.
        """
        return self.parsed_json(self.text())

    def parsed_json(self, text: str) -> Any:
        """Return the value of `text`, the file's JSON. See :meth:`json`."""

        def integer(digits: str) -> int:
            if len(digits) > MOST_DIGITS or abs(int(digits)) > LARGEST_INTEGER:
                line = text.count("\n", 0, text.find(digits)) + 1
                self.refuse(f"line {line} holds the whole number {_short(digits)}, past 64 bits; correct it")
            return int(digits)

        def number(digits: str) -> float:
            # What other programs write of a float has 17 digits; thousands are an attack on the parser.
            if len(digits) > 10 * MOST_DIGITS:
                line = text.count("\n", 0, text.find(digits)) + 1
                self.refuse(f"line {line} holds the number {_short(digits)}, of {len(digits)} signs; correct it")
            return float(digits)

        # numbers are looked at one by one only where one may be too long: a call each doubles the time of large files
        checked: dict[str, Any] = {"parse_int": integer, "parse_float": number} if _has_long_number(text) else {}
        try:
            value = json.loads(text, **checked)
        except json.JSONDecodeError as reason:
            raise self.error(
                f"{self.path} is broken JSON at line {reason.lineno}, column {reason.colno} ({reason.msg}); "
                "it may be cut off: write it again"
            ) from reason
        except RecursionError as reason:
            self.refuse("it is nested too deep; a layer needs ten levels", reason)
        if re.search(_ESCAPED, text):
            for one in _texts(value):
                if fault := sign_fault(one):
                    self.refuse(f"the text {_short(one)!a} holds {fault}; take it out")
        return value

    def toml(self) -> dict[str, Any]:
        """Return the table of a TOML file. See :meth:`parsed_toml`."""
        return self.parsed_toml(self.text())

    def parsed_toml(self, text: str) -> dict[str, Any]:
        """Return the table of `text`, the file's TOML.

        Raises
        ------
        AtlasError
            It is no TOML, nested too deep, or holds a number that is infinite, NaN or past 64 bits.
        """
        import tomllib

        try:
            raw = tomllib.loads(text)
        except (ValueError, OverflowError) as reason:  # ValueError: TOMLDecodeError, 5,000 digits, no such date
            self.refuse(f"it is not TOML: {_short(str(reason), 200)}", reason)
        except RecursionError as reason:
            self.refuse("it is nested too deep; take the brackets apart", reason)
        for name, value in _numbers(raw):
            if isinstance(value, float) and not math.isfinite(value):
                self.refuse(f"{name} = {value} is no number that can be used; give a finite one")
            if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
                self.refuse(f"{name} is a whole number past 64 bits; correct it")
        return raw

    def entry(self, raw: Any, name: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        """Return ``raw[name]`` when it is of `kind`; `default` where it may be absent.

        Raises
        ------
        AtlasError
            `raw` is no table, the entry is missing, or it is of another type (true and false are no numbers).
        """
        if not isinstance(raw, dict):
            self.refuse(f"{as_written(raw)} stands where a table must; write it as [{name}] or {{…}}")
        if name not in raw:
            if default is not ...:
                return default
            raise self.error(f"{self.path}{self.what} lacks the entry {name!r}; see the documentation for all entries")
        value = raw[name]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = " or ".join(_WORDS.get(one, one.__name__) for one in kinds)
            raise self.error(
                f"{self.path}{self.what}: {name} = {as_written(value)} is of the wrong type; it must be {wanted}"
            )
        return value

    def texts(self, raw: Any, name: str, default: Any = ...) -> tuple[str, ...]:
        """Return the list of texts ``raw[name]``. See :meth:`entry`."""
        values = self.entry(raw, name, (list, tuple), default)
        for value in values:
            if not isinstance(value, str):
                raise self.error(
                    f"{self.path}{self.what}: {name} holds {as_written(value)}; it must be a list of texts"
                )
        return tuple(values)

    def numbers(self, raw: Any, name: str, count: int) -> tuple[float, ...]:
        """Return the list of `count` numbers ``raw[name]``. See :meth:`entry`."""
        values = self.entry(raw, name, list)
        if len(values) != count or any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in values):
            raise self.error(f"{self.path}{self.what}: {name} = {as_written(values)} must be a list of {count} numbers")
        return tuple(float(value) for value in values)


_WORDS = {str: "a text in quotes", int: "a whole number", float: "a number", list: "a list", bool: "true or false",
          dict: "a table"}  # fmt: skip


def _gb18030(data: bytes) -> str | None:
    """Return GBK or GB18030 bytes as text; None for what is neither, UTF-8 with some broken bytes above all."""
    mixed = data.decode("utf-8", errors="replace")
    broken = mixed.count("\ufffd")
    if sum(sign > "\u07ff" for sign in mixed) - broken > broken:
        return None
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        return None


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def as_written(value: object, most: int = 40) -> str:
    """Return a value of a TOML or JSON file as such a file has it, no longer than `most` signs.

    >>> import datetime
    >>> as_written([datetime.date(2030, 1, 1), True, "a"]), as_written(1e400), as_written("9" * 99, 5)
    ('[2030-01-01, true, "a"]', 'inf', '"9999…')
    """
    return _short(_written(value), most)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value[:20]))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_written(one)}' for key, one in list(value.items())[:20])}}}"
    return "nothing" if value is None else str(value)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys included; without recursion, for it may be deep."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one


def _numbers(raw: dict[str, Any]) -> Iterator[tuple[str, float]]:
    left: list[tuple[str, Any]] = list(raw.items())
    while left:
        name, one = left.pop()
        if isinstance(one, dict):
            left += [(f"{name}.{key}", value) for key, value in one.items()]
        elif isinstance(one, list):
            left += [(name, value) for value in one]
        elif isinstance(one, int | float) and not isinstance(one, bool):
            yield name, one
