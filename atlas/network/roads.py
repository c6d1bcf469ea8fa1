"""The road part of the network: junctions, ramps between tolled and ordinary roads, border crossings.

Roads join at the nodes their layer names and nowhere else. A node has an ordinary level and, where a
tolled road passes, a toll level; a ramp joins the two, so that joining and leaving a tolled network can
be charged once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from atlas.base.errors import NetworkError
from atlas.base.geodesy import distances_km
from atlas.network.lines import cut_line, line_km
from atlas.network.upgrades import road_links, upgraded

__all__ = ["Crossing", "RoadPart", "border_pair", "read_crossings", "road_part", "side_of", "year_of"]

Row = dict[str, Any]
_SIDES = {"香港": "hk", "澳门": "mo"}
#: An exit this close to a line is taken to lie on it when the layer names no nodes.
_ON_LINE_KM = 0.03
#: A crossing belongs to a road that reaches the border within this distance of it.
_CROSSING_KM = 3.0


def side_of(city: str | None) -> str:
    """Return the side of the border a city lies on: ``hk``, ``mo`` or ``mainland``."""
    return _SIDES.get((city or "").removesuffix("特别行政区"), "mainland")


@dataclass
class RoadPart:
    """Rows of nodes, edges and joins, gathered while the roads are read."""

    nodes: dict[str, Row] = field(default_factory=dict)
    edges: list[Row] = field(default_factory=list)
    joins: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Crossing:
    """A border crossing: its two ends (lon, lat), the side each lies on, and when it opened."""

    feature_id: str
    name_zh: str
    name_en: str
    ends: tuple[tuple[float, float], tuple[float, float]]
    sides: tuple[str, str]
    opens_year: float
    opens_basis: str
    status: str


@dataclass(frozen=True)
class _Junction:
    feature_id: str
    name_zh: str
    name_en: str
    kind: str
    city: str
    exit: bool
    lon: float
    lat: float

    @property
    def side(self) -> str:
        return side_of(self.city)


def road_part(
    highways: gpd.GeoDataFrame,
    interchanges: gpd.GeoDataFrame,
    crossings: gpd.GeoDataFrame | None,
    *,
    snap_km: float,
) -> RoadPart:
    """Build road nodes and edges.

    Parameters
    ----------
    highways, interchanges, crossings
        Frames with the contract columns, EPSG:4326; `crossings` is the layer ``cross_border_links``.
    snap_km
        How far the end of a line that names no nodes may be moved to a declared junction.

    Raises
    ------
    NetworkError
        A road names a junction that does not exist, a junction that lies off the road, or runs across a
        border where no crossing is declared.
    """
    junctions = {j.feature_id: j for j in _junctions(interchanges)}
    frontier = list(read_crossings(crossings)) if crossings is not None else []
    part = RoadPart()
    touched: dict[str, set[bool]] = defaultdict(set)
    roads = [*highways.to_dict("records"), *road_links(crossings)]
    for road in roads:
        if not road["in_network"] or road.get("upgrades"):
            continue
        for order, (a, b, line) in enumerate(_stretches(road, junctions, part, snap_km)):
            _add_stretch(part, road, order, junctions[a], junctions[b], line, touched, frontier)
    _scale_to_published(part)
    part.edges += [edge for road in roads if road["in_network"] for edge in upgraded(road, part.edges)]
    _add_ramps(part, junctions, touched)
    opens = _first_openings(part.edges)
    for name, node in part.nodes.items():
        node["_opens_year"] = float(np.fmin(opens.get(name, np.nan), opens.get(f"{name}/toll", np.nan)))
    return part


def _junctions(frame: gpd.GeoDataFrame) -> Iterator[_Junction]:
    xy = shapely.get_coordinates(frame.geometry.to_numpy())
    for row, (lon, lat) in zip(frame.to_dict("records"), xy, strict=True):
        yield _Junction(
            row["id"], row["name_zh"], row["name_en"] or "", row["kind"], row["city"] or "",
            bool(row["exit"]), float(lon), float(lat),
        )  # fmt: skip


def read_crossings(frame: gpd.GeoDataFrame) -> Iterator[Crossing]:
    """Yield the border crossings of the layer ``cross_border_links`` that are in the network."""
    for row in frame.to_dict("records"):
        if row["kind"] != "border_crossing" or not row["in_network"]:
            continue
        xy = shapely.get_coordinates(row["geometry"])
        yield Crossing(
            row["id"],
            row["name_zh"],
            row["name_en"] or "",
            ((float(xy[0, 0]), float(xy[0, 1])), (float(xy[-1, 0]), float(xy[-1, 1]))),
            (side_of(row["side_a_city"]), side_of(row["side_b_city"])),
            year_of(row["opens_year"]),
            row["opens_basis"],
            row["status"],
        )


def year_of(value: Any) -> float:
    """Return a year or other number as float; NaN (only in ``full``) where the layer has none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _stretches(
    road: Row, junctions: dict[str, _Junction], part: RoadPart, snap_km: float
) -> Iterator[tuple[str, str, NDArray[np.float64]]]:
    """Yield (from, to, line) for the stretches of one road between its nodes."""
    lines = shapely.get_parts(road["geometry"])
    named = [name for name in str(road["node_ids"] or "").split(";") if name]
    if named:
        unknown = [name for name in named if name not in junctions]
        if unknown:
            raise NetworkError(
                f"highways {road['id']}: node_ids names {', '.join(unknown)}, which the layer interchanges "
                "does not have; add them there or correct node_ids"
            )
        if len(named) < 2 or len(lines) != 1:
            raise NetworkError(f"highways {road['id']}: needs one line and two or more node_ids")
        coordinates = shapely.get_coordinates(lines[0])
        at = np.array([(junctions[name].lon, junctions[name].lat) for name in named])
        stretches = cut_line(coordinates, at)
        if stretches is None:
            raise NetworkError(
                f"highways {road['id']}: its nodes do not lie on its line in the order of node_ids; "
                "move the line through them or correct node_ids"
            )
        yield from zip(named[:-1], named[1:], stretches, strict=True)
        return
    for line in lines:
        yield from _undeclared(road, shapely.get_coordinates(line), junctions, part, snap_km)


def _undeclared(
    road: Row,
    coordinates: NDArray[np.float64],
    junctions: dict[str, _Junction],
    part: RoadPart,
    snap_km: float,
) -> Iterator[tuple[str, str, NDArray[np.float64]]]:
    """Stretches of a line that names no nodes: its ends are snapped, declared junctions on it cut it."""
    ends = [_end(road, coordinates[i], junctions, part, snap_km) for i in (0, -1)]
    line = shapely.LineString(coordinates)
    cuts: list[tuple[float, str]] = []
    for junction in list(junctions.values()):
        if junction.feature_id in ends or junction.kind == "line_end":
            continue
        point = shapely.Point(junction.lon, junction.lat)
        if shapely.distance(line, point) * 111.2 > _ON_LINE_KM:
            continue
        cuts.append((float(shapely.line_locate_point(line, point)), junction.feature_id))
    names = [ends[0], *(name for _, name in sorted(cuts)), ends[1]]
    at = np.array([coordinates[0], *(_xy(junctions[name]) for name in names[1:-1]), coordinates[-1]])
    stretches = cut_line(coordinates, at)
    if stretches is None:
        raise NetworkError(f"highways {road['id']}: cannot be cut at its junctions; name them in node_ids")
    for a, b, stretch in zip(names[:-1], names[1:], stretches, strict=True):
        whole = np.vstack([_xy(junctions[a]), stretch[1:-1], _xy(junctions[b])])
        if a != b or line_km(whole) > 0:
            yield a, b, whole


def _xy(junction: _Junction) -> NDArray[np.float64]:
    return np.array([junction.lon, junction.lat])


def _end(road: Row, at: NDArray[np.float64], junctions: dict[str, _Junction], part: RoadPart, snap_km: float) -> str:
    names = list(junctions)
    if names:
        xy = np.array([_xy(junctions[name]) for name in names])
        lon, lat = np.full(len(xy), at[0]), np.full(len(xy), at[1])
        distance = distances_km(lon, lat, xy[:, 0], xy[:, 1])
        nearest = int(np.argmin(distance))
        if distance[nearest] <= snap_km:
            part.joins.append(_join("snapped", "highways", road["id"], names[nearest], float(distance[nearest])))
            return names[nearest]
    name = f"@{at[0]:.6f},{at[1]:.6f}"
    junctions[name] = _Junction(
        name, road["name_zh"], road["name_en"] or "", "line_end", road.get("city") or "", True, at[0], at[1]
    )
    return name


def _join(kind: str, layer: str, feature: str, target: str, km: float) -> Row:
    return {"kind": kind, "layer": layer, "feature_id": feature, "target": target, "length_km": km}


def _add_stretch(
    part: RoadPart,
    road: Row,
    order: int,
    a: _Junction,
    b: _Junction,
    line: NDArray[np.float64],
    touched: dict[str, set[bool]],
    frontier: list[Crossing],
) -> None:
    toll = bool(road["toll"])
    for junction in (a, b):
        touched[junction.feature_id].add(toll)
        _add_node(part, junction, toll)
    crossing = None if a.side == b.side else _crossing_between(road, a, b, frontier)
    base = _edge(road, line)
    if crossing is None:
        _both_ways(part, base, _node_id(a, toll), _node_id(b, toll), f"{road['id']}/{order}", road)
        return
    u, v = (a, b) if a.side == crossing.sides[0] else (b, a)
    beyond = _border_node(part, crossing, v)
    at_u = _node_id(u, toll)
    _border_edges(part, crossing, at_u, beyond, base["opens_year"])
    start, end = (beyond, _node_id(v, toll)) if u is a else (_node_id(v, toll), beyond)
    _both_ways(part, base, start, end, f"{road['id']}/{order}", road)


def _node_id(junction: _Junction, toll: bool) -> str:
    return f"road/{junction.feature_id}" + ("/toll" if toll else "")


def _add_node(part: RoadPart, junction: _Junction, toll: bool) -> None:
    name = _node_id(junction, toll)
    part.nodes.setdefault(
        name,
        {
            "node_id": name,
            "kind": "junction",
            "mode": "road",
            "layer": "interchanges",
            "feature_id": junction.feature_id,
            "name_zh": junction.name_zh,
            "name_en": junction.name_en,
            "city": junction.city,
            "side": junction.side,
            "exit": junction.exit and not toll,
            "geometry": shapely.Point(junction.lon, junction.lat),
        },
    )


def _edge(road: Row, line: NDArray[np.float64]) -> Row:
    drawn = line_km(line)
    published = road.get("published_length_km")
    return {
        "course": road.get("course") or "known",
        "role": "run",
        "mode": "road",
        "speed_class": road["kind"],
        "speed_limit_kmh": year_of(road["speed_limit_kmh"]),
        "length_km": drawn,
        "drawn_length_km": drawn,
        "published_length_km": float("nan"),
        "_published_whole": year_of(published),
        "_schematic": road["geometry_quality"] == "schematic",
        "structure": road["structure"] or "surface",
        "toll": bool(road["toll"]),
        "feature_id": road["id"],
        "layer": road.get("layer", "highways"),
        "plan_ids": road["plan_ids"] or "",
        "status": road["status"],
        "opens_year": year_of(road["opens_year"]),
        "opens_basis": road["opens_basis"],
        "geometry": shapely.LineString(line),
    }


def _both_ways(part: RoadPart, base: Row, u: str, v: str, name: str, road: Row) -> None:
    part.edges.append({**base, "edge_id": f"{name}/f", "from_id": u, "to_id": v})
    if not road.get("oneway"):
        back = shapely.reverse(base["geometry"])
        part.edges.append({**base, "edge_id": f"{name}/b", "from_id": v, "to_id": u, "geometry": back})


def _scale_to_published(part: RoadPart) -> None:
    """Share a road's published length among its stretches where the drawing is schematic."""
    drawn: dict[str, float] = defaultdict(float)
    for edge in part.edges:
        if edge["role"] == "run" and edge["edge_id"].endswith("/f"):
            drawn[edge["feature_id"]] += edge["drawn_length_km"]
    for edge in part.edges:
        whole, schematic = edge.pop("_published_whole", float("nan")), edge.pop("_schematic", False)
        if edge["role"] != "run" or not whole > 0 or drawn[edge["feature_id"]] <= 0:
            continue
        published = edge["drawn_length_km"] * whole / drawn[edge["feature_id"]]
        edge["published_length_km"] = published
        if schematic:
            edge["length_km"] = published


def _crossing_between(road: Row, a: _Junction, b: _Junction, frontier: list[Crossing]) -> Crossing:
    best: tuple[float, Crossing] | None = None
    for crossing in frontier:
        if {a.side, b.side} != set(crossing.sides):
            continue
        for junction in (a, b):
            end = crossing.ends[crossing.sides.index(junction.side)]
            here = np.array([junction.lon]), np.array([junction.lat])
            km = float(distances_km(*here, np.array([end[0]]), np.array([end[1]]))[0])
            if best is None or km < best[0]:
                best = km, crossing
    if best is None or best[0] > _CROSSING_KM:
        raise NetworkError(
            f"highways {road['id']}: runs from {a.name_zh} ({a.side}) to {b.name_zh} ({b.side}) with no border "
            "crossing declared there; add one to the layer cross_border_links (kind border_crossing)"
        )
    return best[1]


def _border_node(part: RoadPart, crossing: Crossing, beyond: _Junction) -> str:
    name = f"border/{crossing.feature_id}/{beyond.side}"
    lon, lat = crossing.ends[crossing.sides.index(beyond.side)]
    part.nodes.setdefault(
        name,
        {
            "node_id": name,
            "kind": "border",
            "mode": "road",
            "layer": "cross_border_links",
            "feature_id": crossing.feature_id,
            "name_zh": crossing.name_zh,
            "name_en": crossing.name_en,
            "city": beyond.city,
            "side": beyond.side,
            "exit": False,
            "geometry": shapely.Point(lon, lat),
        },
    )
    return name


def _border_edges(part: RoadPart, crossing: Crossing, near: str, beyond: str, road_opens: float) -> None:
    name = f"{crossing.feature_id}/{near}"
    if any(edge["edge_id"] == f"{name}/f" for edge in part.edges if edge["role"] == "border"):
        return
    opens = float(np.maximum(crossing.opens_year, road_opens))
    line = shapely.LineString([part.nodes[near]["geometry"], part.nodes[beyond]["geometry"]])
    # The road itself runs on to its next node beyond: kilometres are its own, not the crossing's.
    pair = border_pair(crossing, name, near, beyond, line, opens, "road")
    part.edges.extend({**row, "length_km": 0.0, "drawn_length_km": 0.0} for row in pair)


def border_pair(
    crossing: Crossing, name: str, near: str, beyond: str, line: shapely.LineString, opens: float, mode: str
) -> list[Row]:
    """Return the two edges of a crossing: a to b (``ab``) and back (``ba``)."""
    km = line_km(shapely.get_coordinates(line))
    rows = []
    for way, u, v, geometry in (("ab", near, beyond, line), ("ba", beyond, near, shapely.reverse(line))):
        rows.append(
            {
                "edge_id": f"{name}/{'f' if way == 'ab' else 'b'}",
                "from_id": u,
                "to_id": v,
                "role": "border",
                "mode": mode,
                "speed_class": way,
                "speed_limit_kmh": float("nan"),
                "length_km": km,
                "drawn_length_km": km,
                "published_length_km": float("nan"),
                "structure": "surface",
                "toll": False,
                "feature_id": crossing.feature_id,
                "layer": "cross_border_links",
                "plan_ids": "",
                "status": crossing.status,
                "opens_year": opens,
                "opens_basis": crossing.opens_basis,
                "geometry": geometry,
            }
        )
    return rows


def _add_ramps(part: RoadPart, junctions: dict[str, _Junction], touched: dict[str, set[bool]]) -> None:
    """Join the two levels of every node where a tolled road can be left; open when that road is."""
    for feature_id, levels in touched.items():
        junction = junctions[feature_id]
        if True not in levels or not (False in levels or junction.exit):
            continue
        _add_node(part, junction, False)
        toll, ordinary = _node_id(junction, True), _node_id(junction, False)
        for way, u, v in (("leave", toll, ordinary), ("join", ordinary, toll)):
            part.edges.append(
                {
                    "edge_id": f"ramp/{feature_id}/{way}",
                    "from_id": u,
                    "to_id": v,
                    "role": "ramp",
                    "mode": "road",
                    "speed_class": f"toll_{way}",
                    "speed_limit_kmh": float("nan"),
                    "length_km": 0.0,
                    "drawn_length_km": 0.0,
                    "published_length_km": float("nan"),
                    "structure": "surface",
                    "toll": False,
                    "feature_id": feature_id,
                    "layer": "interchanges",
                    "plan_ids": "",
                    "status": "operating",
                    "opens_year": 0.0,
                    "opens_basis": "fact",
                    "geometry": None,
                }
            )


def _first_openings(edges: list[Row]) -> dict[str, float]:
    """Return the year in which the first road at each node opens; NaN where only ``full`` has one."""
    opens: dict[str, float] = {}
    for edge in edges:
        for end in (edge["from_id"], edge["to_id"]) if edge["role"] != "ramp" else ():
            opens[end] = float(np.fmin(opens.get(end, float("nan")), edge["opens_year"]))
    return opens
