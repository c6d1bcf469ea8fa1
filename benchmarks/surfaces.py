"""Areas within one and two hours of an origin, against discs round the nodes: ratios and agreement, one JSON line each.

    .venv/bin/python benchmarks/surfaces.py

Both peers draw round every exit and station that is reached a disc as wide as local travel gets in the time that is
left, unite the discs and cut them at the shore. ``exact union`` takes the node times from the atlas's own search and
draws discs of 256 corners (0.01 % of their area short); ``networkx`` searches a graph of its own, at hand, and draws
the usual 32 corners (0.6 % short). Discs know no water between a node and what is round it and no limit on links:
``iou`` (shared over united area) is the agreement, not an error of either. The access table is made once and stands
before the clock starts; ``table_s`` says in how long.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray
from run import Result, paired

from atlas.base.geodesy import plane
from atlas.data.catalog import open_catalog
from atlas.data.scenario import Scenario, load_scenario
from atlas.land.links import AccessTable, access_table, local_minutes
from atlas.land.shore import shore_of
from atlas.land.surface import isochrones, surface_from
from atlas.network.attach import ROAD_REACH_KM, STATION_REACH_KM
from atlas.network.build import Network, build_network
from atlas.travel.search import search
from atlas.travel.trip import Trip

METRIC = plane(112.7, 22.3)

CUTOFFS_MIN = (60.0, 120.0)
RUNS = 9
CASES = (("place/zhuhai", "drive"), ("place/zhuhai", "multimodal"), ("place/yangjiang", "rail"))


def discs(
    network: Network, scenario: Scenario, mode: str, minutes: NDArray[np.float64], land: shapely.Geometry, corners: int
) -> list[shapely.Geometry]:
    """Return for each cut-off the united discs round the nodes, on land, in the metric CRS."""
    nodes = network.nodes
    served = network.arrays.served(scenario)
    exits = ((nodes["kind"] == "junction") & nodes["exit"]).to_numpy() & served
    doors = (nodes["kind"] == "stop").to_numpy() & served & (mode != "drive")
    at = shapely.get_coordinates(nodes.geometry.to_crs(METRIC).to_numpy())
    reach_km = np.where(exits, ROAD_REACH_KM, STATION_REACH_KM)
    found = []
    for cutoff in CUTOFFS_MIN:
        left_km = np.minimum((cutoff - minutes) / local_minutes(scenario, 1.0), reach_km)
        rows = np.nonzero((exits | doors) & (left_km > 0))[0]
        whole = shapely.union_all(
            shapely.buffer(shapely.points(at[rows]), left_km[rows] * 1000.0, quad_segs=corners // 4)
        )
        found.append(shapely.intersection(whole, land))
    return found


def areas(network: Network, table: AccessTable, scenario: Scenario, origin: str, mode: str) -> Iterator[Result]:
    """Ours against both peers for one origin and mode."""
    west, south, east, north = shapely.bounds(shapely.MultiPoint(table.grid.lonlat))
    dry = shapely.clip_by_rect(shore_of(network).land, west, south, east, north)
    region = shapely.make_valid(gpd.GeoSeries([dry], crs=4326).to_crs(METRIC).iloc[0])
    start = network.row_of[origin]
    graph = Trip(network, scenario, mode).graph
    arcs = graph.matrix.tocoo()
    peer = nx.DiGraph()
    peer.add_weighted_edges_from(zip(*map(np.ndarray.tolist, (*arcs.coords, arcs.data)), strict=True))

    def ours() -> gpd.GeoDataFrame:
        return isochrones(surface_from(network, origin, scenario, table, mode=mode), CUTOFFS_MIN)

    def united() -> list[shapely.Geometry]:
        tree = search(Trip(network, scenario, mode).graph, start)
        return discs(network, scenario, mode, tree.node_minutes, region, 256)

    def by_networkx() -> list[shapely.Geometry]:
        reached = nx.single_source_dijkstra_path_length(peer, start, cutoff=CUTOFFS_MIN[-1])
        states = np.full(graph.states, np.inf)
        states[list(reached)] = list(reached.values())
        before, after = states[: graph.size], states[graph.size : 2 * graph.size]
        minutes = after if graph.must_ride else np.minimum(before, after)
        return discs(network, scenario, mode, minutes, region, 32)

    mine = shapely.make_valid(ours().geometry.to_crs(METRIC).to_numpy())
    for name, theirs in (("exact union of discs", united), ("networkx + discs", by_networkx)):
        shared = zip(CUTOFFS_MIN, mine, theirs(), strict=True)
        agreement = {f"iou_{cutoff:g}": round(_iou(a, b), 4) for cutoff, a, b in shared}
        yield {"case": f"{origin} {mode}", "peer": name, **agreement} | paired(_spent(ours), _spent(theirs), RUNS)


def _spent(call: Callable[[], object]) -> Callable[[], float]:
    """The same, telling the processor time it took: both sides keep to one core."""

    def run() -> float:
        before = time.process_time()
        call()
        return time.process_time() - before

    return run


def _iou(a: shapely.Geometry, b: shapely.Geometry) -> float:
    united = shapely.area(shapely.union(a, b))
    return float(shapely.area(shapely.intersection(a, b)) / united) if united > 0 else 1.0


def main() -> None:
    """Run all."""
    network = build_network(open_catalog().layers())
    start = time.perf_counter()
    table = access_table(network)
    about = {"benchmark": "access_table", "cells": len(table.grid.cells), "links": len(table.cell)}
    print(json.dumps({**about, "table_s": round(time.perf_counter() - start, 2)}), flush=True)
    for origin, mode in CASES:
        for result in areas(network, table, load_scenario("2026"), origin, mode):
            print(json.dumps({"benchmark": "areas", **result}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
