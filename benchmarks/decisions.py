"""Decisions against networkx: worth of projects, closures of every road, and what the whole takes.

    .venv/bin/python benchmarks/decisions.py            all
    .venv/bin/python benchmarks/decisions.py closures   those whose name begins so

The peer does what a script with networkx would: one graph of the arcs, edges removed for a question and put back,
Dijkstra from each origin. It runs on a sample of the questions and is scaled up, which the line says (`peer_share`).
Minutes are compared before they are timed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np
from run import paired

from atlas.data.catalog import open_catalog
from atlas.data.region import find_root
from atlas.data.register import read_register
from atlas.data.scenario import load_scenario
from atlas.decide.board import Board, closures
from atlas.decide.critical import critical_links
from atlas.decide.measures import Pairs
from atlas.decide.players import plan_players
from atlas.decide.value import project_values
from atlas.land.ground import ground
from atlas.network.build import Network, build_network

Result = dict[str, Any]
SAMPLE = 4


class Peer:
    """The board's arcs as a graph of networkx, from which edges go and to which they come back."""

    def __init__(self, board: Board) -> None:
        self.board = board
        arcs, kept = board.network.arrays.arcs, board._kept
        self.size = arcs.size
        self.graph = nx.MultiDiGraph()
        self.graph.add_nodes_from(range(2 * arcs.size))
        self.ends = list(zip(arcs.tail[kept].tolist(), arcs.head[kept].tolist(), range(len(kept)), strict=True))
        weights = np.maximum(board._weight[kept], 1e-12).tolist()
        for (tail, head, key), weight in zip(self.ends, weights, strict=True):
            self.graph.add_edge(tail, head, key=key, weight=weight)

    def minutes(self, open_: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """(starts, n) minutes with only the arcs `open_`."""
        gone = [self.ends[i] for i in np.nonzero(~open_)[0]]
        data = [(tail, head, key, self.graph.edges[tail, head, key]) for tail, head, key in gone]
        self.graph.remove_edges_from(gone)
        found = np.full((len(starts), 2 * self.size), np.inf)
        for row, start in enumerate(starts.tolist()):
            for node, minutes in nx.single_source_dijkstra_path_length(self.graph, start).items():
                found[row, node] = minutes
        self.graph.add_edges_from((tail, head, key, dict(some)) for tail, head, key, some in data)
        return np.minimum(found[:, : self.size], found[:, self.size :])


def _setting() -> tuple[Network, Board, Pairs, Peer]:
    network = build_network(open_catalog().layers())
    board = Board(network, load_scenario("2026"))
    return network, board, Pairs.of(network, 60.0), Peer(board)


def decisions_closures() -> Iterator[Result]:
    """Every road and line closed in turn; pairs within an hour counted."""
    network, board, pairs, peer = _setting()
    some = closures(network, board.scenario)

    def shut(k: int) -> np.ndarray:
        return np.isin(np.arange(len(board.present)), some[k].edges)

    chosen = np.linspace(0, len(some) - 1, SAMPLE).astype(int).tolist()
    for k in chosen:
        opened = board.opened(shut(k))
        mine = opened.many(pairs.starts)
        theirs = peer.minutes(opened.open_, pairs.starts)
        assert np.allclose(mine[:, pairs.ends], np.where(mine[:, pairs.ends] == 0, 0, theirs[:, pairs.ends]))

    def ours() -> None:
        for k in range(len(some)):
            pairs.at(board.opened(shut(k)))

    def theirs() -> None:
        for k in chosen:
            peer.minutes(board.opened(shut(k)).open_, pairs.starts)

    yield {"case": "closures", "closures": len(some), "origins": len(pairs.starts)} | _scaled(
        ours, theirs, SAMPLE / len(some)
    )


def decisions_worth() -> Iterator[Result]:
    """Worth of the plan's projects by pairs, from 20 orders."""
    network, _, pairs, _ = _setting()
    register = read_register(find_root() / "data" / "plan")
    after = load_scenario("2035")
    players = plan_players(network, register, load_scenario("2023"), after)
    found = project_values(network, players, after, measure="pairs", orders=20, interactions=False)
    assert found.game is not None
    sets = len(found.game.known)
    later = Board(network, after)
    graph = Peer(later)
    shut = [later.named(player.features) for player in players]

    def ours() -> None:
        project_values(network, players, after, measure="pairs", orders=20, interactions=False)

    def theirs() -> None:
        for k in range(SAMPLE):
            graph.minutes(later.opened(shut[k % len(shut)]).open_, pairs.starts)

    yield {"case": "worth", "projects": len(players), "sets": sets} | _scaled(ours, theirs, SAMPLE / sets)


def decisions_whole() -> Iterator[Result]:
    """Seconds of the answers a planner asks for first, with people on the full grid."""
    network = build_network(open_catalog().layers())
    people = ground(network)
    register = read_register(find_root() / "data" / "plan")
    before, now, after = (load_scenario(year) for year in ("2023", "2026", "2035"))
    players = plan_players(network, register, before, after)
    start = time.perf_counter()
    project_values(network, players, after, ground=people)
    worth = time.perf_counter() - start
    critical_links(network, [now, after], people)
    spent = time.perf_counter() - start
    yield {"case": "whole", "worth_s": round(worth, 1), "critical_s": round(spent - worth, 1)}


def _scaled(ours: Any, peer: Any, share: float) -> Result:
    result = paired(ours, peer, 3)
    whole = result["peer_s"] / share
    return result | {
        "peer": "networkx", "peer_share": round(share, 5), "peer_s": round(whole, 2),
        "peer_over_ours": round(whole / result["ours_s"], 1), "ours_over_peer": round(result["ours_s"] / whole, 5),
    }  # fmt: skip


BENCHMARKS = {"closures": decisions_closures, "worth": decisions_worth, "whole": decisions_whole}


def main() -> None:
    """Run the benchmarks whose names begin with any argument, or all."""
    wanted = sys.argv[1:]
    for name, benchmark in BENCHMARKS.items():
        if not wanted or any(name.startswith(word) for word in wanted):
            for result in benchmark():
                print(json.dumps({"benchmark": f"decisions_{name}", **result}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
