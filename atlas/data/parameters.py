"""The parameter table: every speed factor, wait and fixed minute of the model, as data.

``data/parameters.csv`` holds one row a parameter: ``name, low, central, high, unit, sense, source, note``.
``sense`` is 1 when a larger value lengthens trips and −1 when it shortens them; with it the set
*favourable* takes the value that shortens trips, *adverse* the one that lengthens them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from atlas.base.doors import did_you_mean
from atlas.base.errors import ParameterError
from atlas.base.files import content_hash
from atlas.base.tables import Row, read_table

__all__ = ["SETS", "ParameterSet", "ParameterTable", "read_parameters"]

SetName = Literal["favourable", "central", "adverse"]
SETS: tuple[SetName, ...] = ("favourable", "central", "adverse")
_COLUMNS = ("name", "low", "central", "high", "unit", "sense", "source", "note")


@dataclass(frozen=True)
class Parameter:
    """One row of the table: a value with its range, unit and source."""

    name: str
    low: float
    central: float
    high: float
    unit: str
    sense: int
    source: str
    note: str = ""

    def value(self, which: SetName) -> float:
        """Return the value that the set `which` takes."""
        if which == "central":
            return self.central
        return self.low if (which == "favourable") == (self.sense > 0) else self.high


@dataclass(frozen=True)
class ParameterTable:
    """All parameters, in the order of the file."""

    rows: tuple[Parameter, ...]

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.rows)

    def __contains__(self, name: object) -> bool:
        return any(row.name == name for row in self.rows)

    def __getitem__(self, name: str) -> Parameter:
        for row in self.rows:
            if row.name == name:
                return row
        raise ParameterError(_unknown(name, (row.name for row in self.rows)))

    def chosen(self, which: str = "central", overrides: Mapping[str, float] | None = None) -> ParameterSet:
        """Return one value a parameter.

        Parameters
        ----------
        which
            ``favourable``, ``central`` or ``adverse``.
        overrides
            Values that replace those of the table, by name; each must be finite and positive or zero.

        Raises
        ------
        ParameterError
            An unknown set or name, or a value that is negative or not finite.
        """
        if which not in SETS:
            raise ParameterError(f"unknown parameter set {which!r}; choose one of {', '.join(SETS)}")
        values = {row.name: row.value(which) for row in self.rows}
        for name, value in (overrides or {}).items():
            if name not in values:
                raise ParameterError(_unknown(name, values))
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ParameterError(f"parameter {name}: {value!r} is not a number")
            if not math.isfinite(value) or value < 0 or (value == 0 and self[name].sense < 0):
                raise ParameterError(f"parameter {name}: {value} is out of its range (give a positive number)")
            values[name] = float(value)
        return ParameterSet(which, tuple(values.items()))


@dataclass(frozen=True)
class ParameterSet:
    """One value a parameter, with the name of the set they were taken from."""

    name: str
    values: tuple[tuple[str, float], ...]

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        return f"<ParameterSet {self.name}: {len(self.values)} values>"

    def value(self, name: str) -> float:
        """Return the value of the parameter `name`, in the unit of the table."""
        for known, value in self.values:
            if known == name:
                return value
        raise ParameterError(_unknown(name, (known for known, _ in self.values)))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all names and values."""
        return content_hash(*(f"{name}={value!r}" for name, value in self.values))


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"unknown parameter {name!r}{did_you_mean(name, known)}"


def read_parameters(path: str | Path) -> ParameterTable:
    """Read a parameter table.

    Raises
    ------
    ParameterError
        The file is missing, a column is missing, a number cannot be read, a row is not
        ``0 ≤ low ≤ central ≤ high``, a name stands twice, or a source is empty.
    """
    rows: list[Parameter] = []
    seen: set[str] = set()
    for row in read_table(path, _COLUMNS, error=ParameterError, what=", the parameter table,"):
        parameter = _parse(row)
        if parameter.name in seen:
            row.refuse(f"{parameter.name} stands twice; take one out")
        seen.add(parameter.name)
        rows.append(parameter)
    return ParameterTable(tuple(rows))


def _parse(row: Row) -> Parameter:
    name, source = row["name"], row["source"]
    if not name or not source:
        row.refuse("a parameter needs a name and a source")
    low, central, high = (row.number(column) for column in ("low", "central", "high"))
    if not 0 <= low <= central <= high:
        row.refuse(f"{name}: needs 0 <= low <= central <= high, has {low:g}, {central:g}, {high:g}")
    sense = row.whole("sense")
    if sense not in (-1, 1):
        row.refuse(f"{name}: sense must be 1 or -1, is {sense}")
    return Parameter(name, low, central, high, row["unit"], sense, source, row["note"])
