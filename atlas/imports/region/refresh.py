"""An extract of the region renews what the atlas draws: courses and places refined, ordinary roads put in.

Ids, names, plan items and statuses stay, and no parameter changes. A sketch stays where the extract has nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from atlas.base.geodesy import KM_A_DEGREE, Bools, Texts, lengths_km
from atlas.base.tables import slots
from atlas.data.checks import Violation
from atlas.data.declaration import EXPRESSWAYS
from atlas.data.layer import Layer
from atlas.imports.admit import admit, layer_of, merged
from atlas.imports.osm.layers import OsmLayers
from atlas.imports.osm.matching import Candidates, road_lines
from atlas.imports.osm.refine import Match, Progress, Refined, refine
from atlas.network.arrays import MESH

__all__ = ["Refreshed", "refresh"]

Record = dict[str, Any]
#: Layers whose kilometres are told by quality.
_DRAWN = ("highways", "railways", MESH)
_QUALITIES = ("surveyed", "traced", "schematic")
#: Within so many km of a place a road is a town's, by level of the place; as for the sketch (docs/model.md).
TOWN_KM = {"prefecture": 4.0, "district": 3.0, "county": 3.0, "county_city": 3.0, "town": 1.5}
#: How far from a named road's course the other carriageway and its ramps lie at most.
_CARRIAGEWAY_KM = 0.3
#: A sketched road with roads of the extract this near all along is one of them: the sketch's own error.
_SKETCH_KM = 0.95


@dataclass(frozen=True)
class Quality:
    """Kilometres of a layer by how true their course is, before and after."""

    layer: str
    quality: str
    before_km: float
    after_km: float


@dataclass(frozen=True)
class Refreshed:
    """What a refresh changed.

    Attributes
    ----------
    layers
        Those that changed, by key.
    refined
        What became of each feature the atlas had.
    quality
        Kilometres by quality.
    refused
        Ordinary roads that the validator would not have.
    notes
        What was put in, replaced, or is not kept.
    """

    layers: dict[str, Layer]
    refined: Refined
    quality: tuple[Quality, ...]
    refused: tuple[Violation, ...]
    notes: tuple[str, ...]


def refresh(
    layers: Mapping[str, Layer],
    osm: OsmLayers,
    limits_kmh: tuple[float, float],
    *,
    register_ids: Collection[str] | None = None,
    source_keys: Collection[str] = (),
    progress: Progress = lambda _: None,
) -> Refreshed:
    """Refine the atlas's own features and put the extract's further roads into ``ordinary_roads``.

    Parameters
    ----------
    layers
        All of the atlas's layers.
    osm
        Layers and tracks of the extract, with the road classes asked for.
    limits_kmh
        Limit in towns and elsewhere of ordinary roads that tell none.
    register_ids, source_keys
        Ids of the plan's register and keys of the ledger, to check against; None: plan items are not checked.
    progress
        Told what is being done.

    Notes
    -----
    Ordinary roads are those of the extract in operation and open to cars that no feature of ``highways`` follows; ramps
    of expressways are none. They have no names and no directions in the atlas. A sketched road goes where the extract
    has roads all along it.
    """
    refined = refine(layers, osm, register_ids=register_ids, progress=progress)
    after = {**layers, **refined.layers}
    changed = dict(refined.layers)
    notes, refused = [], []
    if MESH in layers and "highways" in osm.layers:
        progress("putting ordinary roads in")
        rows = _further(osm, after["highways"], {one.feature_id for one in refined.matches if _followed(one)})
        new, wrong = layer_of(
            _records(rows, layers["places"], limits_kmh, layers[MESH]), rows.geometry.tolist(), layers[MESH].spec
        )
        kept, gone = _beside(layers[MESH], new)
        taken = admit(
            {MESH: new}, {key: layer for key, layer in after.items() if key != MESH},
            register_ids=register_ids or (), source_keys={*source_keys, osm.source.key},
        )  # fmt: skip
        refused = sorted({*wrong, *taken.refused})
        whole = merged(kept, taken.layers[MESH], add=True)
        one_way = int(rows["oneway"].sum())
        notes.append(
            f"{len(taken.layers[MESH])} ordinary roads from the extract stand in place of {gone} sketched ones; "
            f"{len(kept)} that it has nothing beside stay"
        )
        if one_way:
            notes.append(f"{one_way} of them are one-way, which ordinary roads are not: they are travelled both ways")
        if not whole.frame.drop(columns="geometry").equals(layers[MESH].frame.drop(columns="geometry")):
            changed[MESH] = after[MESH] = whole
    quality = tuple(
        Quality(key, name, *(round(_km(some[key], name), 1) for some in (layers, after)))
        for key in _DRAWN
        if key in layers
        for name in _QUALITIES
    )
    return Refreshed(changed, refined, quality, tuple(refused), tuple(notes))


def _followed(match: Match) -> bool:
    return match.layer == "highways" and match.stretches_matched > 0


def _km(layer: Layer, quality: str) -> float:
    frame = layer.frame
    if "upgrades" in frame:
        frame = frame[frame["upgrades"].fillna("") == ""]
    return float(lengths_km(frame.geometry.to_numpy()[(frame["geometry_quality"] == quality).to_numpy()]).sum())


def _further(osm: OsmLayers, highways: Layer, followed: Collection[str]) -> Any:
    """The extract's roads that are ordinary ones: open, no expressway nor its ramp, followed by no named road."""
    frame = osm.layers["highways"].frame
    candidates = Candidates.of(osm)
    own = [row for row in highways.frame.to_dict("records") if row["id"] in followed]
    named = [place for row in own for place in road_lines(candidates, row)[1] if _near(frame, place, row["geometry"])]
    express = frame["kind"].isin(EXPRESSWAYS)
    nodes = {node for text in frame.loc[express, "node_ids"] for node in slots(str(text))}
    ramp = [
        kind == "access" and bool(nodes & set(slots(str(text))))
        for kind, text in zip(frame["kind"], frame["node_ids"], strict=True)
    ]
    keep = frame["in_network"].to_numpy(dtype=bool) & (frame["status"] == "operating").to_numpy()
    keep &= ~express.to_numpy() & ~np.array(ramp, dtype=bool) & ~np.isin(np.arange(len(frame)), named)
    return frame[keep]


def _near(frame: Any, place: int, line: shapely.LineString) -> bool:
    """Whether a road of the extract lies on a line that follows its number or name: others may be tagged wrongly."""
    middle = frame.geometry.iloc[place].interpolate(0.5, normalized=True)
    scale = np.array([np.cos(np.radians(middle.y)), 1.0]) * KM_A_DEGREE
    plane = shapely.transform(np.array([middle, line], dtype=object), lambda xy: xy * scale)
    return bool(shapely.distance(plane[0], plane[1]) <= _CARRIAGEWAY_KM)


def _records(rows: Any, places: Layer, limits_kmh: tuple[float, float], roads: Layer) -> list[Record]:
    """Rows of ordinary roads: the name they all have, a kind by the nearest place, a limit told or by the kind."""
    town = _in_town(rows.geometry.to_numpy(), places)
    known = roads.frame.iloc[0] if len(roads) else {"name_zh": "普通公路", "name_en": "Ordinary road"}
    made = []
    for row, here in zip(rows.to_dict("records"), town, strict=True):
        name = row["name_zh"] or row["name_en"]
        told = row["speed_limit_kmh"]
        made.append(
            {column: row[column] for column in roads.spec.column_names if column in row}
            | {
                "name_zh": known["name_zh"], "name_en": known["name_en"],
                "kind": "town_road" if here else "country_road",
                "speed_limit_kmh": limits_kmh[0 if here else 1] if pd.isna(told) else min(max(told, 5.0), 160.0),
                "source_note": "; ".join(part for part in (row["source_note"], name) if part),
            }
        )  # fmt: skip
    return [{key: None if value is pd.NA or value != value else value for key, value in one.items()} for one in made]


def _in_town(lines: Texts, places: Layer) -> Bools:
    """(n,) whether the middle of each line lies near a place."""
    found = np.zeros(len(lines), dtype=bool)
    if not len(lines):
        return found
    frame = places.frame
    middles = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    scale = np.array([np.cos(np.radians(middles[:, 1].mean())), 1.0]) * KM_A_DEGREE
    tree = shapely.STRtree(shapely.points(middles * scale))
    for level, at in zip(frame["level"], shapely.get_coordinates(frame.geometry.to_numpy()), strict=True):
        if level in TOWN_KM:
            found[tree.query(shapely.Point(at * scale), predicate="dwithin", distance=TOWN_KM[level])] = True
    return found


def _beside(old: Layer, new: Layer) -> tuple[Layer, int]:
    """Return the roads of `old` that stay beside `new`, and how many go: what `new` has again or runs along."""
    frame = old.frame
    if not len(new):
        return old, 0
    lines = new.frame.geometry.to_numpy()
    scale = np.array([np.cos(np.radians(new.frame.total_bounds[[1, 3]].mean())), 1.0]) * KM_A_DEGREE
    tree = shapely.STRtree(shapely.transform(lines, lambda xy: xy * scale))
    dense = shapely.segmentize(shapely.transform(frame.geometry.to_numpy(), lambda xy: xy * scale), _SKETCH_KM)
    xy, of = shapely.get_coordinates(dense, return_index=True)
    near = np.zeros(len(xy), dtype=bool)
    near[tree.query(shapely.points(xy), predicate="dwithin", distance=_SKETCH_KM)[0]] = True
    bare = np.bincount(of[~near], minlength=len(frame)) > 0
    # A road of an extract before is followed to where it lies now, whatever it lay like.
    same = frame["id"].isin(set(new.frame["id"])).to_numpy()
    stays = bare & ~same
    return Layer(old.spec, frame[stays].reset_index(drop=True)), int((~stays).sum())
