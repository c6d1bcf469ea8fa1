"""The road part of the network: junctions, ramps between tolled and ordinary roads, border crossings.

Roads join at the nodes their layer names and nowhere else. A node has an ordinary level and, where a
tolled road passes, a toll level; a ramp joins the two, so that joining and leaving a tolled network can
be charged once. Roads are many: they are read and written as whole columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, product, repeat
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from atlas.base.errors import NetworkError
from atlas.base.geodesy import KM_A_DEGREE, Bools, Floats, Ints, Texts, distance_km, distances_km, lengths_km
from atlas.base.tables import all_listed
from atlas.network.borders import Crossing, border_pair
from atlas.network.lines import LEAST_RADIUS_KM, cut_line, cut_lines, line_km, on_sphere
from atlas.network.rows import (
    Columns,
    Edge,
    Join,
    Node,
    column_of,
    columns_of,
    filled,
    picked,
    stacked,
    texts_of,
    years_of,
)
from atlas.network.upgrades import upgraded, with_links

__all__ = ["road_part"]

#: An exit this close to a line is taken to lie on it when the layer names no nodes.
_ON_LINE_KM = 0.03
#: A crossing belongs to a road that reaches the border within this distance of it.
_CROSSING_KM = 3.0


@dataclass(frozen=True, eq=False)
class RoadPart:
    """Columns of nodes and edges, and the joins made; a node opens when the first road at it does."""

    nodes: Columns
    edges: Columns
    joins: list[Join]


def road_part(
    highways: gpd.GeoDataFrame,
    interchanges: gpd.GeoDataFrame,
    crossings: Sequence[Crossing],
    links: gpd.GeoDataFrame | None = None,
    *,
    snap_km: float,
) -> RoadPart:
    """Build road nodes and edges.

    Parameters
    ----------
    highways, interchanges
        Frames with the contract columns, EPSG:4326.
    crossings
        Border crossings.
    links
        The layer ``cross_border_links``, for its road links.
    snap_km
        How far the end of a line that names no nodes may be moved to a declared junction.

    Raises
    ------
    NetworkError
        A road names a junction that does not exist, a junction that lies off the road, or runs across a
        border where no crossing is declared.
    """
    whole = with_links(highways, links)
    whole = _rows(whole, whole["in_network"].to_numpy(dtype=bool))
    roads = _rows(whole, (whole["upgrades"] == "").to_numpy(dtype=bool))
    junctions = _Junctions.of(interchanges)
    joins: list[Join] = []
    stretches = _stretches(roads, junctions, joins, snap_km)
    levels = _Levels(junctions, roads["toll"].to_numpy(dtype=bool)[stretches.road])
    borders = _Borders()
    start, end = levels.at(stretches.a), levels.at(stretches.b)
    _cross(borders, roads, stretches, levels, (start, end), crossings)
    runs = _runs(roads, stretches, levels, borders, start, end)
    ramps = _ramps(levels, stretches)
    wider = upgraded(whole, runs)
    opens = _openings(roads, stretches, borders, levels, (start, end))
    _open_wider(opens, wider, levels, borders)
    nodes = _nodes(levels, stretches, borders, ramps, opens)
    return RoadPart(nodes, stacked(runs, wider, ramps.edges), joins)


def _rows(frame: gpd.GeoDataFrame, chosen: Bools) -> gpd.GeoDataFrame:
    return frame if chosen.all() else frame[chosen]


@dataclass(eq=False)
class _Junctions:
    """Junctions as columns that grow by the ends of lines which meet none."""

    row: dict[str, int]
    ids: list[str]
    name_zh: list[Any]
    name_en: list[str]
    kind: list[str]
    city: list[str]
    side: list[str]
    exit: list[bool]
    lonlat: list[tuple[float, float]]

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame) -> _Junctions:
        ids = frame["id"].tolist()
        return cls(
            dict(zip(ids, range(len(ids)), strict=True)), ids, frame["name_zh"].tolist(),
            texts_of(frame["name_en"]).tolist(), frame["kind"].tolist(), texts_of(frame["city"]).tolist(),
            frame["side"].tolist(), frame["exit"].astype(bool).tolist(),
            [(lon, lat) for lon, lat in shapely.get_coordinates(frame.geometry.to_numpy()).tolist()],
        )  # fmt: skip

    def add(self, name: str, road: dict[str, Any], at: Floats) -> int:
        """Return the row of a new junction at the end of a line."""
        if name not in self.row:
            self.row[name] = len(self.ids)
            self.ids.append(name)
            self.name_zh.append(road["name_zh"])
            self.name_en.append(road["name_en"] or "")
            self.kind.append("line_end")
            self.city.append(road.get("city") or "")
            self.side.append(road["side"])
            self.exit.append(True)
            self.lonlat.append((float(at[0]), float(at[1])))
        return self.row[name]

    def sides(self) -> Texts:
        return column_of(self.side, "text")


@dataclass(frozen=True, eq=False)
class _Stretches:
    """(s,) stretches in the order of roads: road, place along it, junctions at both ends, line and kilometres."""

    road: Ints
    order: Ints
    a: Ints
    b: Ints
    lines: Texts
    km: Floats


def _stretches(roads: gpd.GeoDataFrame, junctions: _Junctions, joins: list[Join], snap_km: float) -> _Stretches:
    names = all_listed(roads["node_ids"].tolist())
    counts = np.fromiter(map(len, names), dtype=np.int64, count=len(names))
    declared, bare = np.nonzero(counts > 0)[0], np.nonzero(counts == 0)[0]
    ids, lines = roads["id"].to_numpy(dtype=object)[declared], roads.geometry.to_numpy()[declared]
    a, b, shapes = _declared(ids, lines, [names[k] for k in declared.tolist()], junctions)
    nearby = _Nearby(junctions, snap_km) if len(bare) else None
    more: list[tuple[int, int, int, shapely.LineString]] = []
    for k, row in zip(bare.tolist(), roads.iloc[bare].to_dict("records") if len(bare) else [], strict=True):
        assert nearby is not None
        for line in shapely.get_parts(row["geometry"]):
            for u, v, stretch in _undeclared(row, shapely.get_coordinates(line), nearby, joins):
                more.append((k, u, v, shapely.LineString(stretch)))
    road = np.repeat(declared, counts[declared] - 1)
    if more:
        last = [np.array([row[column] for row in more], dtype=np.int64) for column in range(3)]
        road, a, b = (np.concatenate(pair) for pair in zip((road, a, b), last, strict=True))
        shapes = np.concatenate([shapes, column_of((row[3] for row in more), "shape")])
        rank = np.argsort(road, kind="stable")
        road, a, b, shapes = road[rank], a[rank], b[rank], shapes[rank]
    order = np.arange(len(road)) - np.searchsorted(road, road, side="left")
    return _Stretches(road, order, a, b, shapes, lengths_km(shapes))


def _declared(ids: Texts, shapes: Texts, names: list[list[str]], junctions: _Junctions) -> tuple[Ints, Ints, Texts]:
    """Return both ends and the line of each stretch of roads that name their nodes."""
    counts = np.fromiter(map(len, names), dtype=np.int64, count=len(names))
    node = np.fromiter(map(junctions.row.get, chain.from_iterable(names), repeat(-1)), dtype=np.int64)
    owner = np.repeat(np.arange(len(names)), counts)
    if (node < 0).any():
        k = int(owner[np.argmax(node < 0)])
        unknown = [name for name in names[k] if name not in junctions.row]
        raise NetworkError(
            f"highways {ids[k]}: node_ids names {', '.join(unknown)}, which the layer interchanges "
            "does not have; add them there or correct node_ids"
        )
    lines, part = shapely.get_parts(shapes, return_index=True)
    faulty = (counts < 2) | (np.bincount(part, minlength=len(names)) != 1)
    if faulty.any():
        raise NetworkError(f"highways {ids[int(np.argmax(faulty))]}: needs one line and two or more node_ids")
    at = np.array(junctions.lonlat, dtype=np.float64).reshape(-1, 2)
    stretches = cut_lines(lines, at[node], counts)
    begin = np.nonzero(np.diff(owner, append=-1) == 0)[0]
    lost = shapely.is_missing(stretches)
    if lost.any():
        raise NetworkError(
            f"highways {ids[int(owner[begin[np.argmax(lost)]])]}: its nodes do not lie on its line in the order of "
            "node_ids; move the line through them or correct node_ids"
        )
    return node[begin], node[begin + 1], stretches


class _Nearby:
    """Junctions to be found by place while the ends of lines are added to them."""

    def __init__(self, junctions: _Junctions, snap_km: float) -> None:
        self.junctions, self.snap_km = junctions, snap_km
        # What is within snap_km on the ellipsoid lies in the same or a neighbouring cube of this side on the sphere.
        self._side = max(snap_km, 1e-3) / LEAST_RADIUS_KM * (1.0 + 1e-9)
        self._cubes: dict[tuple[int, ...], list[int]] = defaultdict(list)
        at = np.array(junctions.lonlat, dtype=np.float64).reshape(-1, 2)
        for i, cube in enumerate(self._cubes_of(at)):
            self._cubes[cube].append(i)
        own = [i for i, kind in enumerate(junctions.kind) if kind != "line_end"]
        self._declared = np.array(own, dtype=np.int64)
        self._tree = shapely.STRtree(shapely.points(at[own])) if own else shapely.STRtree([])

    def _cubes_of(self, lonlat: Floats) -> list[tuple[int, ...]]:
        return [(int(x), int(y), int(z)) for x, y, z in np.floor(on_sphere(lonlat) / self._side).tolist()]

    def nearest(self, at: Floats) -> tuple[int, float] | None:
        """Return the junction nearest to a point and its kilometres, the first of several; None beyond `snap_km`."""
        x, y, z = self._cubes_of(at[None, :])[0]
        steps = product((-1, 0, 1), repeat=3)
        found = sorted(i for dx, dy, dz in steps for i in self._cubes.get((x + dx, y + dy, z + dz), ()))
        if not found:
            return None
        there = np.array([self.junctions.lonlat[i] for i in found])
        km = distances_km(at[0], at[1], there[:, 0], there[:, 1])
        least = int(np.argmin(km))
        return (found[least], float(km[least])) if km[least] <= self.snap_km else None

    def add(self, road: dict[str, Any], at: Floats) -> int:
        """Return the row of a new junction where a line ends."""
        before = len(self.junctions.ids)
        row = self.junctions.add(f"@{at[0]:.6f},{at[1]:.6f}", road, at)
        if row == before:
            self._cubes[self._cubes_of(at[None, :])[0]].append(row)
        return row

    def on(self, line: shapely.LineString) -> list[int]:
        """Return the declared junctions that lie on a line."""
        near = self._tree.query(line, predicate="dwithin", distance=_ON_LINE_KM / KM_A_DEGREE * 1.001)
        away = shapely.distance(self._tree.geometries[near], line) * KM_A_DEGREE
        found: list[int] = self._declared[near[away <= _ON_LINE_KM]].tolist()
        return found


def _undeclared(
    road: dict[str, Any], coordinates: Floats, nearby: _Nearby, joins: list[Join]
) -> list[tuple[int, int, Floats]]:
    """Stretches of a line that names no nodes: its ends are snapped, declared junctions on it cut it."""
    junctions = nearby.junctions
    ends = [_end(road, coordinates[i], nearby, joins) for i in (0, -1)]
    line = shapely.LineString(coordinates)
    cuts = [
        (float(shapely.line_locate_point(line, shapely.Point(junctions.lonlat[i]))), junctions.ids[i], i)
        for i in nearby.on(line)
        if i not in ends
    ]
    rows = [ends[0], *(i for _, _, i in sorted(cuts)), ends[1]]
    at = np.array([coordinates[0], *(junctions.lonlat[i] for i in rows[1:-1]), coordinates[-1]])
    stretches = cut_line(coordinates, at)
    if stretches is None:
        raise NetworkError(f"highways {road['id']}: cannot be cut at its junctions; name them in node_ids")
    found = []
    for a, b, stretch in zip(rows[:-1], rows[1:], stretches, strict=True):
        whole = np.vstack([junctions.lonlat[a], stretch[1:-1], junctions.lonlat[b]])
        if a != b or line_km(whole) > 0:
            found.append((a, b, whole))
    return found


def _end(road: dict[str, Any], at: Floats, nearby: _Nearby, joins: list[Join]) -> int:
    found = nearby.nearest(at)
    if found is None:
        return nearby.add(road, at)
    row, km = found
    joins.append(Join("snapped", "highways", road["id"], nearby.junctions.ids[row], km))
    return row


class _Levels:
    """Road nodes as numbers: 2 j for the ordinary level of junction j, 2 j + 1 for its toll level."""

    def __init__(self, junctions: _Junctions, toll: Bools) -> None:
        self.junctions, self.toll = junctions, toll
        self.sides = junctions.sides()
        self.exit = np.array(junctions.exit, dtype=bool)
        self.lonlat = np.array(junctions.lonlat, dtype=np.float64).reshape(-1, 2)
        self.size = 2 * len(junctions.ids)
        self.names = np.empty(self.size, dtype=object)
        self.names[::2] = [f"road/{i}" for i in junctions.ids]
        self.names[1::2] = [f"road/{i}/toll" for i in junctions.ids]

    def at(self, junction: Ints) -> Ints:
        return np.asarray(2 * junction + self.toll, dtype=np.int64)

    def one(self, junction: int, toll: bool) -> str:
        return str(self.names[2 * junction + toll])


@dataclass(eq=False)
class _Borders:
    """Border nodes, numbered on from the road nodes, and the edges that lead to them, by stretch."""

    nodes: dict[str, tuple[int, Node]] = field(default_factory=dict)
    edges: list[tuple[int, Edge]] = field(default_factory=list)
    #: (number of the node before, number of the border node, opening) of each pair of edges.
    opened: list[tuple[int, int, float]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)


def _cross(
    borders: _Borders, roads: gpd.GeoDataFrame, stretches: _Stretches, levels: _Levels, ends: tuple[Ints, Ints],
    crossings: Sequence[Crossing],
) -> None:  # fmt: skip
    """Lead the stretches between two sides over a border node; `ends` are changed in place."""
    junctions, opens = levels.junctions, years_of(roads["opens_year"])
    for s in np.nonzero(levels.sides[stretches.a] != levels.sides[stretches.b])[0].tolist():
        a, b, road = int(stretches.a[s]), int(stretches.b[s]), int(stretches.road[s])
        crossing = _crossing_between(str(roads["id"].iloc[road]), a, b, levels, crossings)
        u, v = (a, b) if levels.sides[a] == crossing.sides[0] else (b, a)
        side = str(levels.sides[v])
        name = f"border/{crossing.feature_id}/{side}"
        if name not in borders.nodes:
            at = shapely.Point(crossing.ends[crossing.sides.index(side)])
            node = Node(
                name, "border", "road", "cross_border_links", crossing.feature_id, crossing.name_zh, crossing.name_en,
                junctions.city[v], side, at,
            )  # fmt: skip
            borders.nodes[name] = s, node
        number = levels.size + list(borders.nodes).index(name)
        near = int((ends[0] if u == a else ends[1])[s])
        pair = f"{crossing.feature_id}/{levels.names[near]}"
        if pair not in borders.known:
            borders.known.add(pair)
            opening = float(np.maximum(crossing.opens_year, opens[road]))
            line = shapely.LineString([shapely.Point(junctions.lonlat[u]), borders.nodes[name][1].geometry])
            # The road itself runs on to its next node beyond: kilometres are its own, not the crossing's.
            edges = border_pair(crossing, pair, (str(levels.names[near]), name), line, opening, "road", length_km=0.0)
            borders.edges += [(s, edge) for edge in edges]
            borders.opened.append((near, number, opening))
        far = int((ends[1] if u == a else ends[0])[s])
        # Both ends of the run lie beyond now: the border node, and the node on its side.
        ends[0][s], ends[1][s] = (number, far) if u == a else (far, number)


def _crossing_between(road: str, a: int, b: int, levels: _Levels, crossings: Sequence[Crossing]) -> Crossing:
    sides = str(levels.sides[a]), str(levels.sides[b])
    best: tuple[float, Crossing] | None = None
    for crossing in crossings:
        if set(sides) != set(crossing.sides):
            continue
        for junction, side in zip((a, b), sides, strict=True):
            here, there = levels.lonlat[junction], crossing.ends[crossing.sides.index(side)]
            km = distance_km(float(here[0]), float(here[1]), *there)
            if best is None or km < best[0]:
                best = km, crossing
    if best is None or best[0] > _CROSSING_KM:
        names = levels.junctions.name_zh[a], levels.junctions.name_zh[b]
        raise NetworkError(
            f"highways {road}: runs from {names[0]} ({sides[0]}) to {names[1]} ({sides[1]}) with no border "
            "crossing declared there; add one to the layer cross_border_links (kind border_crossing)"
        )
    return best[1]


def _runs(
    roads: gpd.GeoDataFrame, stretches: _Stretches, levels: _Levels, borders: _Borders, start: Ints, end: Ints
) -> Columns:
    """Return the edges of stretches both ways, and those of borders before the first stretch that needs them."""
    # each stretch, and below it the way back
    both = np.repeat(np.arange(len(stretches.road)), 2 - roads["oneway"].to_numpy(dtype=bool)[stretches.road])
    back = np.diff(both, prepend=-1) == 0
    road, drawn = stretches.road[both], stretches.km[both]
    whole = years_of(roads["published_length_km"])[road]
    # A road's published length is shared among its stretches where the drawing is schematic.
    total = np.bincount(stretches.road, weights=stretches.km, minlength=len(roads))[road]
    shared = (whole > 0) & (total > 0)
    published = np.where(shared, drawn * whole / np.where(shared, total, 1.0), np.nan)
    schematic = (roads["geometry_quality"] == "schematic").to_numpy(dtype=bool)[road]
    ids = roads["id"].to_numpy(dtype=object)[road]
    names = np.concatenate([levels.names, column_of(borders.nodes, "text")])
    lines = stretches.lines[both]
    lines[back] = shapely.reverse(lines[back])
    number = zip(ids.tolist(), stretches.order[both].tolist(), back.tolist(), strict=True)
    runs = filled(
        "edges", len(road), role="run", mode="road",
        edge_id=column_of([f"{name}/{k}/b" if way else f"{name}/{k}/f" for name, k, way in number], "text"),
        from_id=names[np.where(back, end[both], start[both])], to_id=names[np.where(back, start[both], end[both])],
        geometry=lines,
        layer=roads["layer"].to_numpy(dtype=object)[road], course=texts_of(roads["course"], "known")[road],
        speed_class=roads["kind"].to_numpy(dtype=object)[road],
        speed_limit_kmh=years_of(roads["speed_limit_kmh"])[road],
        length_km=np.where(shared & schematic, published, drawn),
        drawn_length_km=drawn, published_length_km=published,
        structure=texts_of(roads["structure"], "surface")[road],
        toll=levels.toll[both], feature_id=ids, plan_ids=texts_of(roads["plan_ids"])[road],
        status=roads["status"].to_numpy(dtype=object)[road],
        opens_year=years_of(roads["opens_year"])[road],
        opens_basis=roads["opens_basis"].to_numpy(dtype=object)[road],
    )  # fmt: skip
    if not borders.edges:
        return runs
    at = np.concatenate([np.array([s for s, _ in borders.edges], dtype=np.int64), both])
    edges = stacked(columns_of("edges", [edge for _, edge in borders.edges]), runs)
    return picked(edges, np.argsort(at, kind="stable"))


@dataclass(frozen=True, eq=False)
class _Ramps:
    """Ramps between the two levels of junctions, and the ordinary levels that they need."""

    edges: Columns
    levels: Ints


def _ramps(levels: _Levels, stretches: _Stretches) -> _Ramps:
    """Join the two levels of every node where a tolled road can be left; open when that road is."""
    touched = np.stack([stretches.a, stretches.b], axis=1).ravel()
    toll = np.repeat(levels.toll, 2)
    met, first = np.unique(touched, return_index=True)
    has_toll, has_ordinary = np.isin(met, touched[toll]), np.isin(met, touched[~toll])
    chosen = np.nonzero(has_toll & (has_ordinary | levels.exit[met]))[0]
    where = met[chosen[np.argsort(first[chosen])]]
    ids = column_of((name for j in where.tolist() for name in [levels.junctions.ids[j]] * 2), "text")
    ordinary, tolled = levels.names[2 * where], levels.names[2 * where + 1]
    ways = np.tile(np.array(["leave", "join"], dtype=object), len(where))
    edges = filled(
        "edges", len(ids), role="ramp", mode="road", layer="interchanges", feature_id=ids,
        edge_id=column_of((f"ramp/{i}/{way}" for i, way in zip(ids, ways, strict=True)), "text"),
        from_id=np.stack([tolled, ordinary], axis=1).ravel(), to_id=np.stack([ordinary, tolled], axis=1).ravel(),
        speed_class=column_of((f"toll_{way}" for way in ways), "text"), published_length_km=np.nan,
        status="operating", opens_year=0.0, opens_basis="fact",
    )  # fmt: skip
    return _Ramps(edges, np.asarray(2 * where, dtype=np.int64))


def _openings(
    roads: gpd.GeoDataFrame, stretches: _Stretches, borders: _Borders, levels: _Levels, ends: tuple[Ints, Ints]
) -> Floats:
    """Return the year in which the first road at each node opens; NaN where only ``full`` has one."""
    opens = np.full(levels.size + len(borders.nodes), np.nan)
    years = years_of(roads["opens_year"])[stretches.road]
    for end in ends:
        np.fmin.at(opens, end, years)
    for near, number, year in borders.opened:
        opens[[near, number]] = np.fmin(opens[[near, number]], year)
    return opens


def _open_wider(opens: Floats, wider: Columns, levels: _Levels, borders: _Borders) -> None:
    """Count roads that widen others in, then let an ordinary level open with its toll level; `opens` is changed."""
    if len(wider["edge_id"]):
        number = {name: k for k, name in enumerate([*levels.names.tolist(), *borders.nodes])}
        for end in ("from_id", "to_id"):
            np.fmin.at(opens, [number[name] for name in wider[end]], wider["opens_year"])
    opens[: levels.size : 2] = np.fmin(opens[: levels.size : 2], opens[1 : levels.size : 2])


def _nodes(levels: _Levels, stretches: _Stretches, borders: _Borders, ramps: _Ramps, opens: Floats) -> Columns:
    """Return the nodes in the order in which stretches and then ramps meet them."""
    met = np.stack([levels.at(stretches.a), levels.at(stretches.b)], axis=1).ravel()
    codes, first = np.unique(np.concatenate([met, ramps.levels]), return_index=True)
    junction, toll = codes // 2, codes % 2 == 1

    def of(values: Sequence[Any]) -> Texts:
        return column_of(map(values.__getitem__, junction.tolist()), "text")

    known = levels.junctions
    roads = filled(
        "nodes", len(codes), node_id=levels.names[codes], kind="junction", mode="road", layer="interchanges",
        feature_id=of(known.ids), name_zh=of(known.name_zh), name_en=of(known.name_en), city=of(known.city),
        service=of(known.kind), side=levels.sides[junction], exit=levels.exit[junction] & ~toll,
        geometry=shapely.points(levels.lonlat[junction]), opens_year=opens[codes],
    )  # fmt: skip
    crossed = columns_of("nodes", [node for _, node in borders.nodes.values()])
    crossed["opens_year"] = opens[levels.size :]
    at = np.concatenate([first, np.array([2 * s + 1 for s, _ in borders.nodes.values()], dtype=np.int64)])
    return picked(stacked(roads, crossed), np.argsort(at, kind="stable"))
