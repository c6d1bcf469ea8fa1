"""What is let in: every imported feature passes the atlas's own validator, or is named and kept out.

Keeping a feature out may take the ground from under others (a road whose junction is gone), so the check
is repeated until all that is left is sound.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from atlas.base.errors import LayerError
from atlas.base.tables import listing, slots
from atlas.data.checks import REFERENCES, SERVICE_COLUMNS, Known, Violation, check_layers, services_without_ends
from atlas.data.declaration import LayerSpec
from atlas.data.layer import CRS, Layer, frame_of

__all__ = ["Intake", "admit", "adrift", "layer_of", "left_hanging", "merged", "slug_of", "slugs_of"]

#: References that are dropped from the list instead of keeping the feature out: a station is a station
#: without the line it is on.
_SOFT = {"stations"}
#: Rows checked at once: the validator turns rows into dictionaries.
_ROWS_AT_ONCE = 20_000
#: How far off the land layer, which has a vertex every 216 m, a point may stand and still be let in with
#: its error raised to that distance.
_SHORE_M = 1000.0


@dataclass(frozen=True)
class Intake:
    """What goes in and what is kept out.

    Attributes
    ----------
    layers
        Layers by key, every feature sound.
    refused
        Why each feature kept out was kept out.
    notes
        What was changed or is worth knowing, one line each.
    """

    layers: dict[str, Layer]
    refused: tuple[Violation, ...] = ()
    notes: tuple[str, ...] = ()


def layer_of(
    records: Sequence[Mapping[str, Any]], geometries: Sequence[BaseGeometry], spec: LayerSpec
) -> tuple[Layer, tuple[Violation, ...]]:
    """Return the layer of all records whose values have the declared types, and why others have not.

    Parameters
    ----------
    records, geometries
        One mapping and one geometry (EPSG:4326) a feature.
    spec
        The layer's declaration.
    """
    try:
        parts = [
            frame_of(records[start : start + _ROWS_AT_ONCE], geometries[start : start + _ROWS_AT_ONCE], spec)
            for start in range(0, max(len(records), 1), _ROWS_AT_ONCE)
        ]
        frame = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
        return Layer(spec, gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS)), ()
    except LayerError:
        kept: list[int] = []
        refused: list[Violation] = []
        for place, (record, geometry) in enumerate(zip(records, geometries, strict=True)):
            try:
                frame_of([record], [geometry], spec)
                kept.append(place)
            except LayerError as reason:
                name = str(record.get("id", place))
                refused.append(
                    Violation(spec.key, name, "value", str(reason), "correct the value or map another field")
                )
        good = frame_of([records[i] for i in kept], [geometries[i] for i in kept], spec)
        return Layer(spec, good), tuple(refused)


def admit(
    candidates: Mapping[str, Layer],
    others: Mapping[str, Layer],
    *,
    register_ids: Collection[str],
    source_keys: Collection[str],
    anywhere: bool = False,
    adding: Collection[str] = (),
    known: Collection[Known] = (),
) -> Intake:
    """Return the sound part of `candidates`.

    Parameters
    ----------
    candidates
        Imported layers by key.
    others
        Layers already there, to check references and land against; one of the same key as a candidate counts
        only when it is among `adding`.
    register_ids, source_keys
        Ids of the plan's register and keys of the ledger of sources, the imports' own included.
    anywhere
        Whether features may lie outside the atlas's region: the caller has chosen an area.
    adding
        Layers whose old features stay.
    known
        Findings that are explained and do not count.

    Notes
    -----
    The rules are :data:`atlas.data.checks.RULES`. A point off the land layer by more than its error, but by no
    more than 1 km, is let in with its error raised to that distance, as the validator advises.
    """
    waived = {(one.layer, one.feature_id, one.rule) for one in known}
    kept = {key: set(layer.frame["id"]) for key, layer in others.items() if key not in candidates or key in adding}
    layers = dict(candidates)
    refused: list[Violation] = []
    notes: list[str] = []
    fresh = set(layers)
    while fresh:
        found: list[Violation] = []
        for key in sorted(fresh):
            layers[key], raised, afloat = _ashore(layers[key], {**others, **layers})
            if raised:
                notes.append(f"{key}: points off the land layer, whose error was raised to the distance: {raised}")
            found += afloat
            found += _findings(layers[key], register_ids, source_keys, anywhere)
        found = [one for one in found if (one.layer, one.feature_id, one.rule) not in waived]
        fresh = set()
        for key, layer in list(layers.items()):
            bad = {one.feature_id for one in found if one.layer == key}
            ids = _targets(layer.key, layers, kept)
            strange = list(_dangling(layer, ids))
            if strange and key in _SOFT:
                layers[key] = _unreferenced(layer, ids or set())
            elif strange:
                found += strange
                bad |= {one.feature_id for one in strange}
            if bad:
                frame = layers[key].frame
                layers[key] = Layer(layer.spec, frame[~frame["id"].isin(bad)].reset_index(drop=True))
                fresh |= {other for other, (_, target) in REFERENCES.items() if target == key and other in layers}
        refused += found
        fresh = {key for key in fresh if not layers[key].frame.empty}
    return Intake(layers, tuple(sorted(set(refused))), tuple(dict.fromkeys(notes)))


def _findings(
    layer: Layer, register_ids: Collection[str], source_keys: Collection[str], anywhere: bool
) -> Iterator[Violation]:
    """Findings of single features, slice by slice; ids that stand twice across slices too."""
    frame = layer.frame
    for name in sorted(set(frame["id"][frame["id"].duplicated()])):
        yield Violation(layer.key, str(name), "id", "the id stands more than once", "give each feature its own id")
    for start in range(0, len(frame), _ROWS_AT_ONCE):
        part = Layer(layer.spec, frame.iloc[start : start + _ROWS_AT_ONCE].reset_index(drop=True))
        for one in check_layers({layer.key: part}, register_ids=register_ids, source_keys=source_keys):
            if one.rule != "layer-empty" and not (one.rule == "region" and anywhere):
                yield one


def _ashore(layer: Layer, others: Mapping[str, Layer]) -> tuple[Layer, int, list[Violation]]:
    """Raise the error of points a little off the land layer; how many there were, and which are far off."""
    if layer.spec.geometry != "Point" or "land" not in others or layer.frame.empty:
        return layer, 0, []
    ground = {key: others[key] for key in ("land", "water") if key in others}
    frame = layer.frame.copy()
    raised, far = 0, []
    for start in range(0, len(frame), _ROWS_AT_ONCE):
        part = Layer(layer.spec, frame.iloc[start : start + _ROWS_AT_ONCE].reset_index(drop=True))
        wet = [one for one in check_layers({layer.key: part, **ground}, register_ids=()) if one.rule == "water"]
        for one in wet:
            metres = float(round(one.off_m))
            if one.layer == layer.key and metres < _SHORE_M:
                frame.loc[frame["id"] == one.feature_id, "position_error_m"] = metres + 1.0
                raised += 1
            elif one.layer == layer.key:
                far.append(one)
    return Layer(layer.spec, frame), raised, far


def _names(text: object) -> list[str]:
    return [part for part in slots(str(text or "")) if part]


def _targets(key: str, layers: Mapping[str, Layer], kept: Mapping[str, set[str]]) -> set[str] | None:
    """Ids that features of layer `key` may refer to; None when the layer referred to is not there."""
    _, target = REFERENCES.get(key, ("", ""))
    if target not in layers and target not in kept:
        return None
    return kept.get(target, set()) | (set(layers[target].frame["id"]) if target in layers else set())


def _dangling(layer: Layer, known: set[str] | None) -> Iterator[Violation]:
    if known is None:
        return
    column, target = REFERENCES[layer.key]
    for name, text in zip(layer.frame["id"], layer.frame[column], strict=True):
        strange = sorted(set(_names(text)) - known)
        if strange:
            yield Violation(
                layer.key, str(name), "reference", f"{column} names {', '.join(strange[:3])}, not in {target}",
                f"add it to {target}, or correct {column}",
            )  # fmt: skip


def _unreferenced(layer: Layer, known: set[str]) -> Layer:
    column, _ = REFERENCES[layer.key]
    frame = layer.frame.copy()
    frame[column] = [listing(name for name in _names(text) if name in known) for text in frame[column]]
    return Layer(layer.spec, frame)


def merged(old: Layer | None, new: Layer, *, add: bool) -> Layer:
    """Return `new` alone, or `old` with the features of `new` added and those of the same id replaced."""
    if old is None or not add or old.frame.empty:
        return new
    kept = old.frame[~old.frame["id"].isin(set(new.frame["id"]))]
    frame = pd.concat([kept, new.frame], ignore_index=True) if len(kept) else new.frame
    typed = frame.astype(
        {name: dtype for name, dtype in old.frame.dtypes.items() if name in frame and name != "geometry"}
    )
    return Layer(old.spec, gpd.GeoDataFrame(typed, geometry="geometry", crs=CRS))


def left_hanging(layers: Mapping[str, Layer], changed: Collection[str]) -> list[Violation]:
    """Return references to features of the `changed` layers that no longer exist."""
    return [
        one
        for key, layer in layers.items()
        if REFERENCES.get(key, ("", ""))[1] in changed
        for one in _dangling(layer, _targets(key, layers, {}))
    ]


def adrift(layers: Mapping[str, Layer]) -> tuple[Layer | None, str]:
    """Return the layer ``ferries`` with services whose ends are gone drawn only, and a note; None: none are gone."""
    names = {one.feature_id for one in services_without_ends(layers)}
    if not names:
        return None, ""
    layer = layers["ferries"]
    frame = layer.frame.copy()
    for column in SERVICE_COLUMNS:
        frame[column] = frame[column].mask(frame["id"].isin(names), None)
    return Layer(layer.spec, frame), (
        f"ferries: services that lose an end and are drawn only: {len(names)} ({', '.join(sorted(names)[:3])} …); "
        "atlas restore ferries brings them back"
    )


def slugs_of(ids: Iterable[str]) -> dict[str, str]:
    """Return a slug for each id, the same whatever other ids there are.

    An id that is a slug stays; any other is told by its letters and a sum over all of it, so that ids in Chinese, or
    that differ in signs a slug cannot hold, stay apart.

    >>> slugs_of(["a-1", "A/1"])
    {'a-1': 'a-1', 'A/1': 'a-1-cddb06b2'}
    """
    return {text: slug_of(text) for text in dict.fromkeys(ids)}


def slug_of(text: str) -> str:
    """Return the slug of one id; see :func:`slugs_of`."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")
    return plain if plain == text else f"{plain or 'id'}-{zlib.crc32(text.encode()):08x}"
