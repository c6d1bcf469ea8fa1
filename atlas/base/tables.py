"""The one reader of CSV tables: any usual encoding in, rows that know their line out.

A row's cells are texts; :meth:`Row.number`, :meth:`Row.date` and the like make values of them and refuse, with file,
line and column, what is none.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import NoReturn

from atlas.base.doors import MOST_DIGITS, Door, did_you_mean, sign_fault
from atlas.base.errors import AtlasError, LayerError

__all__ = [
    "SEPARATOR",
    "Row",
    "Table",
    "all_listed",
    "is_iso_date",
    "iso_time",
    "listed",
    "listing",
    "parse_table",
    "read_table",
    "slots",
]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]+(?:\.0*)?", re.ASCII)
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)
#: No cell of a table of ours is longer; a quote left open swallows the rest of a file.
_MOST_SIGNS = 131_072
_YES, _NO = {"true", "yes", "1", "是"}, {"false", "no", "0", "否"}


def is_iso_date(text: str, *, reduced: bool = True) -> bool:
    """Return whether `text` is a date of the calendar, ``2024-06-30``; with `reduced`, ``2024-06`` and ``2024`` too.

    >>> is_iso_date("2024-06"), is_iso_date("2024-02-30"), is_iso_date("2024", reduced=False)
    (True, False, False)
    """
    found = _DATE.fullmatch(text)
    if found is None or (not reduced and found[3] is None):
        return False
    try:
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return False
    return True


def iso_time(text: str) -> datetime | None:
    """Return a time of ISO 8601 with its hour, with or without an offset; None: it is none, or a day alone.

    >>> iso_time("2025-09-24T12:00+08:00").hour, iso_time("2025-09-24"), iso_time("noon")
    (12, None, None)
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if is_iso_date(text) else when


#: What stands between the parts of a list in one cell: every GIS format can hold such a text.
SEPARATOR = ";"


def listed(text: str | None) -> tuple[str, ...]:
    """Return the parts of a ``;`` list, stripped, without the empty ones.

    >>> listed("a; b;;")
    ('a', 'b')
    """
    return tuple(part for raw in (text or "").split(SEPARATOR) if (part := raw.strip()))


def all_listed(texts: Iterable[object]) -> list[list[str]]:
    """Return the parts of many ``;`` lists, each as :func:`listed` does; of a list that is none (None) there are none.

    >>> all_listed(["a;b", "", None]), all_listed(["a; b;;"])
    ([['a', 'b'], [], []], [['a', 'b']])
    """
    written = [str(text) if text else "" for text in texts]
    parts = [slots(text) if text else [] for text in written]
    whole = list(chain.from_iterable(parts))
    # where all are written without blanks they are what stands between the signs
    if all(whole) and list(map(str.strip, whole)) == whole:
        return parts
    return [list(listed(text)) for text in written]


def slots(text: str) -> list[str]:
    """Return the parts of a ``;`` list whose places count, as they are written: one for an empty text.

    >>> slots("0;;12.5"), slots("")
    (['0', '', '12.5'], [''])
    """
    return text.split(SEPARATOR)


def listing(parts: Iterable[str]) -> str:
    """Return `parts` as a ``;`` list, the inverse of :func:`slots`."""
    return SEPARATOR.join(parts)


class Row(Mapping[str, str]):
    """One row: cells by column as stripped texts, and ``line``, where it begins in the file."""

    def __init__(self, table: Table, line: int, cells: Mapping[str, str]) -> None:
        self._table, self.line, self._cells = table, line, cells

    def __getitem__(self, name: str) -> str:
        return self._cells[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def refuse(self, why: str) -> NoReturn:
        """Raise the table's error with file and line."""
        raise self._table.error(f"{self._table.where} line {self.line}: {why}")

    def needed(self, name: str) -> str:
        """Return a cell that must not be empty."""
        return self[name] or self.refuse(f"{name} is empty; fill it in")

    def number(self, name: str, *, low: float = -math.inf, high: float = math.inf, unit: str = "") -> float:
        """Return a finite number within ``low ≤ x ≤ high``; an empty cell is refused."""
        text = self.needed(name)
        if len(text) > MOST_DIGITS or not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            self.refuse(f"{name} is {_short(text)!r}, which is no number; write it with digits and a point")
        value = float(text)
        if not low <= value <= high:
            told = f" {unit}" if unit else ""
            self.refuse(f"{name} is {text}{told}, outside {low:g} to {high:g}; correct it")
        return value

    def number_or_none(
        self, name: str, *, low: float = -math.inf, high: float = math.inf, unit: str = ""
    ) -> float | None:
        """Return :meth:`number`, None for an empty cell."""
        return self.number(name, low=low, high=high, unit=unit) if self[name] else None

    def whole(self, name: str, *, low: int = -(2**63), high: int = 2**63 - 1) -> int:
        """Return a whole number within ``low ≤ n ≤ high``."""
        text = self.needed(name)
        if len(text) > MOST_DIGITS or not _WHOLE.fullmatch(text):
            self.refuse(f"{name} is {_short(text)!r}, which is no whole number")
        value = int(text.partition(".")[0])
        if not low <= value <= high:
            self.refuse(f"{name} is {text}, outside {low} to {high}; correct it")
        return value

    def whole_or_none(self, name: str, *, low: int = -(2**63), high: int = 2**63 - 1) -> int | None:
        """Return :meth:`whole`, None for an empty cell."""
        return self.whole(name, low=low, high=high) if self[name] else None

    def flag(self, name: str) -> bool:
        """Return true or false of a cell that says so (true, yes, 1, 是; false, no, 0, 否)."""
        text = self.needed(name).lower()
        if text not in _YES | _NO:
            self.refuse(f"{name} is {_short(text)!r}; write true or false")
        return text in _YES

    def date(self, name: str, *, reduced: bool = True) -> str:
        """Return an ISO date, ``YYYY-MM-DD``; with `reduced`, a month or year too."""
        text = self.needed(name)
        if not is_iso_date(text, reduced=reduced):
            self.refuse(
                f"{name} is {_short(text)!r}, which is no ISO date; write YYYY-MM-DD" + (", YYYY-MM or YYYY" * reduced)
            )
        return text

    def choice(self, name: str, known: Collection[str]) -> str:
        """Return a cell that holds one of `known`."""
        text = self[name]
        if text not in known:
            self.refuse(f"{name} is {_short(text)!r}; use one of {', '.join(known)}{did_you_mean(text, known)}")
        return text

    def items_of(self, name: str) -> tuple[str, ...]:
        """Return the parts of a ``;`` list. See :func:`listed`."""
        return listed(self[name])


@dataclass(frozen=True)
class Table:
    """A table as read: where it is from, its columns in order, its rows."""

    where: str
    error: type[AtlasError]
    columns: tuple[str, ...]
    rows: tuple[Row, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def read_table(
    path: str | Path,
    columns: Sequence[str],
    *,
    error: type[AtlasError] = LayerError,
    what: str = "",
    largest_mb: float = 64,
    most_rows: int = 1_000_000,
) -> Table:
    """Read a CSV table in UTF-8 (with or without a byte order mark), UTF-16 with one, GBK or GB18030.

    Parameters
    ----------
    path
        The file.
    columns
        Columns it must have; it may have others, in any order.
    error
        The class of error to raise.
    what
        What the table is, put behind its name in messages: ``", the ledger of sources,"``.
    largest_mb, most_rows
        Bounds, MB and rows.

    Raises
    ------
    AtlasError
        Of class `error`: the file is missing, no file, too large, in another encoding, holds null bytes, lacks a
        column or has one twice, or a row does not have as many cells as the heading.
    """
    door = Door(Path(path), error, what, largest_mb)
    return parse_table(door.text(chinese=True), columns, where=f"{path}", error=error, what=what, most_rows=most_rows)


def parse_table(
    text: str,
    columns: Sequence[str],
    *,
    where: str,
    error: type[AtlasError] = LayerError,
    what: str = "",
    most_rows: int = 1_000_000,
) -> Table:
    """Return the table that the CSV `text` of the file `where` holds. See :func:`read_table`.

    >>> [row.number("min") for row in parse_table("id,min\\na,12.5\\n", ["id", "min"], where="times.csv")]
    [12.5]
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    heading: tuple[str, ...] | None = None
    found: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if heading is None and cells:
                heading = tuple(cell.strip() for cell in cells)
                _check_heading(heading, columns, where, what, error)
            elif heading is not None and cells:
                if len(cells) != len(heading):
                    raise error(
                        f"{where} line {line}: {len(cells)} cells under {len(heading)} columns; "
                        "put texts with commas in quotes, and give every row all cells"
                    )
                # csv's own limit is a setting of the whole process, which a caller may have raised.
                if max(map(len, cells)) > _MOST_SIGNS:
                    raise csv.Error(f"field larger than field limit ({_MOST_SIGNS})")
                found.append((line, cells))
                if len(found) > most_rows:
                    raise error(f"{where} has more than {most_rows} rows; split it")
            line = reader.line_num + 1
    except csv.Error as reason:
        raise error(f"{where}{what} cannot be read: line {line}: {reason}; a quote may be left open") from reason
    if heading is None:
        raise error(f"{where}{what} cannot be read: it is empty; it needs the columns {', '.join(columns)}")
    table = Table(where, error, heading)
    rows = tuple(Row(table, at, {n: c.strip() for n, c in zip(heading, cells, strict=True)}) for at, cells in found)
    for row in rows:
        for name, cell in row.items():
            if fault := sign_fault(cell):
                row.refuse(f"{name} holds {fault}; take it out")
    return Table(where, error, heading, rows)


def _check_heading(
    heading: Sequence[str], columns: Sequence[str], where: str, what: str, error: type[AtlasError]
) -> None:
    twice = sorted({name for name in heading if heading.count(name) > 1})
    if twice:
        raise error(f"{where}{what}: the column {', '.join(map(_short, twice))} stands twice; take one out")
    missing = [name for name in columns if name not in heading]
    if missing:
        near = did_you_mean(missing[0], heading)
        raise error(f"{where}{what} lacks the columns {', '.join(missing)}{near}")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
