"""Ratios against peers, measured in one run on one machine: one JSON line each on stdout.

    .venv/bin/python benchmarks/run.py            all but ``peers_od`` and ``million``, which take minutes each
    .venv/bin/python benchmarks/run.py start      those whose name begins so

Seconds depend on the machine; the ratios are what counts. Both sides of a ratio alternate within one loop, so
that a busy moment hits both; ``noise`` is the larger of the two sides' (third quartile - first quartile) / median.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import peers
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.network.build import build_network
from atlas.travel.search import Graph, search
from atlas.travel.trip import Trip

Result = dict[str, Any]
LIMIT_MIN = 120.0


def paired(ours: Callable[[], object], peer: Callable[[], object], runs: int) -> Result:
    """Time two callables by turns; return medians in seconds, their ratio and the noise."""
    ours()
    peer()
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for times, call in zip(spent, (ours, peer), strict=True):
            start = time.perf_counter()
            told = call()
            # what runs in a process of its own tells its processor time
            times.append(told if isinstance(told, float) else time.perf_counter() - start)
    a, b = (statistics.median(times) for times in spent)
    return {
        "ours_s": round(a, 6),
        "peer_s": round(b, 6),
        "ours_over_peer": round(a / b, 3),
        "peer_over_ours": round(b / a, 3),
        # of what is repeated on a busy machine the least is the steadiest
        "least_ratio": round(min(spent[1]) / min(spent[0]), 3),
        "noise": round(max(map(_spread, spent)), 3),
        "runs": runs,
    }


def _spread(times: list[float]) -> float:
    first, middle, third = statistics.quantiles(times, n=4)
    return (third - first) / middle


def _process(*arguments: str, cache: str = "", **also: str) -> Callable[[], float]:
    """A whole process, its bytecode kept as in any installation; the call gives the processor time it took."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"XDG_CACHE_HOME": cache, **also} if cache else also
    command = [sys.executable, *arguments]

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return run


def start_help() -> Iterator[Result]:
    """Processor time of whole processes: the help of the program, against an interpreter that does nothing."""
    for words in (("--help",), ("reach", "--help")):
        yield {"case": " ".join(["atlas", *words])} | paired(
            _process("-m", "atlas", *words), _process("-c", "pass"), 15
        )


def start_names() -> Iterator[Result]:
    """Processor time of whole processes: names of places for the shell, against an interpreter that does nothing."""
    asked = {"_ATLAS_COMPLETE": "bash_complete", "COMP_WORDS": "atlas reach 珠", "COMP_CWORD": "2"}
    yield {"case": "completion of a name"} | paired(_process("-m", "atlas", **asked), _process("-c", "pass"), 15)


def start_query() -> Iterator[Result]:
    """Processor time of whole processes: a question to a kept network, against an interpreter that does nothing."""
    with tempfile.TemporaryDirectory() as cache:
        few = ("matrix", "--from", "珠海", "--from", "中山", "--to", "江门", "--to", "阳江", "-q")
        for words in (("reach", "珠海", "-q"), ("route", "珠海", "阳江", "-q"), few):
            yield {"case": " ".join(["atlas", *words])} | paired(
                _process("-m", "atlas", *words, cache=cache), _process("-c", "pass"), 15
            )


def peers_atlas() -> Iterator[Result]:
    """One search on the atlas against every peer that is installed."""
    network = build_network(open_catalog().layers())
    yield from peers.single("atlas", Trip(network, load_scenario("2026"), "drive").graph, paired, LIMIT_MIN)


def peers_osm() -> Iterator[Result]:
    """One search on the roads of each extract that a package brings."""
    for path in peers.extracts():
        yield from peers.single(path.name, peers.osm(path), paired, LIMIT_MIN)


def peers_lattice() -> Iterator[Result]:
    """One search on lattices of 4,000 nodes to two million, within two hours and of everything."""
    for side in peers.SIDES:
        graph = peers.lattice(side)
        for limit in (LIMIT_MIN, float("inf")):
            yield from peers.single(f"lattice {side * side}", graph, paired, limit)


def peers_growth() -> Iterator[Result]:
    """How the search grows."""
    yield peers.growth(paired)


def peers_od() -> Iterator[Result]:
    """Two thousand places to two thousand, on a quarter of a million nodes."""
    yield from peers.od(500, 2000, paired)


def others() -> Iterator[Result]:
    """The benchmarks that stand in files of their own: scenarios, areas, making networks."""
    for name, *words in (("scenarios",), ("surfaces",), ("making", "100000")):
        yield from _of_file(name, *words)


def million() -> Iterator[Result]:
    """Making the network of a million segments; some minutes, several gigabytes, and only when asked for by name."""
    yield from _of_file("making", "1000000")


def _of_file(name: str, *words: str) -> Iterator[Result]:
    command = [sys.executable, str(Path(__file__).parent / f"{name}.py"), *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    yield from (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))


def search_atlas() -> Iterator[Result]:
    """One origin, everything within two hours with the way there, on the atlas's own network."""
    network = build_network(open_catalog().layers())
    scenario = load_scenario("2026")
    graph = Trip(network, scenario, "multimodal").graph
    origin = list(network.nodes["node_id"]).index("place/zhuhai")
    yield from _searches("atlas", graph, origin)


def search_synthetic() -> Iterator[Result]:
    """The same on a square lattice of 40,000 nodes with random minutes (seed 7)."""
    side = 200
    number = np.arange(side * side).reshape(side, side)
    east = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    south = np.stack([number[:-1].ravel(), number[1:].ravel()])
    tail, head = np.concatenate([east, south, east[::-1], south[::-1]], axis=1)
    minutes = np.random.default_rng(7).uniform(0.5, 5.0, len(tail))
    size = side * side
    matrix = csr_array((minutes, (tail, head)), shape=(2 * size, 2 * size))
    arcs = matrix.indptr, matrix.indices, matrix.data
    graph = Graph(size, *arcs, np.arange(matrix.nnz), np.zeros(size, dtype=bool))
    yield from _searches("lattice 40k", graph, int(number[side // 2, side // 2]))


def _searches(case: str, graph: Graph, origin: int) -> Iterator[Result]:
    peer = _digraph(graph)
    ours = search(graph, origin, limit_min=LIMIT_MIN).minutes
    theirs = nx.single_source_dijkstra_path_length(peer, origin, cutoff=LIMIT_MIN)
    agree = np.allclose([ours[node] for node in theirs], list(theirs.values()), atol=1e-9)
    if not agree:
        raise SystemExit(f"{case}: the search and networkx disagree")
    about = {"case": case, "states": graph.states, "arcs": len(graph.heads), "agree": bool(agree)}
    yield {**about, "peer": "networkx, graph at hand"} | paired(
        lambda: search(graph, origin, limit_min=LIMIT_MIN),
        lambda: nx.single_source_dijkstra(peer, origin, cutoff=LIMIT_MIN),
        7,
    )
    arcs = graph.matrix.tocoo()
    yield {**about, "peer": "scipy, matrix built for each search"} | paired(
        lambda: search(graph, origin, limit_min=LIMIT_MIN),
        lambda: dijkstra(
            csr_array((arcs.data, arcs.coords), shape=arcs.shape),
            indices=origin,
            limit=LIMIT_MIN,
            return_predecessors=True,
        ),
        15,
    )


def _digraph(graph: Graph) -> nx.DiGraph:
    arcs = graph.matrix.tocoo()
    # of parallel arcs a DiGraph keeps the last one given, which must be the fastest
    order = np.argsort(-arcs.data, kind="stable")
    peer = nx.DiGraph()
    peer.add_weighted_edges_from(zip(*(some[order].tolist() for some in (*arcs.coords, arcs.data)), strict=True))
    return peer


BENCHMARKS = {
    "start_help": start_help,
    "start_names": start_names,
    "start_query": start_query,
    "search_atlas": search_atlas,
    "search_synthetic": search_synthetic,
    "peers_atlas": peers_atlas,
    "peers_osm": peers_osm,
    "peers_lattice": peers_lattice,
    "peers_growth": peers_growth,
    "peers_od": peers_od,
    "others": others,
    "million": million,
}
#: Not among all: by name only.
_ASKED_FOR = ("peers_od", "million")


def main() -> None:
    """Run the benchmarks whose names begin with any argument, or all."""
    wanted = sys.argv[1:]
    # some peers print: what they say goes to stderr, so that stdout holds lines of JSON and nothing else
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for name, benchmark in BENCHMARKS.items():
        if any(name.startswith(word) for word in wanted) or not (wanted or name in _ASKED_FOR):
            for result in benchmark():
                print(json.dumps({"benchmark": name} | result, ensure_ascii=False), file=lines, flush=True)


if __name__ == "__main__":
    main()
