"""Matching OpenStreetMap geometry onto the atlas's own features, which keep id, plan items and status.

Points move to the point of the same name nearby, or onto the road they are a junction of. Lines follow,
stretch by stretch, the ways that carry their number or name. What has no match stays as it is and is named.

The step is repeated until it moves nothing, so that a second run finds nothing to do. A feature that the
validator would not have after the step is held where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from atlas.base.geodesy import Floats, distances_km, length_km
from atlas.base.tables import listed, slots
from atlas.data.checks import Violation, check_layers
from atlas.data.layer import CRS, Layer
from atlas.imports.osm.layers import OsmLayers
from atlas.imports.osm.matching import Candidates, point_match, road_lines, track_lines
from atlas.imports.osm.tags import POSITION_ERROR_M
from atlas.imports.osm.ways import WayGraph
from atlas.network.lines import cut_line

__all__ = ["Match", "Progress", "Refined", "counts_of", "refine"]

Record = dict[str, Any]
Progress = Callable[[str], None]
_POINTS = ("stations", "interchanges", "ports", "airports", "places")
_LINES = {
    "highways": ("node_ids", "interchanges"),
    "railways": ("station_ids", "stations"),
    "rail_services": ("station_ids", "stations"),
}
#: Junctions that may be put onto their road; seats, towns and gates are places of their own.
_ON_ROAD = {"interchange", "exit", "junction", "bridge_end"}
#: How far off its road a point may stand for the road to be drawn up to it.
_REACH_KM = 0.5
#: A point this near a vertex stands on it; gaps between roads are compared in steps.
_ON_KM, _STEP_KM = 0.0005, 0.05
_MOST_STEPS = 8
RESULTS = ("matched", "partly", "unmatched", "held", "good")
_NOTE = "geometry refined from OpenStreetMap; attributes: "


@dataclass(frozen=True)
class Match:
    """What became of one feature.

    Attributes
    ----------
    result
        ``matched``, ``partly`` (some stretches), ``unmatched``, ``held`` (the validator would not have it)
        or ``good`` (surveyed, or already as good as OpenStreetMap).
    by
        ``name``, ``ref``, ``code`` or ``near``; empty for none.
    stretches, stretches_matched
        Of a line between its nodes; 1 and 0 or 1 for a point.
    moved_mean_m, moved_max_m
        How far the point moved; how far points along the new line lie from the old one.
    length_before_km, length_after_km
        NaN for points.
    """

    layer: str
    feature_id: str
    name_zh: str
    result: str
    by: str
    stretches: int
    stretches_matched: int
    moved_mean_m: float
    moved_max_m: float
    length_before_km: float
    length_after_km: float


@dataclass(frozen=True)
class Refined:
    """The layers that changed, one match a feature, and what the validator held back."""

    layers: dict[str, Layer]
    matches: tuple[Match, ...]
    held: tuple[Violation, ...]


def counts_of(refined: Refined) -> list[Record]:
    """Return one row a layer: how many features had each result, and how far those matched moved."""
    rows: list[Record] = []
    for key in dict.fromkeys(match.layer for match in refined.matches):
        own = [match for match in refined.matches if match.layer == key]
        moved = [match for match in own if match.stretches_matched]
        rows.append(
            {
                "layer": key,
                **{result: sum(match.result == result for match in own) for result in RESULTS},
                "moved_mean_m": round(float(np.mean([match.moved_mean_m for match in moved])), 1) if moved else None,
                "moved_max_m": max((match.moved_max_m for match in moved), default=None),
            }
        )
    return rows


@dataclass
class _State:
    """Where everything stands during a step."""

    frames: dict[str, gpd.GeoDataFrame]
    by: dict[tuple[str, str], str] = field(default_factory=dict)
    done: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


def refine(
    layers: Mapping[str, Layer],
    osm: OsmLayers,
    *,
    register_ids: Collection[str] | None = None,
    progress: Progress = lambda _: None,
) -> Refined:
    """Replace schematic lines and points by what an extract has for them.

    Parameters
    ----------
    layers
        The atlas's own layers; all of them, so that the validator sees what hangs together.
    osm
        Layers and tracks of the extract.
    register_ids
        Ids of the plan's register; None: not checked.
    progress
        Told what is being done.

    Returns
    -------
    Refined
        Ids, names, plan items, status, opening and every other attribute are those of `layers`; changed
        are geometry, ``drawn_length_km``, ``geometry_quality``, ``position_error_m``, ``source`` and
        ``source_note``.
    """
    candidates = Candidates.of(osm)
    held: dict[tuple[str, str], Violation] = {}
    before = _findings(layers, register_ids)
    while True:
        frames = {key: layers[key].frame for key in (*_POINTS, *_LINES) if key in layers}
        state = _State(frames)
        for number in range(1, _MOST_STEPS + 1):
            progress(f"matching, step {number}")
            new = _step(state.frames, candidates, osm.source.key, set(held))
            settled = all(_same(state.frames[key], new.frames[key]) for key in frames)
            state = new
            if settled:
                break
        after = {key: Layer(layers[key].spec, frame) for key, frame in state.frames.items()}
        found = _findings({**layers, **after}, register_ids)
        fresh = {name: one for name, one in found.items() if name not in before and name[:2] not in held}
        if not fresh:
            break
        for (key, name, _), one in fresh.items():
            held[key, name] = one
            progress(f"held: {one}")
    changed = {key: layer for key, layer in after.items() if not _same(layers[key].frame, layer.frame)}
    matches = tuple(
        _match(key, old, new, state, set(held))
        for key, layer in after.items()
        if key != "rail_services"
        for old, new in zip(layers[key].frame.itertuples(), layer.frame.itertuples(), strict=True)
    )
    return Refined(changed, matches, tuple(held.values()))


def _findings(
    layers: Mapping[str, Layer], register_ids: Collection[str] | None
) -> dict[tuple[str, str, str], Violation]:
    found = check_layers(layers, register_ids=register_ids or ())
    return {
        (one.layer, one.feature_id, one.rule): one for one in found if register_ids is not None or one.rule != "plan-id"
    }


def _same(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> bool:
    same: bool = a.drop(columns="geometry").equals(b.drop(columns="geometry"))
    return same and bool((shapely.to_wkb(a.geometry.to_numpy()) == shapely.to_wkb(b.geometry.to_numpy())).all())


def _step(
    frames: Mapping[str, gpd.GeoDataFrame], candidates: Candidates, source: str, held: Collection[tuple[str, str]]
) -> _State:
    state = _State({key: frame.copy() for key, frame in frames.items()})
    roads = _graphs(frames, "highways", candidates, held)
    tracks = _graphs(frames, "railways", candidates, held)
    old = {key: _places(frames[key]) for key in _POINTS if key in frames}
    fixed = _fixed(frames, held)
    for key in (key for key in _POINTS if key in frames):
        through = _through(frames, roads) if key == "interchanges" else {}
        _move_points(state, key, candidates, source, fixed.get(key, set()), through)
    new = {key: _places(state.frames[key]) for key in old}
    for key, (column, points) in _LINES.items():
        if key in frames and points in old:
            graphs = roads if key == "highways" else tracks if key == "railways" else {}
            _draw_lines(state, key, column, old[points], new[points], graphs, source, held)
    return state


def _places(frame: gpd.GeoDataFrame) -> dict[str, Floats]:
    return dict(zip(frame["id"], shapely.get_coordinates(frame.geometry.to_numpy()), strict=True))


def _fixed(frames: Mapping[str, gpd.GeoDataFrame], held: Collection[tuple[str, str]]) -> dict[str, set[str]]:
    """Points that must not move: those held, and those that a held line passes."""
    fixed: dict[str, set[str]] = {}
    for key, name in held:
        if key in _LINES:
            column, points = _LINES[key]
            texts = frames[key].loc[frames[key]["id"] == name, column]
            fixed.setdefault(points, set()).update(part for text in texts for part in slots(str(text)))
        else:
            fixed.setdefault(key, set()).add(name)
    return fixed


def _graphs(
    frames: Mapping[str, gpd.GeoDataFrame], key: str, candidates: Candidates, held: Collection[tuple[str, str]]
) -> dict[str, tuple[str, WayGraph]]:
    """The ways that carry each line's number or name, as a graph; lines without a match are left out."""
    if key not in frames:
        return {}
    made: dict[tuple[str, ...], WayGraph | None] = {}
    found: dict[str, tuple[str, WayGraph]] = {}
    choose = road_lines if key == "highways" else track_lines
    for row in frames[key].to_dict("records"):
        if (key, row["id"]) in held or row["geometry_quality"] == "surveyed":
            continue
        by, chosen = choose(candidates, row)
        name = (key, by, *map(str, chosen))
        if name not in made:
            made[name] = WayGraph.of([candidates.line(key, place) for place in chosen])
        graph = made[name]
        if graph is not None:
            found[row["id"]] = (by, graph)
    return found


def _through(
    frames: Mapping[str, gpd.GeoDataFrame], roads: Mapping[str, tuple[str, WayGraph]]
) -> dict[str, list[WayGraph]]:
    """The matched roads that pass each junction."""
    through: dict[str, list[WayGraph]] = {}
    for name, text in zip(frames["highways"]["id"], frames["highways"]["node_ids"], strict=True):
        for node in slots(str(text or "")) if name in roads else ():
            through.setdefault(node, []).append(roads[name][1])
    return through


def _move_points(
    state: _State,
    key: str,
    candidates: Candidates,
    source: str,
    fixed: Collection[str],
    through: Mapping[str, list[WayGraph]],
) -> None:
    frame = state.frames[key]
    for place, row in enumerate(frame.to_dict("records")):
        name = row["id"]
        if name in fixed or row["geometry_quality"] == "surveyed":
            continue
        at = shapely.get_coordinates(row["geometry"])[0]
        if row["position_error_m"] <= POSITION_ERROR_M:
            if row["source"] == source:
                state.by[key, name], state.done[key, name] = "name", (1, 1)
            continue
        by, target = point_match(candidates, key, row)
        graphs = through.get(name, [])
        if target is not None:
            target = _onto(target, graphs, _REACH_KM)
            _set_point(frame, place, target, source, POSITION_ERROR_M)
        elif row["kind"] in _ON_ROAD and graphs:
            by = "near"
            target = _onto(at, graphs, max(row["position_error_m"] / 1000.0, _REACH_KM))
            # Where along the road it stands is known no better than before: the error stays.
            if not np.array_equal(target, at):
                _set_point(frame, place, target, source, row["position_error_m"])
            elif source != row["source"]:
                continue
        else:
            continue
        state.by[key, name], state.done[key, name] = by, (1, 1)


def _onto(at: Floats, graphs: list[WayGraph], reach_km: float) -> Floats:
    """Return where on its roads a point stands: where they meet, within reach, else on the nearest.

    A point that stands on one of them already, with the others near, stays; so does one that all are too
    far from.
    """
    roads = list({id(graph): graph for graph in graphs}.values())
    off = [graph.nearest(at)[0] for graph in roads]
    if not roads or min(off) > reach_km or (min(off) < _ON_KM and max(off) <= _REACH_KM):
        return at
    meeting = [found for graph in roads for found in _meetings(at, graph, roads, reach_km)] if len(roads) > 1 else []
    if meeting:
        _, _, lon, lat = min(meeting)
        return np.array([lon, lat])
    nearest = roads[int(np.argmin(off))]
    vertex: Floats = nearest.xy[nearest.nearest(at)[1]]
    return vertex


def _meetings(
    at: Floats, graph: WayGraph, roads: list[WayGraph], reach_km: float
) -> list[tuple[float, float, float, float]]:
    """Vertices of one road near which all the others pass: gap in steps of 50 m, distance, lon, lat."""
    rows = np.array(sorted(graph.tree.query_ball_point(at * graph.scale, reach_km)), dtype=np.int64)
    if not len(rows):
        return []
    xy = graph.xy[rows]
    others = [np.asarray(other.tree.query(xy * other.scale)[0]) for other in roads if other is not graph]
    gaps = np.max(others, axis=0)
    off = np.hypot(*((xy - at) * graph.scale).T)
    near = gaps <= _REACH_KM
    steps = np.round(gaps[near] / _STEP_KM)
    return list(zip(steps.tolist(), off[near].tolist(), *xy[near].T.tolist(), strict=True))


def _set_point(frame: gpd.GeoDataFrame, place: int, at: Floats, source: str, error_m: float) -> None:
    geometry = frame.geometry.to_numpy().copy()
    geometry[place] = shapely.Point(np.round(at, 6))
    frame["geometry"] = gpd.GeoSeries(geometry, crs=CRS)
    frame.loc[frame.index[place], "position_error_m"] = error_m
    if error_m == POSITION_ERROR_M:
        frame.loc[frame.index[place], "geometry_quality"] = "traced"
    _sign(frame, place, source)


def _sign(frame: gpd.GeoDataFrame, place: int, source: str) -> None:
    """Say that the geometry is OpenStreetMap's and keep what the attributes rest on."""
    row = frame.index[place]
    before, note = frame.at[row, "source"], frame.at[row, "source_note"]
    if before == source:
        return
    if not str(note or "").startswith(_NOTE):
        frame.at[row, "source_note"] = f"{_NOTE}{before}" + (f"; {note}" if note else "")
    frame.at[row, "source"] = source


def _draw_lines(
    state: _State,
    key: str,
    column: str,
    old: Mapping[str, Floats],
    new: Mapping[str, Floats],
    graphs: Mapping[str, tuple[str, WayGraph]],
    source: str,
    held: Collection[tuple[str, str]],
) -> None:
    frame = state.frames[key]
    geometry = frame.geometry.to_numpy().copy()
    for place, row in enumerate(frame.to_dict("records")):
        nodes = list(listed(str(row[column] or "")))
        if len(nodes) < 2 or any(name not in old for name in nodes):
            continue
        by, graph = graphs.get(row["id"], ("", None))
        stretches = cut_line(shapely.get_coordinates(row["geometry"]), np.array([old[name] for name in nodes]))
        if stretches is None:
            continue
        drawn, matched = [], 0
        for a, b, stretch in zip(nodes[:-1], nodes[1:], stretches, strict=True):
            path = (
                graph.path(new[a], new[b], reach_km=_REACH_KM)
                if graph is not None and (key, row["id"]) not in held
                else None
            )
            matched += path is not None
            drawn.append(path if path is not None else _rethreaded(stretch, new[a], new[b]))
        state.by[key, row["id"]], state.done[key, row["id"]] = by if matched else "", (len(drawn), matched)
        line = np.vstack([drawn[0], *(part[1:] for part in drawn[1:])])
        line = np.round(line[np.concatenate([[True], np.any(np.diff(line, axis=0) != 0, axis=1)])], 6)
        shape = shapely.LineString(line) if len(line) > 1 else row["geometry"]
        if matched == 0 and all(np.array_equal(old[name], new[name]) for name in nodes):
            continue
        geometry[place] = shape
        if matched:
            _sign(frame, place, source)
        if matched == len(drawn):
            frame.loc[frame.index[place], "geometry_quality"] = "traced"
        if "drawn_length_km" in frame:
            frame.loc[frame.index[place], "drawn_length_km"] = round(length_km(shape), 3)
    frame["geometry"] = gpd.GeoSeries(geometry, crs=CRS)


def _rethreaded(stretch: Floats, a: Floats, b: Floats) -> Floats:
    """Return an unmatched stretch with its ends moved to where its nodes are now."""
    return np.vstack([a, stretch[1:-1], b])


def _match(key: str, old: Any, new: Any, state: _State, held: Collection[tuple[str, str]]) -> Match:
    name = (key, old.id)
    whole, matched = state.done.get(name, (1, 0))
    result = "matched" if matched == whole else "partly" if matched else "unmatched"
    if name in held:
        result = "held"
    elif not matched and (old.geometry_quality == "surveyed" or old.position_error_m <= POSITION_ERROR_M):
        result = "good"
    moved = _moved_m(old.geometry, new.geometry)
    line = key in _LINES
    return Match(
        key, str(old.id), str(old.name_zh or ""), result, state.by.get(name, "") if matched else "", whole, matched,
        round(float(moved.mean()), 1), round(float(moved.max()), 1),
        round(length_km(old.geometry), 3) if line else float("nan"),
        round(length_km(new.geometry), 3) if line else float("nan"),
    )  # fmt: skip


def _moved_m(old: Any, new: Any) -> Floats:
    """How far a point moved, or the vertices of the new line and points along it lie from the old line."""
    if old.geom_type == "Point":
        a, b = np.array([[old.x, old.y]]), np.array([[new.x, new.y]])
    else:
        b = shapely.get_coordinates(shapely.segmentize(new, 0.005))
        foot = shapely.line_interpolate_point(old, shapely.line_locate_point(old, shapely.points(b)))
        a = shapely.get_coordinates(foot)
    metres: Floats = distances_km(a[:, 0], a[:, 1], b[:, 0], b[:, 1]) * 1000.0
    return metres
