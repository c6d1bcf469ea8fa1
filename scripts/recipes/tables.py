"""The authored tables: reading them, what every row of theirs gets, and what is left out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from atlas.base.tables import listing, slots

Row = Mapping[str, str]
Point = tuple[float, float]

# A status taken from the plan's text is as old as the plan.
PLAN_BASE = "2023"
# The last day of the fact tables: a later date in a row's words is announced, not known.
LAST_DAY = "2026-11-28"
_DATE = re.compile(r"(?<![\w./-])((?:19|20)\d{2}(?:-(?:0[1-9]|1[0-2])(?:-\d{2})?)?)(?![\w./])")
# What was looked at is the position, not the status.
_OF_POSITION = ("checked against the boundary", "point moved", "geometry check", "moved to fit", "sketch")
_FROM_PLAN = ("plan text", "plan 专栏", "plan box", "named in the plan", "plan only", "plan:", "plan calls")


class TableError(ValueError):
    """An authored table breaks its own rules."""


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a UTF-8 CSV with stripped values."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return [{name: (value or "").strip() for name, value in row.items()} for row in csv.DictReader(handle)]


def table_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return CSV text with ``\\n`` line ends."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue()


@dataclass(frozen=True)
class Left:
    """A row, or a part of one, that reaches no layer, and why."""

    table: str
    row_id: str
    reason: str


@dataclass(frozen=True)
class Feature:
    """A feature to be written: its properties by column and its coordinates (lon, lat)."""

    properties: dict[str, Any]
    coordinates: tuple[Point, ...]

    @property
    def id(self) -> str:
        """The feature's id."""
        return str(self.properties["id"])


@dataclass
class Compiled:
    """What a recipe yields: features by layer, and the rows it left out."""

    layers: dict[str, list[Feature]] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    def join(self, other: Compiled) -> None:
        """Take in what `other` yields."""
        for key, features in other.layers.items():
            self.layers.setdefault(key, []).extend(features)
        self.left.extend(other.left)


@dataclass(frozen=True)
class Facts:
    """The folder of authored tables."""

    folder: Path

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return the rows of ``<name>.csv``."""
        return read_table(self.folder / f"{name}.csv")

    @cached_property
    def plan_ids(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Plan items by (layer, feature id), from ``data/plan/plan_links.csv``."""
        links: dict[tuple[str, str], tuple[str, ...]] = {}
        for row in read_table(self.folder.parent / "plan" / "plan_links.csv"):
            key = (row["layer"], row["feature_id"])
            links[key] = tuple(sorted({*links.get(key, ()), row["plan_id"]}))
        return links

    @cached_property
    def source_words(self) -> list[tuple[str, str]]:
        """Pairs of words found in a row's source text and the ledger key they stand for, in order."""
        return [(row["words"], row["source"]) for row in self.rows("source_words")]

    def source_key(self, words: str) -> str:
        """Return the ledger key of a row's source text: the first entry whose words occur in it."""
        for part, key in self.source_words:
            if part in words:
                return key
        raise TableError(f"no entry of source_words.csv fits {words!r}; add one")

    def common(self, layer: str, row: Row, *, kind: str, status: str, source: str) -> dict[str, Any]:
        """Return the contract columns that every recipe fills the same way."""
        return {
            "id": row["id"],
            "name_zh": row["name_zh"] or None,
            "name_en": row["name_en"] or None,
            "kind": kind,
            "status": status,
            "status_as_of": known_on(status, source, row.get("opened", "")),
            "checked_on": row.get("checked_on") or None,
            "plan_ids": listing(self.plan_ids.get((layer, row["id"]), ())),
            "city": row.get("city") or None,
            "source": self.source_key(source),
            "source_note": source or None,
        }


def known_on(status: str, source: str, opened: str = "") -> str | None:
    """Return the date at which a row's source knew its status; None when the source bears no date.

    Examples
    --------
    >>> known_on("operating", "中新网 2024-06-27; ends checked against the boundary polygons 2026-11-23", "2024-06")
    '2024-06-27'
    >>> known_on("planned", "plan text; site general knowledge, unverified")
    '2023'
    >>> known_on("operating", "general knowledge, unverified") is None
    True
    """
    if status != "operating" and any(words in source for words in _FROM_PLAN):
        return PLAN_BASE
    words = listing(part for part in slots(source) if not any(sign in part for sign in _OF_POSITION))
    dates = _DATE.findall(words)
    if status == "operating" and "general knowledge, unverified" not in source:
        dates += _DATE.findall(opened)
    past = [date for date in dates if "1980" <= date <= LAST_DAY]
    return max(past, default=None)


def number(text: str) -> float | None:
    """Return the number in `text`, None when there is none."""
    return float(text) if text else None


def whole(text: str) -> int | None:
    """Return the first whole number in `text` (``4-6`` gives 4), None when there is none."""
    return int(text.split("-")[0]) if text else None


def point(row: Row, lon: str = "lon", lat: str = "lat") -> Point | None:
    """Return the coordinate of a row, None when it has none."""
    return (float(row[lon]), float(row[lat])) if row[lon] and row[lat] else None


def override(compiled: Compiled, rows: Iterable[Row], casts: Mapping[tuple[str, str], Callable[[str], Any]]) -> None:
    """Set single values of compiled features as ``overrides.csv`` says, and note why in ``source_note``.

    Raises
    ------
    TableError
        An entry names a feature or a column that does not exist.
    """
    features = {(layer, one.id): one for layer, many in compiled.layers.items() for one in many}
    for row in rows:
        feature = features.get((row["layer"], row["id"]))
        if feature is None or row["column"] not in feature.properties:
            raise TableError(f"overrides.csv: no {row['column']} of {row['id']!r} in layer {row['layer']!r}")
        cast = casts[row["layer"], row["column"]]
        feature.properties[row["column"]] = cast(row["value"]) if row["value"] else None
        note = f"{row['column']}: {row['reason']}"
        words = [feature.properties["source_note"] or "", note]
        feature.properties["source_note"] = "; ".join(word for word in words if word)
