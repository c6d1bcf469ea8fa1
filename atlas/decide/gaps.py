"""What the plan wants within a limit and does not build: trips outside, and the shortest new link that would do.

A candidate joins two junctions, or two stations, that stand today. It is first judged by a sum — minutes to its one
end, over it, and from its other end — and then built: the network is made again with it and the trip computed as in
any scenario. What the model then gives is what is told. A line on the map is no proposal: cost, ground and need are
not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd
import shapely

from atlas.base.errors import PlanError, only_known
from atlas.base.geodesy import Floats, Ints, distances_km
from atlas.base.tables import listing
from atlas.data.layer import Layer
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.decide.board import Board
from atlas.network.build import Network, build_network
from atlas.plan.promises import Targets
from atlas.travel.minutes import run_minutes
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["LINK_KINDS", "NEW_RAIL_KMH", "NEW_ROAD_KMH", "STRAIT_KM", "gaps"]

LINK_KINDS = ("road", "rail")
#: Speeds a new link is given: an expressway, an intercity railway.
NEW_ROAD_KMH, NEW_RAIL_KMH = 100.0, 200.0
#: A link over a single water wider than this is a strait crossing.
STRAIT_KM = 2.0
#: Improvements below this are none: less is within what the model can say.
_IMPROVED_MIN = 0.5
#: So many of the shortest candidates a trip and kind are built.
_BUILT = 5
_SHORTEST_KM = 1.0
GAP_COLUMNS = (
    "target_id", "from_id", "from_zh", "from_en", "to_id", "to_zh", "to_en", "limit_min", "before_min", "minutes",
    "over_min", "improved_min", "improved", "link", "start", "start_zh", "start_en", "end", "end_zh", "end_en",
    "length_km", "water_km", "strait", "with_min", "lon_a", "lat_a", "lon_b", "lat_b", "hash",
)  # fmt: skip


class Looked(TypedDict, total=False):
    """Where :func:`gaps` looks, by names.

    ``readings`` of targets, see :meth:`atlas.plan.promises.Target.chosen` (none: the default ones); ``mode``:
    ``drive``, ``rail`` or ``multimodal`` (the default); ``kinds`` of :data:`LINK_KINDS`: an expressway between two
    junctions, a railway between two stations (all).
    """

    readings: Sequence[str]
    mode: str
    kinds: Sequence[str]


def gaps(
    network: Network,
    layers: Mapping[str, Layer],
    before: Scenario,
    after: Scenario,
    targets: Targets,
    *,
    progress: Callable[[int, int], None] | None = None,
    **looked: Unpack[Looked],
) -> pd.DataFrame:
    """Return the trips of the plan's promises that stay outside, whether the plan improves them, and what would do.

    Parameters
    ----------
    network, layers
        The network and what it was made of: it is made again with the candidates.
    before, after
        The scenario without the plan's projects, and the one with them (a year, not ``full``: candidates have no year).
    targets
        Whose trips.
    progress
        Called with steps done and their number.
    **looked
        ``readings``, ``mode`` and ``kinds``: see :class:`Looked`.

    Returns
    -------
    DataFrame
        :data:`GAP_COLUMNS`: a row a trip outside its limit in `after` and a kind of link. ``improved`` is whether the
        plan takes half a minute or more off it: where it does not, no project listed serves the trip. ``link`` is the
        kind of the shortest link that brings it inside, ``length_km`` straight, ``with_min`` the trip with it built;
        empty and NaN where none of those tried does. ``strait`` marks a single water wider than :data:`STRAIT_KM`.

    Raises
    ------
    PlanError
        `after` has no year, or a kind is unknown.

    Examples
    --------
    >>> targets = atlas.read_targets("data/plan/targets.toml").only(["circle-two-hours"])
    >>> found = atlas.gaps(network, catalog.layers(), now, now, targets, mode="drive", kinds=["road"])
    >>> bool((found["with_min"].dropna() <= 120.0 + 1e-6).all())
    True
    """
    only_known(looked, Looked)
    mode, kinds = looked.get("mode", "multimodal"), looked.get("kinds", LINK_KINDS)
    if after.year is None:
        raise PlanError("gaps are those of a year: in full, candidates could not be told from what is planned")
    for kind in kinds:
        if kind not in LINK_KINDS:
            raise PlanError(f"no kind of link {kind!r}; there are {', '.join(LINK_KINDS)}")
    boards = [Board(network, scenario, mode) for scenario in (before, after)]
    wanted = [
        (target.id, start, ends, target.limit_min)
        for target in targets
        for reading in target.chosen(looked.get("readings", ()))
        for start, ends in reading.trips()
    ]
    rows: list[dict[str, Any]] = []
    candidates: list[dict[str, Any]] = []
    for step, (target, start, ends, limit) in enumerate(wanted, start=1):
        nodes = np.array([network.row_of[f"place/{end}"] for end in ends])
        origin = network.row_of[f"place/{start}"]
        old, new = (board.opened().many(np.array([origin]))[0] for board in boards)
        end = int(nodes[np.argmin(new[nodes])])
        if new[end] <= limit + TOLERANCE_MIN:
            continue
        row = _trip(network, target, origin, end, limit, float(old[nodes].min()), float(new[end]))
        for kind in kinds:
            found = _shortest(boards[1], kind, new, end, limit)
            for one in found:
                candidates.append(one | {"id": f"gap-{len(candidates)}", "row": len(rows)})
            rows.append(row | {"link": kind})
        if progress is not None:
            progress(step, len(wanted))
    built = _with_candidates(network, layers, candidates)
    for i, row in enumerate(rows):
        own = [one for one in candidates if one["row"] == i]
        done = next((one for one in own if _served(built, after, mode, row, one)), None)
        rows[i] = row | ({"link": row["link"]} if done is None else done) | {"hash": stamp(network.hash, [after])}
    frame = pd.DataFrame(rows, columns=list(GAP_COLUMNS))
    order = frame.sort_values(["improved", "over_min"], ascending=[True, False], kind="stable")
    return order.reset_index(drop=True)


def _trip(network: Network, target: str, origin: int, end: int, limit: float, old: float, new: float) -> dict[str, Any]:
    nodes = network.nodes
    saved = old - new if np.isfinite(new) else 0.0
    return dict.fromkeys(GAP_COLUMNS, np.nan) | {
        "target_id": target, "from_id": str(nodes["feature_id"].iloc[origin]),
        "from_zh": str(nodes["name_zh"].iloc[origin]), "from_en": str(nodes["name_en"].iloc[origin]),
        "to_id": str(nodes["feature_id"].iloc[end]), "to_zh": str(nodes["name_zh"].iloc[end]),
        "to_en": str(nodes["name_en"].iloc[end]), "limit_min": limit, "before_min": old, "minutes": new,
        "over_min": new - limit, "improved_min": saved, "improved": bool(saved >= _IMPROVED_MIN), "start": "",
        "start_zh": "", "start_en": "", "end": "", "end_zh": "", "end_en": "", "strait": False,
    }  # fmt: skip


def _ends(board: Board, kind: str) -> Ints:
    """Nodes that a new link may join: ordinary junctions of roads in use, stations with trains."""
    nodes = board.network.nodes
    served = board.network.arrays.served(board.scenario)
    if kind == "road":
        chosen = (
            (nodes["kind"] == "junction") & ~nodes["node_id"].str.endswith("/toll") & (nodes["layer"] == "interchanges")
        )
    else:
        chosen = (nodes["kind"] == "stop") & (nodes["layer"] == "stations")
    return np.nonzero(chosen.to_numpy(dtype=bool) & served)[0].astype(np.int64)


def _over(board: Board, kind: str, km: Floats) -> Floats:
    """Minutes over a new link of `km` straight, with what it takes to get on and off."""
    value = board.scenario.value
    if kind == "road":
        factor = value(f"road_factor_{board.scenario.period}_expressway")
        on_and_off = value("toll_join_min") + value("toll_leave_min")
        return km * value("road_detour_indicative") / (NEW_ROAD_KMH * factor) * 60.0 + on_and_off
    ridden = run_minutes(
        km * value("rail_detour_indicative"),
        np.full_like(km, NEW_RAIL_KMH),
        speed_factor=value("rail_speed_factor"),
        acceleration_ms2=value("rail_acceleration_ms2"),
        dwell_min=value("rail_dwell_min"),
    )
    return np.asarray(ridden + value("rail_station_entry_min") + value("rail_station_exit_min"))


def _shortest(board: Board, kind: str, minutes_from: Floats, end: int, limit: float) -> list[dict[str, Any]]:
    """Return the shortest links that by the sum of their parts bring a trip inside, at most :data:`_BUILT`."""
    network = board.network
    nodes = _ends(board, kind)
    minutes_to = board.opened().towards(end)
    lonlat = shapely.get_coordinates(network.nodes.geometry.to_numpy()[nodes])
    starts = nodes[minutes_from[nodes] < limit]
    ends = nodes[minutes_to[nodes] < limit]
    if not len(starts) or not len(ends):
        return []
    at = {int(node): i for i, node in enumerate(nodes)}
    a, b = (lonlat[[at[int(node)] for node in some]] for some in (starts, ends))
    i, j = (grid.ravel() for grid in np.meshgrid(np.arange(len(starts)), np.arange(len(ends)), indexing="ij"))
    km = distances_km(a[i, 0], a[i, 1], b[j, 0], b[j, 1])
    total = minutes_from[starts[i]] + _over(board, kind, np.maximum(km, 1e-3)) + minutes_to[ends[j]]
    side = network.nodes["side"].to_numpy(dtype=object)
    good = (km >= _SHORTEST_KM) & (total <= limit + TOLERANCE_MIN) & (side[starts[i]] == side[ends[j]])
    chosen = np.nonzero(good)[0]
    chosen = chosen[np.argsort(km[chosen], kind="stable")][:_BUILT]
    found = []
    for k in chosen:
        line = shapely.LineString([a[i[k]], b[j[k]]])
        water, widest = 0.0, 0.0
        if network.barrier is not None:
            lines, lengths = np.array([line], dtype=object), np.array([km[k]])
            water = float(network.barrier.water_km(lines, lengths)[0])
            widest = float(network.barrier.longest_water_km(lines, lengths)[0])
        told: dict[str, Any] = {
            "link": kind,
            "length_km": float(km[k]),
            "water_km": water,
            "strait": widest >= STRAIT_KM,
        }
        for name, node in (("start", int(starts[i[k]])), ("end", int(ends[j[k]]))):
            row = network.nodes.iloc[node]
            told |= {name: str(row["feature_id"]), f"{name}_zh": str(row["name_zh"]), f"{name}_en": str(row["name_en"])}
        told |= {"lon_a": a[i[k], 0], "lat_a": a[i[k], 1], "lon_b": b[j[k], 0], "lat_b": b[j[k], 1]}
        found.append(told)
    return found


def _with_candidates(network: Network, layers: Mapping[str, Layer], candidates: Sequence[Mapping[str, Any]]) -> Network:
    """The network with all candidates in it, open nowhere but where a scenario names them."""
    if not candidates:
        return network
    grown = dict(layers)
    for kind, key in (("road", "highways"), ("rail", "railways")):
        own = [one for one in candidates if one["link"] == kind]
        if own:
            frame = layers[key].frame
            rows = pd.concat([frame.iloc[[0]]] * len(own), ignore_index=True)
            for column, values in _columns(kind, own).items():
                rows[column] = values
            grown[key] = replace(layers[key], frame=pd.concat([frame, rows.astype(frame.dtypes)], ignore_index=True))
    return build_network(grown)


def _columns(kind: str, own: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    lines = [shapely.LineString([(c["lon_a"], c["lat_a"]), (c["lon_b"], c["lat_b"])]) for c in own]
    ends = [listing((c["start"], c["end"])) for c in own]
    common: dict[str, Any] = {
        "id": [c["id"] for c in own], "name_zh": [c["id"] for c in own], "name_en": [c["id"] for c in own],
        "status": "concept", "opened": None, "expected_open": pd.NA, "opens_basis": "unknown", "opens_year": pd.NA,
        "plan_ids": "", "in_network": True, "course": "indicative", "upgrades": "", "published_length_km": np.nan,
        "geometry": lines,
    }  # fmt: skip
    if kind == "road":
        return common | {
            "kind": "expressway", "node_ids": ends, "speed_limit_kmh": NEW_ROAD_KMH, "toll": True, "oneway": False,
            "structure": "surface", "no_connect": "",
        }  # fmt: skip
    return common | {
        "kind": "intercity", "station_ids": ends, "design_speed_kmh": NEW_RAIL_KMH, "operating_speed_kmh": np.nan,
        "passenger": True,
    }  # fmt: skip


def _served(network: Network, after: Scenario, mode: str, row: Mapping[str, Any], one: dict[str, Any]) -> bool:
    """Build one candidate into the scenario; keep the minutes, and say whether they keep the limit."""
    layer = "highways" if one["link"] == "road" else "railways"
    held = after.but(with_=[f"{layer}/{one['id']}"])
    start, end = (network.row_of[f"place/{row[name]}"] for name in ("from_id", "to_id"))
    minutes = float(Board(network, held, mode).opened().many(np.array([start]))[0, end])
    one["with_min"] = minutes
    return minutes <= float(row["limit_min"]) + TOLERANCE_MIN
