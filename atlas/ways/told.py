"""What is told of ways: their legs and parts, the places reached, the times of pairs."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from atlas.base.errors import ScenarioError
from atlas.base.words import say_in
from atlas.data.places import GATE, Names
from atlas.ways.heap import TOLERANCE_MIN, Ways

__all__ = [
    "PARTS",
    "PLACE_KEYS",
    "Leg",
    "Told",
    "in_order",
    "legs_of",
    "parts_of",
    "place_rows",
    "time_columns",
    "travelled",
]

PARTS = ("access", "wait", "in_vehicle", "transfer", "border", "egress")
#: What is told of a place reached.
PLACE_KEYS = ("id", "name_zh", "name_en", "city", "lon", "lat", "travel_time_min", "band_min")
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


class Told(Protocol):
    """A network as far as ways are told: names by node, facts by edge, as arrays or as plain lists."""

    @property
    def hash(self) -> str:
        """Of the layers."""

    @property
    def edge_columns(self) -> Mapping[str, Any]:
        """Columns of the edges, and the rows of the nodes at their ends as ``tail`` and ``head``."""

    @property
    def node_names(self) -> Sequence[str]:
        """Chinese names by node."""

    @property
    def row_of(self) -> Mapping[str, int]:
        """Node by its id."""

    @property
    def lonlat(self) -> Any:
        """(n, 2) degrees of the nodes."""

    @property
    def place_nodes(self) -> Sequence[int]:
        """The nodes that are places."""

    @property
    def place_names(self) -> Names:
        """The layer ``places``, to look names up in."""

    @property
    def point_names(self) -> Names:
        """The nodes, to look names up in."""

    def node_column(self, name: str) -> Any:
        """Return a column of the nodes."""

    def edge_column(self, name: str) -> Any:
        """Return a column of the edges."""

    def nearest_named(self, node: int) -> int | None:
        """Return the nearest node that has a name."""

    def names_of(self, layer: str, feature_id: str) -> tuple[str, str]:
        """Return the Chinese and English name of a feature."""


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


def parts_of(network: Told, rows: Sequence[int], passed: Sequence[float]) -> list[float]:
    """Return the minutes of a way, split into :data:`PARTS`.

    Roads on the way to the first train, ferry or coach are access, on the way from the last one egress, and from one to
    another, with the way out of its station, transfer; without one they are the ride itself.

    Parameters
    ----------
    rows, passed
        The edges in order of travel, and the minutes since the start at both ends of each.
    """
    roles = _roles(network, rows)
    parts = dict.fromkeys(PARTS, 0.0)
    carried = [i for i, role in enumerate(roles) if role in _RIDDEN]
    for i, (role, (a, b)) in enumerate(zip(roles, itertools.pairwise(passed), strict=True)):
        part = _PART_OF_ROLE[role]
        if carried and role in _BY_STREET:
            part = "access" if i < carried[0] else "egress" if i > carried[-1] else "transfer"
        parts[part] += b - a
    return list(parts.values())


def travelled(tree: Ways, end: int) -> tuple[list[int], list[float]]:
    """Return the edges on the way to the node in row `end`, and the minutes since the start at both ends of each."""
    states, minutes = tree.states(end), tree.minutes
    return tree.edges(states), [float(minutes[state]) for state in states]


def _roles(network: Told, rows: Sequence[int]) -> list[str]:
    """Return the role of each edge travelled; a local link is named by where it stands in the journey.

    Before the first train, or the first road where there is none, it is access, and behind the last egress; the
    edge itself says access or egress as seen from its place, which for the door of a station is the other way.
    """
    known = network.edge_columns["role"]
    roles = [str(known[row]) for row in rows]
    ridden = [i for i, role in enumerate(roles) if role in _RIDDEN]
    inside = ridden or [i for i, role in enumerate(roles) if role not in ("access", "egress")] or [len(roles)]
    local = {i for i, role in enumerate(roles) if role in ("access", "egress")}
    return [
        "access" if i in local and i < inside[0] else "egress" if i in local and i > inside[-1] else role
        for i, role in enumerate(roles)
    ]


def legs_of(network: Told, rows: Sequence[int], spent: Sequence[float]) -> tuple[Leg, ...]:
    """Group edges into legs: one road, one train, one border, one local link at a time.

    Parameters
    ----------
    rows, spent
        The edges in order of travel, and the minutes on each.
    """
    column, names = network.edge_columns, network.node_names
    tail, head, role_of, class_of, length_km = (
        column[name] for name in ("tail", "head", "role", "speed_class", "length_km")
    )
    groups: list[list[int]] = []
    keys: list[tuple[str, str]] = []
    roles = _roles(network, rows)
    for i, row in enumerate(rows):
        if class_of[row] == GATE:
            continue
        if roles[i] == "ramp" and not (keys and keys[-1][0] == "road") and roles[i + 1 : i + 2] == ["run"]:
            # who joins where the journey begins joins the road that follows
            key = ("road", str(column["feature_id"][rows[i + 1]]))
        else:
            key = _leg_key(column, row, roles[i], keys[-1] if keys else None)
        if keys and key == keys[-1]:
            groups[-1].append(i)
        else:
            groups.append([i])
            keys.append(key)
    legs = []
    for (role, feature), group in zip(keys, groups, strict=True):
        own = [rows[i] for i in group]
        first, last = own[0], own[-1]
        # of a road joined, not of its ramp
        named = own[1] if role_of[first] == "ramp" and len(own) > 1 else first
        layer = str(column["layer"][named])
        zh, en = network.names_of(layer, feature)
        kinds = [role_of[row] for row in own]
        rides = [row for row, kind in zip(own, kinds, strict=True) if kind == "ride"]
        calls = [names[tail[rides[0]]], *(names[head[row]] for row in rides)] if rides else []
        on_each = [spent[i] for i in group]
        legs.append(
            Leg(
                role=role,
                mode={"train": "rail", "transfer": "rail", "road": "road"}.get(role, str(column["mode"][named])),
                name_zh=zh,
                name_en=en,
                from_name=_end_name(network, int(tail[first])),
                to_name=_end_name(network, int(head[last])),
                length_km=sum([float(length_km[row]) for row in own]),
                minutes=sum(on_each),
                wait_min=_spent_as(on_each, kinds, ("board", "embark")),
                border_min=_spent_as(on_each, kinds, ("border", "land")),
                feature_id=feature,
                layer=layer,
                plan_ids=str(column["plan_ids"][named]),
                detail="—".join(calls),
                edge_rows=tuple(own),
                ride_min=_spent_as(on_each, kinds, _RIDDEN),
            )
        )
    return tuple(legs)


def _spent_as(spent: Sequence[float], kinds: Sequence[str], roles: Sequence[str]) -> float:
    return float(sum([minutes for minutes, kind in zip(spent, kinds, strict=True) if kind in roles]))


def _end_name(network: Told, node: int) -> str:
    """Return the name of a node; where it has none, as on ordinary roads, that it is near the nearest that has one."""
    if name := network.node_names[node]:
        return name
    nearest = network.nearest_named(node)
    return "" if nearest is None else say_in("zh", "journey.near", name=network.node_names[nearest])


def _leg_key(column: Mapping[str, Any], row: int, role: str, before: tuple[str, str] | None) -> tuple[str, str]:
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


def in_order(cutoffs_min: Sequence[float] | float) -> tuple[float, ...]:
    """Return one cut-off or several, minutes, in rising order, each once.

    Raises
    ------
    ScenarioError
        There is none, or one is no positive finite number.

    Examples
    --------
    >>> in_order([120, 60])
    (60.0, 120.0)
    """
    given = [cutoffs_min] if isinstance(cutoffs_min, int | float) else cutoffs_min
    cutoffs = tuple(sorted({float(value) for value in given}))
    if not cutoffs or not all(0 < value < float("inf") for value in cutoffs):
        raise ScenarioError(f"cut-offs must be positive minutes, are {list(given)}")
    return cutoffs


def place_rows(network: Told, minutes: Callable[[int], float], cutoffs_min: Sequence[float]) -> list[dict[str, Any]]:
    """Return the places within the last of some cut-offs, nearest first, each with :data:`PLACE_KEYS`.

    Parameters
    ----------
    minutes
        Gives those of a node, infinite where it is not reached.
    cutoffs_min
        In rising order; ``band_min`` is the first that holds a place.
    """
    names = [network.node_column(name) for name in ("feature_id", "name_zh", "name_en", "city")]
    within = [cut + TOLERANCE_MIN for cut in cutoffs_min]
    found = []
    for node in network.place_nodes:
        spent = minutes(node)
        if spent <= within[-1]:
            row = (*(column[node] for column in names), *map(float, network.lonlat[node]), spent)
            found.append(dict(zip(PLACE_KEYS, (*row, cutoffs_min[bisect_left(within, spent)]), strict=True)))
    return sorted(found, key=lambda row: (row["travel_time_min"], row["id"]))


def _point_id(network: Told, node: int) -> str:
    """Return what tables call a node: a place by its feature id, anything else by ``layer/feature``."""
    layer, feature, kind = (str(network.node_column(name)[node]) for name in ("layer", "feature_id", "kind"))
    return feature if kind == "place" else f"{layer}/{feature}"


def time_columns(
    network: Told, trees: Iterable[Ways], starts: Sequence[int], ends: Sequence[int], of: tuple[str, str]
) -> dict[str, list[Any]]:
    """Return the columns of :func:`atlas.travel.reach.od_matrix` for pairs of nodes under one scenario and mode.

    Parameters
    ----------
    trees
        The ways from each start.
    of
        Names of the scenario and the mode.
    """
    nothing = [float("nan")] * len(PARTS)
    times: list[float] = []
    parts: list[list[float]] = []
    for tree in trees:
        for end in ends:
            spent = tree.arrival(end)
            reached = spent < float("inf")
            times.append(spent if reached else float("nan"))
            parts.append(parts_of(network, *travelled(tree, end)) if reached else nothing)
    named = {node: (_point_id(network, node), network.node_names[node]) for node in {*starts, *ends}}
    found: dict[str, list[Any]] = {}
    for k, key in enumerate(("id", "zh")):
        found[f"from_{key}"] = [named[start][k] for start in starts for _ in ends]
        found[f"to_{key}"] = [named[end][k] for _ in starts for end in ends]
    size = len(starts) * len(ends)
    found |= {"scenario": [of[0]] * size, "mode": [of[1]] * size, "travel_time_min": times}
    return found | {f"{name}_min": [one[k] for one in parts] for k, name in enumerate(PARTS)}
