#!/usr/bin/env python
"""Renew data/geojson/ordinary_roads.geojson from the road sketch of PyPI scgraph_data.

The package (MIT) carries OpenStreetMap's main and ordinary roads of before mid 2024 (ODbL 1.0) as chords between nodes
rounded to 0.001 degrees, without names, classes or limits. Needed once:

    pip install --target DIR scgraph_data==2.0.0 --no-deps
    scripts/sketch_roads.py DIR
    scripts/build_layers.py --check

What is taken, what is left out and which limit a road gets stands in docs/model.md.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
for place in (ROOT, ROOT / "scripts"):
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))

from recipes.limits import LIMIT_KMH, PLANE, TOWN_KM  # noqa: E402  (the path must be set first)

from atlas.base.geodesy import Floats, length_km  # noqa: E402  (the path must be set first)
from atlas.data.declaration import read_specs  # noqa: E402
from atlas.data.layer import Layer, frame_of, write_layer  # noqa: E402
from atlas.data.region import read_region  # noqa: E402

Graph = dict[int, dict[int, list[int]]]

BOX = (110.8, 21.3, 114.3, 23.3)
REGION = read_region(ROOT)
CITIES = tuple(one.city for one in REGION.core)
#: Roads within so many km of a place of the four cities are taken.
REACH_KM = 12.0
#: A road whose both ends lie so near a named ordinary road may stand for it, and is not faster.
BESIDE_KM = 0.3
#: Macau, roughly: its roads are not the mainland's.
BEYOND = ((113.53, 22.175, 113.60, 22.2155), (113.544, 22.149, 113.62, 22.175), (113.5555, 22.10, 113.62, 22.15))
#: Roads that hang together over fewer km than this are left out.
LEAST_KM = 5.0


def read_sketch(folder: Path) -> tuple[Floats, list[tuple[int, int]]]:
    """Nodes (lon, lat) and pairs of nodes inside the box; the package is read as text, not run."""
    text = (folder / "scgraph_data" / "world_highways.py").read_text("utf-8")
    start = text.index("graph=[{")
    graph, _, rest = text[start + len("graph=[{") :].partition("}]")
    pairs = re.findall(r"\[(-?[\d.]+), (-?[\d.]+)\]", rest)
    lonlat = np.array(pairs, dtype=np.float64)[:, ::-1]
    west, south, east, north = BOX
    inside = (lonlat > (west, south)).all(axis=1) & (lonlat < (east, north)).all(axis=1)
    found = []
    for a, part in enumerate(graph.split("}, {")):
        if inside[a]:
            ends = (int(end) for end in re.findall(r"(\d+):", part))
            found += [(a, b) for b in ends if a < b and inside[b]]
    return lonlat, found


def features(layer: str) -> list[dict[str, Any]]:
    """Features of a layer."""
    content = json.loads((ROOT / "data" / "geojson" / f"{layer}.geojson").read_text("utf-8"))
    found: list[dict[str, Any]] = content["features"]
    return found


def in_region(lonlat: Floats) -> NDArray[np.bool_]:
    """Which nodes lie near a place of the four cities, and nearer to the mainland's points than to the others'."""
    points, ours, beyond = [], [], []
    for layer in ("places", "interchanges", "stations"):
        for one in features(layer):
            city = one["properties"]["city"]
            points.append(one["geometry"]["coordinates"])
            ours.append(layer == "places" and city in CITIES)
            beyond.append(REGION.side_of(city) != "mainland")
    at = np.array(points) * PLANE
    tree = shapely.STRtree(shapely.points(at))
    nodes = shapely.points(lonlat * PLANE)
    abroad = np.array(beyond)[tree.nearest(nodes)]
    places = shapely.STRtree(shapely.points(at[np.array(ours)]))
    near = np.zeros(len(lonlat), dtype=bool)
    near[np.unique(places.query(nodes, predicate="dwithin", distance=REACH_KM)[0])] = True
    for west, south, east, north in BEYOND:
        abroad |= ((lonlat > (west, south)) & (lonlat < (east, north))).all(axis=1)
    return np.asarray(near & ~abroad)


def without_crumbs(lonlat: Floats, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs of nodes that hang together over some kilometres."""
    parts = nx.Graph(pairs)
    kept: set[int] = set()
    for part in nx.connected_components(parts):
        ends = np.array(list(parts.subgraph(part).edges()))
        km = np.hypot(*((lonlat[ends[:, 0]] - lonlat[ends[:, 1]]) * PLANE).T).sum()
        kept |= part if km >= LEAST_KM else set()
    return [(a, b) for a, b in pairs if a in kept]


def contracted(lonlat: Floats, pairs: list[tuple[int, int]]) -> list[list[int]]:
    """Ways between nodes where roads meet or end: nodes with two neighbours are bends of one way."""
    graph: Graph = defaultdict(dict)
    for a, b in pairs:
        graph[a][b], graph[b][a] = [a, b], [b, a]
    for node in sorted(graph):
        if len(graph[node]) != 2:
            continue
        a, b = graph[node]
        if b in graph[a]:
            continue
        way = [*graph[a].pop(node), *graph[node][b][1:]]
        del graph[b][node], graph[node]
        graph[a][b], graph[b][a] = way, way[::-1]
    return [way for a in sorted(graph) for b, way in sorted(graph[a].items()) if a < b]


def areas(lonlat: Floats, ways: list[list[int]]) -> list[str]:
    """Kind of each way: a town's where its middle lies near a place."""
    kinds = ["country_road"] * len(ways)
    middles = np.array([lonlat[way].mean(axis=0) for way in ways]) * PLANE
    tree = shapely.STRtree(shapely.points(middles))
    for one in features("places"):
        within = TOWN_KM.get(one["properties"]["level"])
        if within is not None:
            here = shapely.Point(np.array(one["geometry"]["coordinates"]) * PLANE)
            for k in tree.query(here, predicate="dwithin", distance=within).tolist():
                kinds[k] = "town_road"
    return kinds


def limits(lonlat: Floats, ways: list[list[int]], kinds: list[str]) -> list[float]:
    """Limit of each way by its kind, and no more than that of a named ordinary road it may stand for."""
    # access roads are drawn for want of a road: they have no sign of their own
    kinds_of = ((one, str(one["properties"]["kind"])) for one in features("highways"))
    named = [one for one, kind in kinds_of if kind != "access" and not kind.startswith("expressway")]
    lines = [shapely.LineString(np.array(one["geometry"]["coordinates"]) * PLANE) for one in named]
    tree = shapely.STRtree(lines)
    found = []
    for way, kind in zip(ways, kinds, strict=True):
        ends = shapely.points(lonlat[[way[0], way[-1]]] * PLANE)
        beside = [set(tree.query(end, predicate="dwithin", distance=BESIDE_KM).tolist()) for end in ends]
        posted = [named[k]["properties"]["speed_limit_kmh"] for k in beside[0] & beside[1]]
        found.append(min([LIMIT_KMH[kind], *(limit for limit in posted if limit)]))
    return found


def strokes(lonlat: Floats, ways: list[list[int]], looks: list[tuple[str, float]]) -> list[tuple[list[int], int]]:
    """Ways of one look strung together as long as they run on, each with the number of its first way."""
    open_ways: dict[tuple[int, tuple[str, float]], list[int]] = defaultdict(list)
    for k, way in enumerate(ways):
        for end in (way[0], way[-1]):
            open_ways[end, looks[k]].append(k)
    used: set[int] = set()
    found = []
    for k, way in enumerate(ways):
        if k in used:
            continue
        used.add(k)
        line = list(way)
        for _ in range(2):
            while (following := _straightest(lonlat, line, ways, open_ways[line[-1], looks[k]], used)) is not None:
                used.add(following)
                more = ways[following]
                line += more[1:] if more[0] == line[-1] else more[-2::-1]
            line.reverse()
        found.append((line, k))
    return found


def _straightest(lonlat: Floats, line: list[int], ways: list[list[int]], near: list[int], used: set[int]) -> int | None:
    """The way that leads on from the end of a line with the least turn, none that turns by more than 60 degrees."""
    ahead = (lonlat[line[-1]] - lonlat[line[-2]]) * PLANE
    best: tuple[float, int] | None = None
    for k in near:
        way = ways[k] if ways[k][0] == line[-1] else ways[k][::-1]
        # a line must not cross itself
        if k in used or set(way[1:]) & set(line):
            continue
        on = (lonlat[way[1]] - lonlat[way[0]]) * PLANE
        turn = 1.0 - float(ahead @ on) / float(np.hypot(*ahead) * np.hypot(*on))
        if turn <= 0.5 and (best is None or turn < best[0]):
            best = turn, k
    return best[1] if best is not None else None


def records(
    lonlat: Floats, lines: list[tuple[list[int], int]], looks: list[tuple[str, float]]
) -> tuple[list[dict[str, Any]], list[Any]]:
    """Rows and geometries of the layer."""
    rows, shapes = [], []
    for number, (line, first) in enumerate(lines, start=1):
        kind, limit = looks[first]
        shape = shapely.LineString(lonlat[line])
        rows.append(
            {
                "id": f"ordinary-{number:04d}",
                "name_zh": "普通公路",
                "name_en": "Ordinary road",
                "kind": kind,
                "status": "operating",
                "status_as_of": None,
                "checked_on": None,
                "opened": None,
                "expected_open": None,
                "opens_basis": "assumed",
                "opens_year": 2023,
                "plan_ids": "",
                "city": None,
                "source": "osm_sketch",
                "source_note": None,
                "confidence": "low",
                "geometry_quality": "schematic",
                "position_error_m": 950.0,
                "speed_limit_kmh": limit,
                "drawn_length_km": round(length_km(shape), 3),
            }
        )
        shapes.append(shape)
    return rows, shapes


def main(argv: list[str] | None = None) -> int:
    """Write the layer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder that scgraph_data was installed into")
    lonlat, pairs = read_sketch(parser.parse_args(argv).folder)
    used = np.unique(np.array(pairs))
    kept = np.zeros(len(lonlat), dtype=bool)
    kept[used] = in_region(lonlat[used])
    pairs = without_crumbs(lonlat, [(a, b) for a, b in pairs if kept[a] and kept[b]])
    ways = contracted(lonlat, pairs)
    kinds = areas(lonlat, ways)
    looks = list(zip(kinds, limits(lonlat, ways, kinds), strict=True))
    lines = strokes(lonlat, ways, looks)
    spec = read_specs(ROOT / "layers")["ordinary_roads"]
    rows, shapes = records(lonlat, lines, looks)
    write_layer(
        Layer(spec, frame_of(rows, shapes, spec)), ROOT / "data" / "geojson" / "ordinary_roads.geojson", overwrite=True
    )
    km = sum(row["drawn_length_km"] for row in rows)
    print(f"{len(rows)} roads of {len(ways)} ways, {km:.0f} km", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
