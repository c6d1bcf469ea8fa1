"""A way through the network, leg by leg, with the parts of its time."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from atlas.base.words import both, language, say_in
from atlas.data.scenario import Scenario
from atlas.notebook.card import card, map_of
from atlas.ways.heap import Ways
from atlas.ways.told import PARTS, Leg, Told, legs_of, parts_of, travelled

if TYPE_CHECKING:
    import shapely

__all__ = ["Journey", "journey_on"]


class Travelled(Protocol):
    """What a journey is made on: a trip, or a kept one."""

    @property
    def network(self) -> Told:
        """What is there."""

    @property
    def scenario(self) -> Scenario:
        """What is open."""

    @property
    def mode(self) -> str:
        """What is travelled by."""


@dataclass(frozen=True)
class Journey:
    """The fastest way from one place to another under one scenario and mode.

    Attributes
    ----------
    network
        A :class:`atlas.network.value.Network`, or the kept trip in place of it.
    minutes
        Door to door, infinite when there is no way.
    station_to_station_min
        From the departure of the first train to the arrival of the last, changes and their waits inside; NaN
        without a train.
    parts
        ``minutes`` split into :data:`PARTS`.
    edge_rows
        Rows of ``Network.edges`` travelled, in order.
    """

    network: Any
    scenario: Scenario
    mode: str
    origin: str
    destination: str
    minutes: float
    legs: tuple[Leg, ...]
    parts: tuple[tuple[str, float], ...]
    edge_rows: tuple[int, ...]
    station_to_station_min: float = float("nan")

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        ends = f"{self.origin} → {self.destination}"
        return f"<Journey {ends}, {self.mode}, {self.scenario.name}: {self.minutes:.1f} min>"

    def _repr_html_(self) -> str:
        """Return a card for notebooks: minutes with their parts, the legs, and a small map."""
        lang = language()
        if not self.found:
            facts: list[tuple[str, object]] = [(self.scenario.name, say_in(lang, "notebook.no_way"))]
            return card(f"{self.origin} → {self.destination}", facts)
        parts = [
            say_in(lang, "explain.part", name=both(f"minutes_part.{name}"), minutes=m) for name, m in self.parts if m
        ]
        facts = [
            (say_in(lang, "column.min"), self.minutes),
            (say_in(lang, "column.km"), self.length_km),
            (say_in(lang, "column.mode"), say_in(lang, f"mode.{self.mode}")),
            (say_in(lang, "notebook.scenario"), self.scenario.name),
            (say_in(lang, "notebook.parts"), ", ".join(parts)),
        ]
        heads = [say_in(lang, f"column.{name}") for name in ("leg", "road or line", "from", "to", "km", "min")]
        rows = [
            [say_in(lang, f"role.{leg.role}"), leg.name_zh if lang == "zh" else leg.name_en or leg.name_zh,
             leg.from_name, leg.to_name, leg.length_km, leg.minutes]
            for leg in self.legs
        ]  # fmt: skip
        import shapely

        drawn = ((shapely.get_coordinates(line), "#0b3954", False) for line in self.geometry.geoms)
        return card(
            f"{self.origin} → {self.destination}", facts, heads=heads, rows=rows, more="…", picture=map_of(drawn)
        )

    @property
    def found(self) -> bool:
        """Whether there is a way at all."""
        return math.isfinite(self.minutes)

    @property
    def length_km(self) -> float:
        """Kilometres of all legs."""
        return sum(leg.length_km for leg in self.legs)

    @property
    def geometry(self) -> shapely.MultiLineString:
        """The way as lines, EPSG:4326."""
        import shapely

        lines = self.network.edge_column("geometry")[list(self.edge_rows)]
        return shapely.MultiLineString([line for line in lines if line is not None and not line.is_empty])


def journey_on(trip: Travelled, tree: Ways, end: int) -> Journey:
    """Return the journey from the start of `tree`, a search on `trip`, to the node in row `end`."""
    network, scenario, mode = trip.network, trip.scenario, trip.mode
    minutes = tree.arrival(end)
    names = network.node_names
    start_zh, end_zh = names[tree.start], names[end]
    if not math.isfinite(minutes):
        blank = tuple((part, 0.0) for part in PARTS)
        return Journey(network, scenario, mode, start_zh, end_zh, minutes, (), blank, ())
    rows, passed = travelled(tree, end)
    parts = tuple(zip(PARTS, parts_of(network, rows, passed), strict=True))
    spent = [b - a for a, b in itertools.pairwise(passed)]
    legs = legs_of(network, rows, spent)
    role = network.edge_columns["role"]
    rides = [i for i, row in enumerate(rows) if role[row] == "ride"]
    ridden = sum(spent[rides[0] : rides[-1] + 1]) if rides else float("nan")
    return Journey(network, scenario, mode, start_zh, end_zh, minutes, legs, parts, tuple(rows), ridden)
