"""Local travel: ordinary roads, and how places, ports, airports and station doors hang on the network.

Straight links over land to the nearest exits and stations, charged at local speed times a detour, and to ordinary
roads, which lead on to exits, towns and one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from atlas.base.geodesy import Bools, Floats, Ints, Texts, lengths_km
from atlas.data.region import sides_at
from atlas.data.scenario import BASE_YEAR
from atlas.network.arrays import MESH
from atlas.network.barrier import Barrier
from atlas.network.lines import HARBOUR_KM, TOWN_RIVER_KM, Ends, LocalLinks, local_links
from atlas.network.rows import Columns, Edge, Node, column_of, filled, picked, stacked, texts_of, years_of

__all__ = [
    "BROOK_KM",
    "MESH_ID",
    "MESH_LINKS",
    "MESH_REACH_KM",
    "MESH_STEP_KM",
    "ROAD_LINKS",
    "ROAD_REACH_KM",
    "STATION_LINKS",
    "STATION_REACH_KM",
    "WORKS",
    "beside",
    "exits_of",
    "link_piers",
    "link_points",
    "local_edges",
    "mesh_part",
    "point_columns",
]

#: How far a place may lie from a road or station it is linked with, straight, and how many links it gets.
ROAD_REACH_KM, ROAD_LINKS = 25.0, 3
#: Stations, ports and airports outside the four cities stand where the layers hold few roads.
SITE_REACH_KM = 35.0
STATION_REACH_KM, STATION_LINKS = 20.0, 4
#: How far the pier of an island may lie from its places.
PIER_REACH_KM = 10.0
#: How far from a node of the ordinary roads exits, places and sites are joined, and with how many.
MESH_REACH_KM, MESH_LINKS = 3.0, 2
#: How far apart the nodes of an ordinary road stand at most: it is entered from every village along it.
MESH_STEP_KM = 2.0
#: With how many other places that are nearer than the network a place of the layer is linked directly.
NEIGHBOURS = 5
#: How many places are linked with others at a time.
_BLOCK = 256
#: How much water these joins may cross: the roads themselves have the bridges.
BROOK_KM = 0.15
#: Limit on the way between, km/h: that of roads without a centre line outside of towns (as in docs/model.md).
_MESH_JOIN_KMH = 40.0
#: All ordinary roads are one to a traveller: they have no names.
MESH_ID = "ordinary"
#: Service of a node that is part of a site: nobody flies or sails from it.
WORKS = "works"


def point_columns(frame: gpd.GeoDataFrame, layer: str, kind: str) -> Columns:
    """Return the nodes of a layer of places, ports or airports."""
    left_out = (frame["kind"] == "waterway_project").to_numpy(dtype=bool)
    if "level" in frame:
        left_out = left_out | (frame["level"] == "zone").to_numpy(dtype=bool)
    rows = frame[~left_out]
    ids = rows["id"].to_numpy(dtype=object)
    is_place = kind == "place"
    service = rows["kind"].to_numpy(dtype=object)
    if "service" in rows:
        # a tower or a terminal of an airport that is there is works, and no airport of its own
        service = np.where((rows["service"] == "none").to_numpy(), WORKS, service).astype(object)
    return filled(
        "nodes", len(rows), node_id=column_of((f"{kind}/{name}" for name in ids), "text"), kind=kind, mode="local",
        layer=layer, feature_id=ids, name_zh=rows["name_zh"].to_numpy(dtype=object), name_en=texts_of(rows["name_en"]),
        city=texts_of(rows["city"]), side=rows["side"].to_numpy(dtype=object), exit=True,
        service="" if is_place else service, geometry=rows.geometry.to_numpy(),
        opens_year=0.0 if is_place else years_of(rows["opens_year"]), status=rows["status"].to_numpy(dtype=object),
        opens_basis=rows["opens_basis"].to_numpy(dtype=object), plan_ids=texts_of(rows["plan_ids"]),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class MeshPart:
    """Columns of nodes, edges and joins of the ordinary roads."""

    nodes: Columns
    edges: Columns
    joins: Columns


def mesh_part(frame: gpd.GeoDataFrame, highways: gpd.GeoDataFrame, roads: Columns, barrier: Barrier | None) -> MeshPart:
    """Build the ordinary roads: nodes where their lines meet or end, joined with the exits and towns near by.

    Parameters
    ----------
    frame
        The layer ``ordinary_roads``; lines meet where they share a vertex, and have a node every
        ``MESH_STEP_KM`` at least.
    highways
        The layer ``highways``. Roads that name no nodes were taken in from a map with roads of its own: ordinary
        roads within their hull go.
    roads
        Columns of the nodes of roads, of which exits are joined.
    barrier
        Land and water that joins must not cross.
    """
    imported = highways.geometry[texts_of(highways["node_ids"]) == ""]
    if len(imported):
        hull = shapely.convex_hull(shapely.union_all(imported.to_numpy()))
        frame = frame[~frame.intersects(hull)]
    xy, line, entry = _with_entries(frame.geometry.to_numpy())
    at, vertex, times = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    vertex = vertex.ravel()
    first, last = np.diff(line, prepend=-1) != 0, np.diff(line, append=-1) != 0
    met = np.zeros(len(at), dtype=bool)
    met[vertex[first | last | entry]] = True
    met |= times > 1
    cuts = np.nonzero(met[vertex])[0]
    pair = np.nonzero(line[cuts[:-1]] == line[cuts[1:]])[0]
    begin, end = cuts[pair], cuts[pair + 1]
    pieces = column_of((shapely.LineString(xy[a : b + 1]) for a, b in zip(begin, end, strict=True)), "shape")
    where = at[met]
    names = column_of((f"mesh/{lon:.6f},{lat:.6f}" for lon, lat in where.tolist()), "text")
    nodes = filled(
        "nodes", len(where), node_id=names, kind="junction", mode="road", layer=MESH, feature_id=MESH_ID,
        side=sides_at(() if barrier is None else barrier.territories, where), exit=True,
        geometry=shapely.points(where), opens_year=float(BASE_YEAR),
    )  # fmt: skip
    row = np.cumsum(met) - 1
    # No sketch says where a border can be passed.
    here = nodes["side"][row[vertex[begin]]] == nodes["side"][row[vertex[end]]]
    begin, end, pieces = begin[here], end[here], pieces[here]
    limit = frame["speed_limit_kmh"].to_numpy(dtype=np.float64)[line[begin]]
    runs = _mesh_edges("road", names[row[vertex[begin]]], names[row[vertex[end]]], pieces, limit, float(BASE_YEAR))
    exits = picked(roads, np.nonzero((roads["kind"] == "junction") & roads["exit"])[0])
    links = _links(exits, nodes, MESH_REACH_KM, MESH_LINKS, barrier, dry=True)
    # what hangs together but is joined with nothing leads nowhere
    tail, head = row[vertex[begin]], row[vertex[end]]
    whole = csr_array((np.ones(len(tail)), (tail, head)), shape=(len(where), len(where)))
    part = connected_components(whole, directed=False)[1]
    kept = np.isin(part, part[links.target])
    a, b = picked(exits, links.point), picked(nodes, links.target)
    ends = np.stack([shapely.get_coordinates(a["geometry"]), shapely.get_coordinates(b["geometry"])], axis=1)
    joined = _mesh_edges(
        "join",
        a["node_id"],
        b["node_id"],
        shapely.linestrings(ends),
        np.full(len(ends), _MESH_JOIN_KMH),
        a["opens_year"],
    )
    joins = filled(
        "joins", len(links.point), kind="linked", layer=a["layer"], feature_id=a["feature_id"], target=b["node_id"],
        length_km=links.length_km,
    )  # fmt: skip
    runs = picked(runs, np.nonzero(np.tile(kept[tail], 2))[0])
    joined = picked(joined, np.nonzero(np.tile(links.length_km > 0, 2))[0])
    return MeshPart(picked(nodes, np.nonzero(kept)[0]), stacked(runs, joined), joins)


def _with_entries(lines: Texts) -> tuple[Floats, Ints, Bools]:
    """Return the vertices of the lines, of which line each is, and which were put in where a line is long."""
    parts = np.maximum(np.ceil(lengths_km(lines) / MESH_STEP_KM), 1).astype(np.int64)
    row = np.repeat(np.arange(len(lines)), parts - 1)
    share = (np.arange(len(row)) - np.repeat(np.cumsum(parts - 1) - (parts - 1), parts - 1) + 1) / parts[row]
    put = shapely.get_coordinates(shapely.line_interpolate_point(lines[row], share, normalized=True)).round(6)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T) * (np.diff(line, prepend=-1) == 0)
    run = np.cumsum(step)
    first = np.searchsorted(line, np.arange(len(lines)))
    along = np.concatenate([run - run[first][line], share * shapely.length(lines)[row]])
    line = np.concatenate([line, row])
    order = np.lexsort((along, line))
    entry = np.arange(len(line)) >= len(xy)
    return np.concatenate([xy, put])[order], line[order], entry[order]


def _mesh_edges(
    name: str,
    a: Texts,
    b: Texts,
    lines: Texts,
    limit_kmh: Floats,
    opens_year: Floats | float,
) -> Columns:
    """Return the edges of stretches one way, then those back."""
    km = lengths_km(lines)
    blocks = []
    for way, u, v, shapes in (("f", a, b, lines), ("b", b, a, shapely.reverse(lines))):
        blocks.append(
            filled(
                "edges", len(km), edge_id=column_of((f"{MESH}/{name}/{k}/{way}" for k in range(len(km))), "text"),
                from_id=u, to_id=v, role="run", mode="road", speed_class="ordinary_road", speed_limit_kmh=limit_kmh,
                length_km=km, drawn_length_km=km, published_length_km=np.nan, feature_id=MESH_ID, layer=MESH,
                status="operating", opens_year=opens_year, opens_basis="assumed", geometry=shapes,
            )
        )  # fmt: skip
    return stacked(*blocks)


def exits_of(layer: Texts, kind: Texts, may_leave: Bools) -> tuple[Ints, Ints]:
    """Return the rows of nodes at which local travel joins named roads, and of those of ordinary roads."""
    here = (kind == "junction") & may_leave
    return np.nonzero(here & (layer != MESH))[0], np.nonzero(here & (layer == MESH))[0]


def link_points(points: Columns, nodes: Columns, barrier: Barrier | None) -> tuple[Columns, Columns]:
    """Link places, ports, airports and station doors with roads, and the first three with stations.

    Parameters
    ----------
    points, nodes
        Columns of nodes: what is to be linked, and the junctions and stations it may be linked with.

    Returns
    -------
    edges, joins
        Columns of both; a point that nothing is near enough to is a join ``unlinked``.
    """
    exits, mesh = exits_of(nodes["layer"], nodes["kind"], nodes["exit"])
    doors = np.nonzero(nodes["kind"] == "stop")[0]
    # Every point is also linked with roads that were open in the base year, so that none hangs on a later road.
    settled = exits[nodes["opens_year"][exits] <= BASE_YEAR]
    places = np.nonzero(points["kind"] == "place")[0]
    sites = np.nonzero(points["kind"] != "place")[0]
    travellers = np.nonzero(points["kind"] != "stop")[0]
    found: list[tuple[Ints, Ints, Floats, str]] = []
    for sources, targets, reach_km, most, name in (
        (places, exits, ROAD_REACH_KM, ROAD_LINKS, "local_road"),
        (places, settled, ROAD_REACH_KM, ROAD_LINKS, "local_road"),
        (sites, exits, SITE_REACH_KM, ROAD_LINKS, "local_road"),
        (sites, settled, SITE_REACH_KM, ROAD_LINKS, "local_road"),
        (np.arange(len(points["kind"])), mesh, MESH_REACH_KM, MESH_LINKS, "local_road"),
        (travellers, doors, STATION_REACH_KM, STATION_LINKS, "local_rail"),
    ):
        links = _links(*_ends(points, sources, nodes, targets), reach_km, most, barrier, dry=targets is mesh)
        links = links if name == "local_rail" else links.without_long()
        found.append((sources[links.point], targets[links.target], links.length_km, name))
    source, target, km = (np.concatenate([block[k] for block in found]) for k in range(3))
    names = np.repeat(np.array([block[3] for block in found], dtype=object), [len(block[0]) for block in found])
    _, first = np.unique(source * len(nodes["kind"]) + target, return_index=True)
    first = np.sort(first)
    source, target, km = source[first], target[first], km[first]
    a, b = picked(points, source), picked(nodes, target)
    edges = local_edges(a, b, km, names[first])
    linked = filled(
        "joins", len(km), kind="linked", layer=a["layer"], feature_id=a["feature_id"], target=b["node_id"],
        length_km=km,
    )  # fmt: skip
    alone = picked(points, np.setdiff1d(np.arange(len(points["kind"])), source))
    unlinked = filled(
        "joins", len(alone["kind"]), kind="unlinked", layer=alone["layer"], feature_id=alone["feature_id"]
    )
    return edges, stacked(linked, unlinked)


def beside(places: Columns, others: Columns, links: Columns, barrier: Barrier | None) -> Columns:
    """Link places directly with others that are nearer to them than the network is.

    Parameters
    ----------
    places, others
        Columns of nodes. A place that stands among the others, as all do that are added one after another, is
        linked with those before it; ``places`` for both links all with all.
    links
        The local links of the places with the network; one without any counts as ``ROAD_REACH_KM`` away.
    barrier
        Land and water that links must not cross.

    Returns
    -------
    Columns
        Edges, both ways; none twice.
    """
    row = {name: number for number, name in enumerate(places["node_id"].tolist())}
    away_km = np.full(len(row), ROAD_REACH_KM)
    roads = picked(links, np.nonzero(links["speed_class"] == "local_road")[0])
    for end in ("from_id", "to_id"):
        at = np.array([row.get(name, -1) for name in roads[end].tolist()], dtype=np.int64)
        np.minimum.at(away_km, at[at >= 0], roads["length_km"][at >= 0])
    home = {name: number for number, name in enumerate(others["node_id"].tolist())}
    number = np.array([home[name] for name in row], dtype=np.int64)
    all_with_all = places is others
    blocks = []
    for start in range(0, len(row), _BLOCK):
        part = picked(places, slice(start, start + _BLOCK))
        reach_km = float(away_km[start : start + _BLOCK].max())
        found = _links(part, others, reach_km, NEIGHBOURS + 1 if all_with_all else len(home), barrier)
        a, b, km = found.point + start, found.target, found.length_km
        near = (km < away_km[a]) & ((number[a] != b) if all_with_all else (b < number[a]))
        blocks.append((a[near], b[near], km[near]))
    a, b, km = (np.concatenate([block[k] for block in blocks]) for k in range(3))
    low, high = np.minimum(number[a], b), np.maximum(number[a], b)
    once = np.sort(np.unique(low * len(home) + high, return_index=True)[1])
    return local_edges(picked(places, a[once]), picked(others, b[once]), km[once], "local_road")


def link_piers(
    places: Columns, ends: Sequence[tuple[Node, Edge]], nodes: Columns, barrier: Barrier | None
) -> tuple[Columns, Columns]:
    """Link places that nothing else reaches over land, as on an island, with the piers of ferries.

    Parameters
    ----------
    places
        Nodes of the places that :func:`link_points` left without a link.
    ends
        For each end of a service the node there, and what the edges of the service have in common: the links are
        part of the service, and open where it is.
    nodes
        All nodes, in which the ends stand.

    Returns
    -------
    edges, joins
        Columns of edges and of ``Network.joins``.
    """
    at_pier = [(node.node_id, service) for node, service in ends if node.kind in ("port", "airport")]
    row = {name: i for i, name in enumerate(nodes["node_id"].tolist())}
    piers = picked(nodes, np.array([row[name] for name in dict.fromkeys(name for name, _ in at_pier)], dtype=np.int64))
    links = _links(places, piers, PIER_REACH_KM, 1, barrier)
    a, b = picked(places, links.point), picked(piers, links.target)
    joins = filled(
        "joins", len(links.point), kind="linked", layer=a["layer"], feature_id=a["feature_id"], target=b["node_id"],
        length_km=links.length_km,
    )  # fmt: skip
    served = [
        (k, service)
        for k, pier in enumerate(b["node_id"].tolist())
        for name, service in at_pier
        if name == pier
    ]  # fmt: skip
    which = np.array([k for k, _ in served], dtype=np.int64)
    edges = local_edges(picked(a, which), picked(b, which), links.length_km[which], "local_pier")
    both = [service for _, service in served for _ in (0, 1)]
    for name, kind in (
        ("feature_id", "text"), ("layer", "text"), ("plan_ids", "text"), ("opens_year", "number"),
        ("opens_basis", "text"),
    ):  # fmt: skip
        edges[name] = column_of((getattr(service, name) for service in both), kind)
    edges["edge_id"] = edges["edge_id"] + "/" + edges["feature_id"] if len(both) else edges["edge_id"]
    return edges, joins


def _links(
    sources: Columns, targets: Columns, reach_km: float, most: int, barrier: Barrier | None, *, dry: bool = False
) -> LocalLinks:
    """Return straight links; those that are to stay `dry` cross brooks and canals alone."""
    return local_links(
        Ends(shapely.get_coordinates(sources["geometry"]), sources["side"].tolist()),
        Ends(shapely.get_coordinates(targets["geometry"]), targets["side"].tolist()),
        reach_km=reach_km, most=most, barrier=barrier, water_allowed_km=BROOK_KM if dry else TOWN_RIVER_KM,
        water_fallback_km=BROOK_KM if dry else HARBOUR_KM,
    )  # fmt: skip


def _ends(points: Columns, sources: Ints, nodes: Columns, targets: Ints) -> tuple[Columns, Columns]:
    """Return of the points and nodes chosen what :func:`_links` looks at: there may be very many."""
    a, b = ({name: of[name] for name in ("geometry", "side")} for of in (points, nodes))
    return picked(a, sources), picked(b, targets)


def local_edges(a: Columns, b: Columns, km: Floats, name: Texts | str) -> Columns:
    """Return the edges from each point `a` to the network node `b` and back, in turn; `a` may be a station door.

    Parameters
    ----------
    a, b
        Columns of nodes, row by row.
    km
        Straight kilometres of each pair.
    name
        Speed class of each pair, or of all.
    """
    size = len(km)
    xy = np.stack([shapely.get_coordinates(a["geometry"]), shapely.get_coordinates(b["geometry"])], axis=1)
    towards = shapely.linestrings(xy)
    site = (a["kind"] == "port") | (a["kind"] == "airport")
    door = a["kind"] == "stop"
    roles = np.array(["egress", "access"], dtype=object)
    ids = [f"local/{u}~{v}" for u, v in zip(a["node_id"], b["node_id"], strict=True)]

    def woven(out: Texts, back: Texts) -> Texts:
        both = np.empty(2 * size, dtype=object)
        both[::2], both[1::2] = out, back
        return both

    given = {
        "feature_id": a["feature_id"], "layer": a["layer"], "plan_ids": a["plan_ids"], "status": a["status"],
        "opens_year": np.where(site, a["opens_year"], 0.0), "opens_basis": a["opens_basis"],
        "length_km": km, "drawn_length_km": km,
        "speed_class": name if isinstance(name, np.ndarray) else np.full(size, name, dtype=object),
    }  # fmt: skip
    return filled(
        "edges", 2 * size, mode="local", **{column: np.repeat(values, 2) for column, values in given.items()},
        edge_id=woven(column_of((f"{i}/f" for i in ids), "text"), column_of((f"{i}/b" for i in ids), "text")),
        from_id=woven(a["node_id"], b["node_id"]), to_id=woven(b["node_id"], a["node_id"]),
        role=woven(np.where(door, *roles), np.where(door, *roles[::-1])),
        geometry=woven(towards, shapely.reverse(towards)),
    )  # fmt: skip
