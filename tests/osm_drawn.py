"""Extracts of OpenStreetMap drawn by hand, as layers, as an atlas and as its network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
from import_files import Place, WayRow, draw_pbf

from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.imports.osm.layers import OsmLayers, osm_layers
from atlas.imports.osm.tags import CLASSES
from atlas.imports.run import Destination, Outcome, take_in
from atlas.network.build import Network, build_network

HOME = open_catalog()
NOW = load_scenario("2026")
#: A road from west to east and one from south to north, with a node between.
CROSS = {1: (113.0, 22.5), 2: (113.05, 22.5), 3: (113.1, 22.5), 4: (113.05, 22.45), 5: (113.05, 22.55)}


def made(tmp_path: Path, nodes: dict[int, Place], ways: list[WayRow], relations: Any = (), **how: Any) -> OsmLayers:
    path = draw_pbf(tmp_path / "drawn.osm.pbf", nodes, ways, relations)
    return osm_layers(path, HOME.specs, **{"classes": CLASSES, **how})


def stored(found: OsmLayers, folder: Path) -> Outcome:
    return take_in(found.layers, [found.source], HOME, Destination(out=folder), refused=found.refused)


def network_of(found: OsmLayers, folder: Path) -> Network:
    stored(found, folder)
    return build_network(open_catalog(folder).layers())


def road_graph(network: Network) -> nx.DiGraph:
    runs = network.edges[network.edges["role"].isin(["run", "ramp"])]
    return nx.DiGraph(zip(runs["from_id"], runs["to_id"], strict=True))
