"""Shortest ways over an imported extract beside those of an independent reader of the same file.

    python benchmarks/osm_paths.py FILE.osm.pbf ... [--classes residential+] [--sources 40]

The other reader is written here from the wiki's words with pyosmium and networkx and shares no line with the import: a
graph of every node of every road. From some junctions, drawn by a fixed seed, kilometres to all others are compared;
equal is 0.2 per cent or 5 m, or no way in both. A second column holds turn restrictions as well, which the atlas does
not: the share of pairs that they make longer is what is lost by that.
"""

from __future__ import annotations

import argparse
import heapq
import random
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import networkx as nx
import osmium
from pyproj import Geod

from atlas.data.catalog import open_catalog
from atlas.imports.osm.layers import osm_layers
from atlas.imports.osm.tags import classes_of
from atlas.imports.run import Destination, take_in
from atlas.network.build import build_network

GEOD = Geod(ellps="WGS84")
OPEN_AT_ENDS = {"destination", "customers", "delivery", "residents"}
NOT_FOR_CARS = {
    "no", "private", "agricultural", "forestry", "emergency", "military", "official", "permit", "psv", "bus",
    "restricted", "taxi", "hgv", "use_sidepath", "dismount",
}  # fmt: skip
STOPS = {
    "bollard", "block", "jersey_barrier", "cycle_barrier", "motorcycle_barrier", "chain", "log", "debris",
    "turnstile", "stile", "kissing_gate", "bus_trap", "sump_buster", "planter", "spikes", "guard_rail",
}  # fmt: skip


def car(tags: dict[str, str]) -> str | None:
    """The value of the most specific rule about cars."""
    return next((tags[k] for k in ("motorcar", "motor_vehicle", "vehicle", "access") if k in tags), None)


def shuts(value: str | None, ends_too: bool = True) -> bool:
    parts = [] if value is None else [part.strip() for part in value.split(";")]
    return bool(parts) and all(part in NOT_FOR_CARS or (ends_too and part in OPEN_AT_ENDS) for part in parts)


def read(path: Path, classes: tuple[str, ...]) -> tuple[nx.DiGraph, dict, dict, set[int]]:
    """Graph with kilometres, edges out of each node with their way, turns by (way, node), and ends of ways."""
    at, barriers, ways, relations = {}, set(), [], []
    wanted = {name + link for name in classes for link in ("", "_link")}
    for one in osmium.FileProcessor(str(path)):
        tags = {tag.k: tag.v for tag in one.tags}
        if one.is_node():
            at[one.id] = (one.location.lon, one.location.lat)
            if "barrier" in tags and stops(tags):
                barriers.add(one.id)
        elif one.is_way() and tags.get("highway") in wanted and tags.get("area") != "yes" and not shuts(car(tags)):
            ways.append((one.id, [node.ref for node in one.nodes], tags))
        elif one.is_relation() and tags.get("type") == "restriction":
            relations.append((tags, [(m.role, m.type, m.ref) for m in one.members]))
    graph, out, ends = nx.DiGraph(), defaultdict(list), set()
    for way, nodes, tags in ways:
        refs = [ref for ref in nodes if ref in at]
        forth, back = directions(tags)
        ends |= {refs[0], refs[-1]} - barriers if len(refs) > 1 else set()
        for k, (a, b) in enumerate(pairwise(refs)):
            if a == b:
                continue
            km = GEOD.inv(*at[a], *at[b])[2] / 1000
            # Nothing leads past a barrier: each end of road at it is a node of its own.
            u, v = ((x, way, k) if x in barriers else x for x in (a, b))
            for s, t in [(u, v)] * forth + [(v, u)] * back:
                if km < graph.get_edge_data(s, t, {"km": 1e9})["km"]:
                    graph.add_edge(s, t, km=km)
                out[s].append((t, km, way))
    return graph, out, turns_of(relations), ends & set(graph)


def stops(tags: dict[str, str]) -> bool:
    """Whether a barrier stops cars: by what is told of cars, else by what it is."""
    rule = car(tags)
    return shuts(rule) if rule else tags["barrier"] in STOPS or tags.get("locked") == "yes"


def directions(tags: dict[str, str]) -> tuple[bool, bool]:
    """Whether cars go as a way is drawn, and whether against it."""
    keys = ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway")
    told = next((tags[key] for key in keys if key in tags), None)
    ring = tags.get("junction") in {"roundabout", "circular"} or tags["highway"] == "motorway"
    forth = told not in {"-1", "reverse"} and not shuts(tags.get("motor_vehicle:forward"))
    one_way = told in {"yes", "1", "true"} or (told is None and ring)
    return forth, not one_way and not shuts(tags.get("motor_vehicle:backward"))


def turns_of(relations: list) -> dict[tuple[int, int], list[tuple[bool, int]]]:
    """Restrictions at a node, by way one comes from and node: whether it must be followed, and the way it is about."""
    turns: dict[tuple[int, int], list[tuple[bool, int]]] = defaultdict(list)
    for tags, members in relations:
        kind = tags.get("restriction:motorcar") or tags.get("restriction") or ""
        via = [ref for role, type_, ref in members if role == "via" and type_ == "n"]
        spared = {"motorcar", "motor_vehicle"} & set(tags.get("except", "").split(";"))
        if via and kind.startswith(("no_", "only_")) and not spared:
            goals = [ref for role, _, ref in members if role == "to"]
            for role, _, origin in members:
                if role == "from":
                    turns[origin, via[0]] += [(kind.startswith("only_"), goal) for goal in goals]
    return turns


def with_turns(out: dict, turns: dict, source: int) -> dict[int, float]:
    """Kilometres from a node with turn restrictions at nodes held: states are (node, way one came by)."""
    best: dict[int, float] = {}
    seen, heap = set(), [(0.0, source, 0)]
    while heap:
        km, node, came = heapq.heappop(heap)
        if (node, came) in seen:
            continue
        seen.add((node, came))
        best.setdefault(node, km)
        rules = turns.get((came, node), ())
        only = {goal for must, goal in rules if must}
        for there, more, way in out.get(node, ()):
            if (only and way not in only) or (False, way) in rules:
                continue
            if (there, way) not in seen:
                heapq.heappush(heap, (km + more, there, way))
    return best


@dataclass(frozen=True)
class Shares:
    """Of the pairs of junctions of a file: those equal, those that turn restrictions make longer, those that differ."""

    junctions: int
    pairs: int
    equal: int
    longer: int
    strange: tuple[tuple[int, int, float, float], ...]


def compared(path: Path, classes: tuple[str, ...], sources: int) -> Shares:
    """Compare the kilometres from some junctions to all others with those of the other reader."""
    graph, out, turns, ends = read(path, classes)
    home = open_catalog()
    with tempfile.TemporaryDirectory() as folder:
        found = osm_layers(path, home.specs, classes=classes, as_of="2026-01-01")
        take_in(found.layers, [found.source], home, Destination(out=Path(folder) / "own"))
        edges = build_network(open_catalog(Path(folder) / "own").layers()).edges
    edges = edges[edges["role"].isin(["run", "ramp"])]
    ours = nx.DiGraph()
    for u, v, km in zip(edges["from_id"], edges["to_id"], edges["length_km"], strict=True):
        if km < ours.get_edge_data(u, v, {"km": 1e9})["km"]:
            ours.add_edge(u, v, km=km)
    chosen = random.Random(7).sample(sorted(ends), min(sources, len(ends)))
    pairs = equal = longer = 0
    strange: list[tuple[int, int, float, float]] = []
    for source in chosen:
        other = nx.single_source_dijkstra_path_length(graph, source, weight="km")
        own: dict[str, float] = {}
        for start in (f"road/osm-n{source}", f"road/osm-n{source}/toll"):
            if start in ours:
                for node, km in nx.single_source_dijkstra_path_length(ours, start, weight="km").items():
                    name = node.removesuffix("/toll")
                    own[name] = min(km, own.get(name, 1e9))
        turned = with_turns(out, turns, source)
        for goal in ends - {source}:
            pairs += 1
            a, b = other.get(goal, 1e9), own.get(f"road/osm-n{goal}", 1e9)
            if abs(a - b) <= max(0.005, 0.002 * a):
                equal += 1
            else:
                strange.append((source, goal, a, b))
            longer += turned.get(goal, 1e9) - a > 0.005
    return Shares(len(ends), pairs, equal, longer, tuple(strange))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("files", nargs="+", type=Path)
    options.add_argument("--classes", default="living_street+")
    options.add_argument("--sources", type=int, default=40)
    told = options.parse_args()
    for path in told.files:
        one = compared(path, classes_of(told.classes), told.sources)
        share, worse = one.equal / max(one.pairs, 1), one.longer / max(one.pairs, 1)
        print(f"{path.name}: {one.junctions} junctions, {one.pairs} pairs, equal {share:.4%}; "
              f"turn restrictions make {worse:.2%} longer", flush=True)  # fmt: skip
        for source, goal, a, b in one.strange[:5]:
            print(f"  from node {source} to {goal}: {a:.3f} km there, {b:.3f} km here")


if __name__ == "__main__":
    main()
