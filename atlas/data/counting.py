"""How each item of the plan counts: in which scenarios, from which year, on which course, or why not.

Nothing may say that an item counts where it does not. What a scenario holds follows from the features an item stands
for; this module reads it off them, so that lists, cards and reports say the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

__all__ = ["COUNTS", "OUTSIDE", "count_of", "held_by_full"]

#: ``year`` in a year's scenario as a whole; ``full-known`` and ``full`` wholly in these alone (``full`` where a part
#: has an indicative course); ``goods`` a railway for goods, in the plan's network and ridden by nobody; ``site`` a
#: station, port or airport; ``corridor`` counted with the lines it is made of; ``target`` tested as a claim;
#: ``drawn`` on the map only; ``outside`` energy, water, digital works and platforms, no part of transport;
#: ``none`` nowhere, for the reason in the register.
COUNTS = ("year", "full-known", "full", "goods", "site", "corridor", "target", "drawn", "outside", "none")
#: Kinds of items that no network could carry.
OUTSIDE = ("energy", "water", "digital", "platform")
_LINES = ("railways", "highways", "cross_border_links")
_SITES = ("stations", "ports", "airports", "places")

Row = Mapping[Hashable, Any]


@dataclass(frozen=True)
class Count:
    """How an item counts.

    Attributes
    ----------
    how
        One of :data:`COUNTS`.
    first_year
        Year from which the first part of it counts; None where only the full plan has any.
    course
        ``known``, ``indicative``, ``mixed`` or ``upgrade`` (it lies where other lines lie); empty without lines.
    """

    how: str
    first_year: int | None = None
    course: str = ""

    @property
    def in_full(self) -> bool:
        """Whether the scenario ``full`` holds the item as a whole."""
        return self.how in ("year", "full-known", "full", "goods", "site", "corridor")

    @property
    def in_full_known(self) -> bool:
        """Whether the scenario ``full-known`` holds the item as a whole."""
        return self.in_full and self.course not in ("indicative", "mixed")


def count_of(resolution: str, features: Sequence[tuple[str, Row]], kind: str = "") -> Count:
    """Return how an item counts.

    Parameters
    ----------
    resolution
        Kind of its :class:`atlas.data.register.Resolution`.
    features
        Layer and row of each feature it stands for.
    kind
        Kind of the item.

    Examples
    --------
    >>> count_of("features", [("highways", {"in_network": True, "opens_year": 2030, "course": "known"})]).how
    'year'
    """
    if resolution == "target":
        return Count("target")
    if kind in OUTSIDE:
        return Count("outside")
    carrying = [row for layer, row in features if layer in _LINES and row.get("in_network")]
    if not carrying:
        sites = [row for layer, row in features if layer in _SITES and row.get("kind") != "waterway_project"]
        if sites:
            return Count("site", _first(sites))
        return Count("none" if resolution == "reason" else "drawn")
    course, years = _course(carrying), [_year(row) for row in carrying]
    first = _first(carrying)
    if resolution == "corridor":
        return Count("corridor", first, course)
    if all(row.get("passenger") is False for row in carrying if "passenger" in row) and any(
        "passenger" in row for row in carrying
    ):
        return Count("goods", first, course)
    if course in ("indicative", "mixed"):
        return Count("full", first, course)
    return Count("full-known" if None in years else "year", first, course)


def held_by_full(items: pd.DataFrame) -> tuple[int, int, pd.DataFrame]:
    """Return how many items ``full`` and ``full-known`` hold, and those that ``full`` does not (targets and what is no
    part of transport apart).

    Parameters
    ----------
    items
        From :func:`atlas.data.register.item_table`, made with the frames of the layers.
    """
    lacking = items[~items["in_full"] & ~items["counts"].isin(("target", "outside"))]
    return int(items["in_full"].sum()), int(items["in_full_known"].sum()), lacking.reset_index(drop=True)


def _year(row: Row) -> int | None:
    year = row.get("opens_year")
    return None if year is None or pd.isna(year) else int(year)


def _first(rows: Sequence[Row]) -> int | None:
    return min((year for row in rows if (year := _year(row)) is not None), default=None)


def _course(rows: Sequence[Row]) -> str:
    if all(row.get("upgrades") for row in rows):
        return "upgrade"
    courses = {str(row.get("course") or "known") for row in rows}
    return courses.pop() if len(courses) == 1 else "mixed"
