"""Many scenarios at once: 40 scenarios × 30 origins against scipy and networkx, small and large; how it grows.

    .venv/bin/python benchmarks/scenarios.py            all
    .venv/bin/python benchmarks/scenarios.py atlas      those whose name begins so

The peers rebuild for each scenario: scipy a matrix from the list of arcs that are open, networkx a graph; the toggling
networkx peer adds and removes the arcs that change instead. On the large network the peers run on a sample of the
scenarios and origins and are scaled up, which the line says (`peer_share`). Results are compared before they are timed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import networkx as nx
import numpy as np
from run import paired
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.network.arrays import StateArcs
from atlas.network.build import build_network
from atlas.travel.comparison import seats
from atlas.travel.matrix import minutes_by_opening
from atlas.travel.minutes import edge_minutes, usable_edges

Result = dict[str, Any]
SCENARIOS, ORIGINS, PROJECTS = 40, 30, 8


class Question:
    """A network of arcs, 40 ways of opening some of them, origins and destinations."""

    def __init__(
        self, arcs: StateArcs, weight: np.ndarray, open_: np.ndarray, starts: np.ndarray, ends: np.ndarray
    ) -> None:
        self.arcs, self.weight, self.open_, self.starts, self.ends = arcs, weight, open_, starts, ends
        self.states = 2 * arcs.size
        self.exists = ~np.isnan(weight)

    def ours(self) -> np.ndarray:
        return minutes_by_opening(self.arcs, self.weight, self.open_, self.starts, self.ends)

    def scipy(self, scenarios: int, origins: int) -> np.ndarray:
        found = []
        for open_ in self.open_[:scenarios]:
            keep = open_ & self.exists
            # the least of parallel arcs, as a sparse matrix would add them up
            order = np.lexsort((self.weight[keep], self.arcs.head[keep], self.arcs.tail[keep]))
            tail, head = self.arcs.tail[keep][order], self.arcs.head[keep][order]
            first = np.ones(len(tail), dtype=bool)
            first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
            weight = np.maximum(self.weight[keep][order][first], 1e-12)
            matrix = csr_array((weight, (tail[first], head[first])), shape=(self.states, self.states))
            minutes = dijkstra(matrix, indices=self.starts[:origins])
            found.append(np.minimum(minutes[:, self.ends], minutes[:, self.arcs.size + self.ends]))
        return np.stack(found)

    def networkx(self, scenarios: int, origins: int, *, toggle: bool) -> None:
        graph = nx.DiGraph()
        rows = [np.nonzero(open_ & self.exists)[0] for open_ in self.open_[:scenarios]]
        before: set[int] = set()
        for open_rows in rows:
            if toggle:
                now = set(open_rows.tolist())
                graph.remove_edges_from([(self.arcs.tail[i], self.arcs.head[i]) for i in before - now])
                fresh = sorted(now - before)
                before = now
            else:
                graph = nx.DiGraph()
                fresh = open_rows.tolist()
            graph.add_weighted_edges_from(
                zip(
                    self.arcs.tail[fresh].tolist(),
                    self.arcs.head[fresh].tolist(),
                    self.weight[fresh].tolist(),
                    strict=True,
                )
            )
            for start in self.starts[:origins].tolist():
                nx.single_source_dijkstra_path_length(graph, start)


def atlas_question() -> Question:
    network = build_network(open_catalog().layers())
    scenario = load_scenario("2035")
    first, later = (
        m[:, 0] for m in edge_minutes(network.arrays, scenario, lambda name: np.array([scenario.value(name)]))
    )
    arcs = network.arrays.arcs
    edges = network.edges
    new = edges[(edges["opens_year"] > 2026) & (edges["opens_year"] <= 2035) & edges["role"].isin(["run", "ride"])]
    projects = new.groupby("feature_id")["length_km"].sum().sort_values(ascending=False).index[:PROJECTS]
    rng = np.random.default_rng(4)
    scenarios = [scenario.but(without=[p for p in projects if rng.random() < 0.5]) for _ in range(SCENARIOS)]
    usable = np.stack([usable_edges(network, one, "multimodal") for one in scenarios])
    rows = network.row_of
    ends = np.array([row for name, row in rows.items() if name.startswith("place/")])
    chief = [rows[f"place/{name}"] for name in seats(network)]
    starts = np.array([*chief, *(row for row in ends if row not in chief)][:ORIGINS])
    return Question(arcs, arcs.weights(first, later), usable[:, arcs.edge], starts, ends)


def lattice_question(side: int) -> Question:
    """A square lattice with shortcuts that scenarios open or leave out; `side` squared nodes."""
    number = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        [
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
            np.stack([number[:-1].ravel(), number[1:].ravel()]),
        ],
        axis=1,
    )
    tail, head = np.concatenate([pairs, pairs[::-1]], axis=1)
    rng = np.random.default_rng(9)
    minutes = rng.uniform(0.5, 5.0, len(tail))
    ends_of = rng.integers(0, side * side, (PROJECTS, 2))
    long = np.hypot(*(np.divmod(ends_of[:, 0], side)[k] - np.divmod(ends_of[:, 1], side)[k] for k in (0, 1)))
    tail = np.concatenate([tail, ends_of[:, 0], ends_of[:, 1]])
    head = np.concatenate([head, ends_of[:, 1], ends_of[:, 0]])
    minutes = np.concatenate([minutes, long, long])
    arcs = StateArcs.of(side * side, tail, head, np.ones(side * side, dtype=bool))
    chosen = rng.random((SCENARIOS, PROJECTS)) < 0.5
    open_ = np.ones((SCENARIOS, len(tail)), dtype=bool)
    open_[:, -2 * PROJECTS : -PROJECTS] = chosen
    open_[:, -PROJECTS:] = chosen
    starts = rng.choice(side * side, ORIGINS, replace=False)
    places = rng.choice(side * side, 200, replace=False)
    return Question(arcs, arcs.weights(minutes, minutes), open_[:, arcs.edge], starts, places)


def scenarios_atlas() -> Iterator[Result]:
    """The atlas's own network, eight projects in or out."""
    question = atlas_question()
    agree = np.allclose(question.ours(), question.scipy(SCENARIOS, ORIGINS), equal_nan=True)
    about = {"case": "atlas", "nodes": question.arcs.size, "scenarios": SCENARIOS, "origins": len(question.starts)}
    yield {**about, "agree": bool(agree), "peer": "scipy, rebuilt"} | paired(
        question.ours, lambda: question.scipy(SCENARIOS, ORIGINS), 5
    )
    for toggle in (False, True):
        share = 2 / SCENARIOS
        yield {**about, "peer": f"networkx, {'toggled' if toggle else 'rebuilt'}"} | _scaled(
            question.ours, lambda toggle=toggle: question.networkx(2, ORIGINS, toggle=toggle), share
        )


def scenarios_lattice() -> Iterator[Result]:
    """A quarter of a million nodes, eight shortcuts in or out."""
    question = lattice_question(500)
    agree = np.allclose(question.ours()[:1], question.scipy(1, ORIGINS))
    about = {"case": "lattice 250k", "nodes": 250_000, "scenarios": SCENARIOS, "origins": ORIGINS}
    yield {**about, "agree": bool(agree), "peer": "scipy, rebuilt"} | _scaled(
        question.ours, lambda: question.scipy(1, ORIGINS), 1 / SCENARIOS
    )
    yield {**about, "peer": "networkx, rebuilt"} | _scaled(
        question.ours, lambda: question.networkx(1, 2, toggle=False), 2 / (SCENARIOS * ORIGINS)
    )


def scenarios_growth() -> Iterator[Result]:
    """Seconds against nodes: the exponent of a power law over four sizes."""
    sizes, spent = [], []
    for side in (60, 120, 240, 480):
        question = lattice_question(side)
        question.ours()
        start = time.perf_counter()
        question.ours()
        spent.append(time.perf_counter() - start)
        sizes.append(side * side)
    exponent = float(np.polyfit(np.log(sizes), np.log(spent), 1)[0])
    yield {"case": "growth", "nodes": sizes, "seconds": [round(x, 4) for x in spent], "exponent": round(exponent, 3)}


def _scaled(ours: Callable[[], object], peer: Callable[[], object], share: float) -> Result:
    """Time both, the peer on a share of the work, and scale it up."""
    result = paired(ours, peer, 3)
    whole = result["peer_s"] / share
    return result | {
        "peer_share": round(share, 5),
        "peer_s": round(whole, 3),
        "peer_over_ours": round(whole / result["ours_s"], 2),
        "least_ratio": round(result["least_ratio"] / share, 2),
        "ours_over_peer": round(result["ours_s"] / whole, 5),
    }


BENCHMARKS = {"atlas": scenarios_atlas, "lattice": scenarios_lattice, "growth": scenarios_growth}


def main() -> None:
    """Run the benchmarks whose names begin with any argument, or all."""
    wanted = sys.argv[1:]
    for name, benchmark in BENCHMARKS.items():
        if not wanted or any(name.startswith(word) for word in wanted):
            for result in benchmark():
                print(json.dumps({"benchmark": f"scenarios_{name}", **result}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
