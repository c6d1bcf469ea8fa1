"""A way through the network, leg by leg, with the parts of its time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlas.base.words import both, language, say_in
from atlas.data.scenario import Scenario
from atlas.network.arrays import GATE
from atlas.network.value import Network
from atlas.notebook.card import card, map_of
from atlas.travel.search import Tree
from atlas.travel.trip import Trip

if TYPE_CHECKING:
    import shapely

__all__ = ["PARTS", "Journey", "Leg", "journey_on", "parts_of"]

PARTS = ("access", "wait", "in_vehicle", "transfer", "border", "egress")
_RIDDEN = ("ride", "sail")
#: What leads to a vehicle, from it, or from one to another.
_BY_STREET = ("access", "run", "ramp", "alight", "egress")
_PART_OF_ROLE = {
    "access": "access",
    "board": "wait",
    "run": "in_vehicle",
    "ramp": "in_vehicle",
    "ride": "in_vehicle",
    "embark": "wait",
    "sail": "in_vehicle",
    "land": "border",
    "transfer": "transfer",
    "border": "border",
    "alight": "egress",
    "egress": "egress",
}
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Leg:
    """One part of a journey: a road, a train, a local link, a border or a wait.

    Attributes
    ----------
    role
        ``access``, ``road``, ``train``, ``ferry``, ``coach``, ``border``, ``transfer`` or ``egress``.
    minutes
        Minutes of the whole leg, with ``wait_min`` (before a train or ferry) and ``border_min`` inside it.
    ride_min
        Of a train, ferry or coach, the minutes from its departure to its arrival; 0 for other legs.
    detail
        What a traveller would look for: the stops a train calls at.
    edge_rows
        Rows of ``Network.edges`` travelled, in order.
    """

    role: str
    mode: str
    name_zh: str
    name_en: str
    from_name: str
    to_name: str
    length_km: float
    minutes: float
    wait_min: float
    border_min: float
    feature_id: str
    layer: str
    plan_ids: str
    detail: str = ""
    edge_rows: tuple[int, ...] = ()
    ride_min: float = 0.0


@dataclass(frozen=True)
class Journey:
    """The fastest way from one place to another under one scenario and mode.

    Attributes
    ----------
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

    network: Network
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
        return bool(np.isfinite(self.minutes))

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


def journey_on(trip: Trip, tree: Tree, end: int) -> Journey:
    """Return the journey from the start of `tree`, a search on `trip`, to the node in row `end`."""
    network, scenario, mode = trip.network, trip.scenario, trip.mode
    minutes = float(tree.node_minutes[end])
    names = network.node_names
    start_zh, end_zh = names[tree.start], names[end]
    if not np.isfinite(minutes):
        blank = tuple((part, 0.0) for part in PARTS)
        return Journey(network, scenario, mode, start_zh, end_zh, minutes, (), blank, ())
    states = tree.states(end)
    rows = tree.via[states[1:]].tolist()
    parts = dict(zip(PARTS, parts_of(network, tree, end).tolist(), strict=True))
    spent = np.diff(tree.minutes[states])
    legs = _legs(network, rows, spent)
    rides = np.nonzero(network.arrays.role[rows] == "ride")[0]
    ridden = float(spent[rides[0] : rides[-1] + 1].sum()) if len(rides) else float("nan")
    return Journey(network, scenario, mode, start_zh, end_zh, minutes, legs, tuple(parts.items()), tuple(rows), ridden)


def parts_of(network: Network, tree: Tree, end: int) -> Floats:
    """Return the minutes to the node in row `end`, split into :data:`PARTS`.

    Roads on the way to the first train, ferry or coach are access, on the way from the last one egress, and from one to
    another, with the way out of its station, transfer; without one they are the ride itself.
    """
    states = tree.states(end)
    passed = _roles(network, tree.via[states[1:]].tolist())
    parts = np.zeros(len(PARTS))
    carried = [i for i, role in enumerate(passed) if role in _RIDDEN]
    for i, ((a, b), role) in enumerate(zip(itertools.pairwise(states), passed, strict=True)):
        part = _PART_OF_ROLE[role]
        if carried and role in _BY_STREET:
            part = "access" if i < carried[0] else "egress" if i > carried[-1] else "transfer"
        parts[PARTS.index(part)] += tree.minutes[b] - tree.minutes[a]
    return parts


def _roles(network: Network, rows: Sequence[int]) -> list[str]:
    """Return the role of each edge travelled; a local link is named by where it stands in the journey.

    Before the first train, or the first road where there is none, it is access, and behind the last egress; the
    edge itself says access or egress as seen from its place, which for the door of a station is the other way.
    """
    roles = [str(network.edge_columns["role"][row]) for row in rows]
    ridden = [i for i, role in enumerate(roles) if role in _RIDDEN]
    inside = ridden or [i for i, role in enumerate(roles) if role not in ("access", "egress")] or [len(roles)]
    local = {i for i, role in enumerate(roles) if role in ("access", "egress")}
    return [
        "access" if i in local and i < inside[0] else "egress" if i in local and i > inside[-1] else role
        for i, role in enumerate(roles)
    ]


def _legs(network: Network, rows: Sequence[int], spent: Floats) -> tuple[Leg, ...]:
    """Group edges into legs: one road, one train, one border, one local link at a time."""
    column, names = network.edge_columns, network.node_names
    tail, head = network.arrays.tail, network.arrays.head
    groups: list[list[int]] = []
    keys: list[tuple[str, str]] = []
    roles = _roles(network, rows)
    for i, row in enumerate(rows):
        if column["speed_class"][row] == GATE:
            continue
        key = _leg_key(column, row, roles[i], keys[-1] if keys else None)
        if keys and key == keys[-1]:
            groups[-1].append(i)
        else:
            groups.append([i])
            keys.append(key)
    legs = []
    for (role, feature), group in zip(keys, groups, strict=True):
        first, last = rows[group[0]], rows[group[-1]]
        layer = str(column["layer"][first])
        zh, en = network.names_of(layer, feature)
        rides = [rows[i] for i in group if column["role"][rows[i]] == "ride"]
        calls = [names[tail[rides[0]]], *(names[head[row]] for row in rides)] if rides else []
        legs.append(
            Leg(
                role=role,
                mode={"train": "rail", "transfer": "rail", "road": "road"}.get(role, str(column["mode"][first])),
                name_zh=zh,
                name_en=en,
                from_name=_end_name(network, int(tail[first])),
                to_name=_end_name(network, int(head[last])),
                length_km=float(sum(column["length_km"][rows[i]] for i in group)),
                minutes=float(sum(spent[i] for i in group)),
                wait_min=float(sum(spent[i] for i in group if column["role"][rows[i]] in ("board", "embark"))),
                border_min=float(sum(spent[i] for i in group if column["role"][rows[i]] in ("border", "land"))),
                feature_id=feature,
                layer=layer,
                plan_ids=str(column["plan_ids"][first]),
                detail="—".join(calls),
                edge_rows=tuple(rows[i] for i in group),
                ride_min=float(sum(spent[i] for i in group if column["role"][rows[i]] in _RIDDEN)),
            )
        )
    return tuple(legs)


def _end_name(network: Network, node: int) -> str:
    """Return the name of a node; where it has none, as on ordinary roads, that it is near the nearest that has one."""
    if name := network.node_names[node]:
        return name
    named = np.array([i for i, name in enumerate(network.node_names) if name], dtype=np.int64)
    if not len(named):
        return ""
    lon, lat = network.lonlat[node]
    east, north = (network.lonlat[named] - (lon, lat)).T
    nearest = int(named[np.argmin((east * np.cos(np.radians(lat))) ** 2 + north**2)])
    return say_in("zh", "journey.near", name=network.node_names[nearest])


def _leg_key(column: dict[str, NDArray[Any]], row: int, role: str, before: tuple[str, str] | None) -> tuple[str, str]:
    feature = str(column["feature_id"][row])
    if role == "ramp":
        return before if before is not None and before[0] == "road" else ("road", feature)
    if role in ("board", "ride", "alight"):
        return "train", feature
    if role in ("embark", "sail", "land"):
        return str(column["mode"][row]), feature
    if role == "border" and column["mode"][row] == "rail" and before is not None:
        return before
    return {"run": "road"}.get(role, role), feature
