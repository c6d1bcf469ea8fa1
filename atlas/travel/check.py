"""Is a network sound? Counts, components, dead ends, near misses, and what breaks it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from atlas.base.geodesy import Bools, Texts
from atlas.data.declaration import SEATS
from atlas.data.region import abroad
from atlas.data.scenario import Scenario
from atlas.network.build import Network
from atlas.travel.trip import Trip

__all__ = ["NetworkReport", "check_network"]


@dataclass(frozen=True)
class NetworkReport:
    """What :func:`check_network` found.

    Attributes
    ----------
    counts : DataFrame
        ``mode``, ``role``, ``edges``, ``length_km`` (both directions counted).
    components
        Sizes in nodes of the weakly connected components, largest first.
    islands
        Nodes outside the main component that no link reaches over land: listed, not a fault.
    dead_ends
        Road nodes with one neighbour that are no place to stop.
    strays
        Roads and rides whose line runs through another side of a border than both of its ends, with the kilometres:
        drawn roughly, or passing under it without a stop; no fault.
    near_misses : DataFrame
        Road ends close to a node they are not joined with, kilometres.
    longest_links : DataFrame
        The ten longest local links, kilometres charged.
    breaks
        What makes the network unsound, one sentence each; empty when it is sound.
    """

    scenario: str
    counts: pd.DataFrame
    components: tuple[int, ...]
    islands: tuple[str, ...]
    dead_ends: tuple[str, ...]
    strays: tuple[tuple[str, float], ...]
    near_misses: pd.DataFrame
    longest_links: pd.DataFrame
    breaks: tuple[str, ...]


def check_network(network: Network, scenario: Scenario) -> NetworkReport:
    """Check the part of `network` that is open in `scenario`.

    Breaks are: a seat of a county or city, or a station with trains, outside the main component; an edge
    that takes no time though it has extent; an edge with no time at all (raised by the impedance); a way from one
    side of a border to another without a crossing, or a local link through another side.
    """
    present = network.open_in(scenario)
    labels = _components(present)
    sizes = np.bincount(labels)
    main = int(np.argmax(sizes))
    nodes = present.nodes
    outside = nodes[labels != main]
    unlinked = set(network.joins.loc[network.joins["kind"] == "unlinked", "feature_id"])
    faults = _cut_off(present, outside, unlinked)
    islands = outside[~outside["node_id"].isin(faults)]
    return NetworkReport(
        scenario=scenario.name,
        counts=_counts(present),
        components=tuple(sorted((int(size) for size in sizes), reverse=True)),
        islands=tuple(sorted(islands["node_id"])),
        dead_ends=_dead_ends(present),
        strays=_strays(network),
        near_misses=_joins(network, "near_miss"),
        longest_links=_joins(network, "linked").head(10),
        breaks=(*faults.values(), *_timeless(network, scenario), *_unguarded(network)),
    )


def _components(network: Network) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    position = {name: i for i, name in enumerate(network.nodes["node_id"])}
    pairs = {(position[u], position[v]) for u, v in zip(network.edges["from_id"], network.edges["to_id"], strict=True)}
    ends = np.array(sorted((u, v) for u, v in pairs if u != v), dtype=np.int64).reshape(-1, 2)
    size = len(position)
    matrix = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size)).tocsr()
    _, labels = connected_components(matrix, directed=True, connection="weak")
    return np.asarray(labels)


def _counts(network: Network) -> pd.DataFrame:
    grouped = network.edges.groupby(["mode", "role"], sort=True)
    table = grouped.agg(edges=("edge_id", "size"), length_km=("length_km", "sum")).reset_index()
    return pd.DataFrame(table.round({"length_km": 1}))


def _joins(network: Network, kind: str) -> pd.DataFrame:
    rows = network.joins[network.joins["kind"] == kind]
    return rows.sort_values(["length_km", "feature_id"], ascending=[False, True]).reset_index(drop=True)


def _dead_ends(network: Network) -> tuple[str, ...]:
    neighbours: dict[str, set[str]] = {}
    for u, v in zip(network.edges["from_id"], network.edges["to_id"], strict=True):
        neighbours.setdefault(u, set()).add(v)
        neighbours.setdefault(v, set()).add(u)
    roads = network.nodes[(network.nodes["kind"] == "junction") & ~network.nodes["exit"]]
    return tuple(sorted(name for name in roads["node_id"] if len(neighbours.get(name, ())) == 1))


def _cut_off(network: Network, outside: pd.DataFrame, unlinked: set[str]) -> dict[str, str]:
    """Seats and stations that a link exists for, and that are cut off all the same."""
    levels = network.place_layer.frame.set_index("id")["level"]
    found = {}
    for row in outside.itertuples():
        if row.feature_id in unlinked:
            continue
        seat = row.kind == "place" and levels.get(row.feature_id) in SEATS
        if seat or row.kind in ("stop", "platform"):
            found[str(row.node_id)] = f"{row.kind} {row.name_zh} ({row.node_id}) lies outside the main component"
    return found


def _timeless(network: Network, scenario: Scenario) -> list[str]:
    minutes = Trip(network, scenario).minutes
    role = network.edges["role"].to_numpy(dtype=object)
    extent = network.edges["length_km"].to_numpy(dtype=np.float64) > 1e-3
    moving = np.isin(role, ["run", "ride", "sail", "access", "egress"]) & extent
    rows = np.nonzero(moving & (minutes <= 0))[0]
    return [f"edge {network.edges['edge_id'].iloc[i]} has extent but takes no time" for i in rows]


#: Kinds of nodes at which a border is passed with its minutes.
_GUARDED = ("border", "vessel")


def _ends(network: Network) -> tuple[Texts, Texts]:
    side = dict(zip(network.nodes["node_id"], network.nodes["side"], strict=True))
    tail, head = (np.array([side[name] for name in network.edges[end]], dtype=object) for end in ("from_id", "to_id"))
    return tail, head


def _abroad(network: Network) -> Bools:
    """Which edges between two nodes of one side run through another."""
    tail, head = _ends(network)
    lines = network.edges.geometry.to_numpy()
    km = network.edges["drawn_length_km"].fillna(0.0).to_numpy(dtype=np.float64)
    return np.asarray(tail == head) & abroad(network.region.territories, lines, km, tail)


def _unguarded(network: Network) -> list[str]:
    tail, head = _ends(network)
    guards = set(network.nodes["node_id"][network.nodes["kind"].isin(_GUARDED)])
    role, names = network.edges["role"].to_numpy(dtype=object), network.edges["edge_id"].to_numpy(dtype=object)
    bare = [
        f"edge {names[i]} leads from side {tail[i]} to {head[i]} without a crossing"
        for i in np.nonzero(tail != head)[0]
        if not guards & {network.edges["from_id"].iloc[i], network.edges["to_id"].iloc[i]}
    ]
    local = np.isin(role, ["access", "egress"])
    return bare + [f"edge {name} runs through another side of a border" for name in names[_abroad(network) & local]]


def _strays(network: Network) -> tuple[tuple[str, float], ...]:
    role = network.edges["role"].to_numpy(dtype=object)
    rows = network.edges[_abroad(network) & np.isin(role, ["run", "ride"])]
    longest: dict[str, float] = {}
    for layer, name, km in zip(rows["layer"], rows["feature_id"], rows["drawn_length_km"], strict=True):
        longest[f"{layer}/{name}"] = max(longest.get(f"{layer}/{name}", 0.0), round(float(km), 2))
    return tuple(sorted(longest.items()))
