"""The validator: every finding at once, each with its feature, its rule and what to do.

Findings are values, not exceptions: :func:`check_layers` returns them, :func:`require_valid` raises. What is
known and explained stands in ``data/facts/known_findings.csv`` and is not reported again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from atlas.base import geodesy
from atlas.base.errors import LayerError
from atlas.base.tables import read_table, slots
from atlas.data.declaration import STATUSES
from atlas.data.layer import Layer, out_of_range, parting_water, region_of
from atlas.data.region import Region

__all__ = [
    "REFERENCES",
    "RULES",
    "SERVICE_COLUMNS",
    "SERVICE_ENDS",
    "Known",
    "Violation",
    "check_layers",
    "read_known_findings",
    "require_valid",
    "service_faults",
    "services_without_ends",
    "trains_off_their_lines",
]

#: Roles of layers that the network asks for and a region may have none of: railways and stations.
_MAY_BE_EMPTY = {"rail_line", "rail_stop"}
#: Rule id and what it demands.
RULES = {
    "layer-empty": "a layer holds at least one feature, railways and stations apart",
    "column-missing": "a layer carries every declared column",
    "crs": "coordinates are in EPSG:4326",
    "id": "ids are slugs and stand once in a layer",
    "value": "values are among those declared",
    "range": "numbers lie within the range their column declares, 0 only where it is a value; minutes rise",
    "text": "texts hold no control characters",
    "status": "the status is a known one",
    "opening": "dates are ISO 8601, not before 1900, and say what they rest on",
    "plan-id": "plan ids stand in the plan's register",
    "source": "sources stand in the ledger",
    "reference": "ids of other layers' features exist",
    "service": "trains call at stations of the lines they run along",
    "minutes": "a ferry or coach with ends has minutes greater than 0, the least first",
    "coordinates": "coordinates are numbers",
    "axes": "longitude stands before latitude",
    "region": "features lie in the region",
    "geometry": "geometries are valid and not empty",
    "self-crossing": "a line does not cross itself",
    "length": "the drawn length agrees with the published one",
    "water": "points stand on land, as far as their position is known",
    "county": "points lie in the city or county they are said to lie in, as far as their position is known",
}
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_FIRST_YEAR = 1900
# A polyline of straight pieces is shorter than the road or line it stands for; it can hardly be longer.
_SHORTER, _LONGER, _LENGTH_SLACK_KM = 0.85, 1.10, 1.0
# Kinds that stand in or over water by their nature.
_AFLOAT = {"waterway_project", "bridge_end"}
#: Column of a layer that names features of another layer.
REFERENCES = {
    "highways": ("node_ids", "interchanges"),
    "railways": ("station_ids", "stations"),
    "rail_services": ("station_ids", "stations"),
    "stations": ("line_ids", "railways"),
}
#: Layers whose points a ferry or coach may join; an end is named ``layer/id``.
SERVICE_ENDS = ("ports", "airports", "stations", "interchanges", "places")
_ENDS = ("from_point", "to_point")
_MINUTES = ("minutes_low", "minutes", "minutes_high")
#: What makes a route a service: all null where it is drawn only.
SERVICE_COLUMNS = (*_ENDS, *_MINUTES, "departures_per_day")


@dataclass(frozen=True, order=True)
class Violation:
    """One finding. `rule` is a key of :data:`RULES`; `feature_id` is empty for the layer as a whole.

    `off_m` is by how many metres a point is off, where the rule is about that.
    """

    layer: str
    feature_id: str
    rule: str
    message: str
    remedy: str
    off_m: float = 0.0

    def __str__(self) -> str:
        where = f"{self.layer}/{self.feature_id}" if self.feature_id else self.layer
        return f"{where}: {self.message} [{self.rule}]; {self.remedy}"


@dataclass(frozen=True)
class Known:
    """A finding known and explained: not reported."""

    layer: str
    feature_id: str
    rule: str
    reason: str


def read_known_findings(path: str | Path) -> tuple[Known, ...]:
    """Read ``known_findings.csv`` (``layer, feature_id, rule, reason``); a missing file holds none.

    Raises
    ------
    LayerError
        The file lacks a column, names an unknown rule, or gives no reason.
    """
    path = Path(path)
    if not path.is_file():
        return ()
    columns = ("layer", "feature_id", "rule", "reason")
    known = []
    for row in read_table(path, columns, what=", the findings known,"):
        row.choice("rule", RULES)
        row.needed("reason")
        known.append(Known(*(row[name] for name in columns)))
    return tuple(known)


def check_layers(
    layers: Mapping[str, Layer],
    *,
    register_ids: Collection[str],
    county_polygons: gpd.GeoDataFrame | None = None,
    source_keys: Collection[str] | None = None,
    known: Iterable[Known] = (),
) -> list[Violation]:
    """Return every finding in `layers`, sorted by layer, feature and rule.

    Parameters
    ----------
    layers
        Layers by key. References between layers, and land and water, are checked as far as the layers
        concerned are among them.
    register_ids
        Ids of the plan's register.
    county_polygons
        Boundaries in EPSG:4326 with the column ``adcode`` (six digits); None leaves that rule out.
    source_keys
        Keys of the ledger of sources; None leaves that rule out.
    known
        Findings not to report.

    Returns
    -------
    list of Violation
        Empty when all is well.

    Notes
    -----
    Water and county allow each point its own ``position_error_m``. Lengths may be 15 % shorter or 10 %
    longer than published, or differ by 1 km.
    """
    waived = {(one.layer, one.feature_id, one.rule) for one in known}
    found: list[Violation] = []
    for layer in layers.values():
        found += _whole(layer)
        missing = [name for name in layer.spec.column_names if name not in layer.frame.columns]
        if missing or layer.frame.empty:
            continue
        found += _attributes(layer, register_ids, source_keys)
        found += (Violation(layer.key, name, "range", what, to_do) for name, what, to_do in out_of_range(layer))
        found += _shapes(layer)
        found += _references(layer, layers)
    found += trains_off_their_lines(layers)
    found += services_without_ends(layers)
    if not any(one.rule in {"column-missing", "crs"} for one in found):
        found += _water(layers)
        if county_polygons is not None:
            found += _counties(layers, county_polygons)
    return sorted(one for one in set(found) if (one.layer, one.feature_id, one.rule) not in waived)


def require_valid(violations: Collection[Violation]) -> None:
    """Raise LayerError with all `violations` when there are any."""
    if violations:
        first = next(iter(violations))
        raise LayerError(f"{len(violations)} finding(s) in the layers, the first: {first}", tuple(violations))


def _whole(layer: Layer) -> Iterator[Violation]:
    if layer.frame.empty and layer.spec.role not in _MAY_BE_EMPTY:
        yield Violation(layer.key, "", "layer-empty", "no feature", "add features or take out the declaration")
    for name in layer.spec.column_names:
        if name not in layer.frame.columns:
            yield Violation(
                layer.key, "", "column-missing", f"no column {name}", f"add it as layers/{layer.key}.toml has it"
            )
    crs = layer.frame.crs
    if crs is None or crs.to_epsg() != 4326:
        yield Violation(layer.key, "", "crs", f"the CRS is {crs}", "reproject the layer to EPSG:4326")


def _attributes(
    layer: Layer, register_ids: Collection[str], source_keys: Collection[str] | None
) -> Iterator[Violation]:
    key = layer.key
    counts = Counter(layer.frame["id"])
    for row in layer.frame.drop(columns=layer.frame.geometry.name).to_dict("records"):
        name = str(row["id"])
        if counts[row["id"]] > 1:
            yield Violation(key, name, "id", f"the id stands {counts[row['id']]} times", "give each its own id")
        if not _SLUG.fullmatch(name):
            yield Violation(
                key, name, "id", "the id is no slug", "use lower-case letters, digits, hyphen and underscore"
            )
        yield from _values(layer, name, row)
        yield from _opening(key, name, row)
        if key == "ferries":
            yield from (Violation(key, name, "minutes", *fault) for fault in service_faults(row))
        for plan_id in filter(None, slots(str(row["plan_ids"]))):
            if plan_id not in register_ids:
                yield Violation(
                    key, name, "plan-id", f"{plan_id} is not in the register", "correct data/plan/plan_links.csv"
                )
        if source_keys is not None and row["source"] not in source_keys:
            yield Violation(key, name, "source", f"source {row['source']!r} is unknown", "add it to data/sources.csv")


def _values(layer: Layer, name: str, row: Mapping[Any, Any]) -> Iterator[Violation]:
    if row["kind"] not in layer.spec.kinds:
        yield Violation(
            layer.key, name, "value", f"kind {row['kind']!r} is not declared", f"see kinds of layers/{layer.key}.toml"
        )
    for column in layer.spec.columns:
        value = row[column.name]
        if column.allowed and value is not None and value not in column.allowed:
            rule = "status" if column.name == "status" else "value"
            yield Violation(
                layer.key, name, rule, f"{column.name} is {value!r}", f"use one of {', '.join(column.allowed)}"
            )
        if isinstance(value, str) and any(unicodedata.category(sign) == "Cc" for sign in value):
            yield Violation(
                layer.key, name, "text", f"{column.name} holds a control character", "take it out of the text"
            )
        if column.type == "float" and not column.null and pd.isna(value):
            yield Violation(layer.key, name, "value", f"{column.name} is missing", "give a number")


def _opening(key: str, name: str, row: Mapping[Any, Any]) -> Iterator[Violation]:
    year = None if pd.isna(row["opens_year"]) else int(row["opens_year"])
    for column in ("opened", "status_as_of"):
        text = row[column]
        if text is not None and not _is_date(str(text)):
            yield Violation(key, name, "opening", f"{column} {text!r} is no date", "write YYYY, YYYY-MM or YYYY-MM-DD")
    opened = _DATE.fullmatch(str(row["opened"] or ""))
    for what, value in (("opened", int(opened[1]) if opened else None), ("opens_year", year)):
        if value is not None and value < _FIRST_YEAR:
            yield Violation(key, name, "opening", f"{what} is {value}, before 1900", "correct the year")
    if row["opens_basis"] == "fact" and row["opened"] is None:
        yield Violation(
            key, name, "opening", "the basis is fact, but no date is given", "give the date or another basis"
        )
    if opened and row["opens_basis"] != "fact":
        yield Violation(key, name, "opening", "a date is given, but its basis is not fact", "set the basis to fact")
    if opened and row["status"] in STATUSES and row["status"] != "operating":
        yield Violation(
            key, name, "opening", f"opened {row['opened']}, yet {row['status']}", "correct the status or the date"
        )
    if row["status"] == "operating" and year is None:
        yield Violation(key, name, "opening", "operating without a year", "set opens_year")


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    try:
        pd.Timestamp(year=int(found[1]), month=int(found[2] or 1), day=int(found[3] or 1))
    except ValueError:
        return False
    return True


def _shapes(layer: Layer) -> Iterator[Violation]:
    frame = layer.frame
    published = frame["published_length_km"] if "published_length_km" in frame else [np.nan] * len(frame)
    for name, geometry, length in zip(frame["id"].astype(str), frame.geometry, published, strict=True):
        if geometry is None or geometry.is_empty:
            yield Violation(layer.key, name, "geometry", "no geometry", "draw it or leave the feature out")
        elif not np.isfinite(shapely.get_coordinates(geometry)).all():
            yield Violation(layer.key, name, "coordinates", "a coordinate is NaN or infinite", "give a number")
        else:
            yield from _shape(layer.spec.region, layer.key, name, geometry)
            if length == length and length > 0:
                yield from _length(layer.key, name, geometry, float(length))


def _shape(region: Region, key: str, name: str, geometry: BaseGeometry) -> Iterator[Violation]:
    west, south, east, north = geometry.bounds
    if region.holds(west, south) and region.holds(east, north):
        pass
    elif region.holds(south, west) and region.holds(north, east):
        yield Violation(
            key, name, "axes", f"({west:.4f}, {south:.4f}) has latitude first", "write longitude, then latitude"
        )
    else:
        yield Violation(
            key, name, "region", f"({west:.4f}, {south:.4f}) to ({east:.4f}, {north:.4f}) is out of the region",
            f"the region is {region.bounds}: correct the coordinate or leave the feature out",
        )  # fmt: skip
    if not geometry.is_valid:
        reason = shapely.is_valid_reason(geometry)
        yield Violation(key, name, "geometry", f"not valid: {reason}", "redraw it, or use shapely.make_valid")
    elif geometry.geom_type == "LineString" and not geometry.is_simple:
        yield Violation(key, name, "self-crossing", "the line crosses itself", "correct the order of its points")


def _length(key: str, name: str, line: BaseGeometry, published_km: float) -> Iterator[Violation]:
    drawn_km = geodesy.length_km(line)
    off = abs(drawn_km - published_km) > _LENGTH_SLACK_KM
    if off and not _SHORTER <= drawn_km / published_km <= _LONGER:
        yield Violation(
            key, name, "length", f"drawn {drawn_km:.1f} km, published {published_km:g} km",
            "add bends with a source, correct the length, or explain it in known_findings.csv",
        )  # fmt: skip


def _references(layer: Layer, layers: Mapping[str, Layer]) -> Iterator[Violation]:
    column, target = REFERENCES.get(layer.key, ("", ""))
    if target not in layers or "id" not in layers[target].frame:
        return
    ids = set(layers[target].frame["id"])
    for name, text in zip(layer.frame["id"], layer.frame[column], strict=True):
        for strange in sorted({part for part in slots(str(text or "")) if part} - ids):
            yield Violation(
                layer.key, str(name), "reference", f"{column} names {strange}, not in {target}",
                f"correct it or add {strange} to {target}",
            )  # fmt: skip


def trains_off_their_lines(layers: Mapping[str, Layer]) -> Iterator[Violation]:
    """Find stops that lie on none of a service's lines; lines that name no stations are not asked.

    Parameters
    ----------
    layers
        By key; ``rail_services`` and ``railways`` are looked at, when both are there.
    """
    if not {"rail_services", "railways"} <= layers.keys():
        return
    frames = [layers[key].frame for key in ("rail_services", "railways")]
    if any(not {"id", "station_ids"} <= set(frame.columns) for frame in frames) or "line_ids" not in frames[0]:
        return
    services, lines = frames
    calls = {str(line): set(_parts(text)) for line, text in zip(lines["id"], lines["station_ids"], strict=True)}
    columns = (services[name] for name in ("id", "line_ids", "station_ids"))
    for name, ridden, stops in zip(*columns, strict=True):
        own = _parts(ridden)
        if not own or not all(calls.get(line) for line in own):
            continue
        along = set().union(*(calls[line] for line in own))
        for stop in sorted(set(_parts(stops)) - along):
            yield Violation(
                "rail_services", str(name), "service", f"calls at {stop}, which lies on none of {', '.join(own)}",
                "correct station_ids or line_ids, or add the station to the line's station_ids",
            )  # fmt: skip


def service_faults(row: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """Find what is wrong with a row of the layer ``ferries``: what is wrong, and what to do.

    Without ends, minutes and departures it is a route that is drawn only, and nothing is wrong.
    """
    given = {name: row[name] for name in SERVICE_COLUMNS if not pd.isna(row[name])}
    if not given:
        return
    for name in (*_ENDS, "minutes"):
        if name not in given:
            yield f"{name} is missing", "give both ends and the minutes, or none of them: then it is drawn only"
    for name in (*_MINUTES, "departures_per_day"):
        if name in given and not 0 < given[name] < float("inf"):
            yield f"{name} is {given[name]:g}", "give a number greater than 0"
    told = [given[name] for name in _MINUTES if name in given]
    if told != sorted(told):
        yield f"minutes run {', '.join(f'{value:g}' for value in told)}", "give the least, the usual, the most"
    if len({given.get(name, name) for name in _ENDS}) == 1:
        yield f"both ends are {given['from_point']}", "correct one of them"


def services_without_ends(layers: Mapping[str, Layer]) -> Iterator[Violation]:
    """Find ends of ferries and coaches that name no feature; layers that are not there are not asked."""
    if "ferries" not in layers or not {"id", *_ENDS} <= set(layers["ferries"].frame.columns):
        return
    frame = layers["ferries"].frame
    ids = {key: set(layers[key].frame["id"]) for key in SERVICE_ENDS if key in layers and "id" in layers[key].frame}
    for column in _ENDS:
        for name, text in zip(frame["id"], frame[column], strict=True):
            key, _, feature = str(text or "").partition("/")
            if text and (key not in SERVICE_ENDS or feature not in ids.get(key, {feature})):
                yield Violation(
                    "ferries", str(name), "reference", f"{column} names {text}, which is no such point",
                    f"name layer/id of {', '.join(SERVICE_ENDS)}",
                )  # fmt: skip


def _parts(text: object) -> list[str]:
    return [part for part in slots(str(text or "")) if part]


def _points(layers: Mapping[str, Layer]) -> Iterator[tuple[str, gpd.GeoDataFrame]]:
    """Yield the points to look for on land; beyond the edge of the land extract nothing is known."""
    edges = layers["land"].frame.total_bounds if "land" in layers else np.full(4, np.nan)
    west, south, east, north = edges if np.isfinite(edges).all() else region_of(layers).bounds
    for key, layer in layers.items():
        frame = layer.frame
        if layer.spec.geometry == "Point" and len(frame):
            shapes = frame.geometry.to_numpy()
            good = ~shapely.is_empty(shapes)
            good[good] = np.isfinite(shapely.get_coordinates(shapes[good])).all(axis=1)
            points = frame[good & ~frame["kind"].isin(_AFLOAT)].cx[west:east, south:north]
            if len(points):
                yield key, points


def _parts_in_metres(frame: gpd.GeoDataFrame, metric: CRS) -> Any:
    parts = shapely.get_parts(frame.geometry.values)
    return np.array([geodesy.reproject(part, 4326, metric) for part in parts[shapely.is_valid(parts)]])


def _water(layers: Mapping[str, Layer]) -> Iterator[Violation]:
    if "land" not in layers or layers["land"].frame.empty:
        return
    metric = region_of(layers).metric
    land = shapely.STRtree(_parts_in_metres(layers["land"].frame, metric))
    if not len(land):  # No part of it is valid, which is a finding of its own.
        return
    waters = _parts_in_metres(parting_water(layers["water"].frame), metric) if "water" in layers else np.array([])
    inside = shapely.STRtree(waters)
    for key, frame in _points(layers):
        where = np.array([geodesy.reproject(point, 4326, metric) for point in frame.geometry])
        nearest = shapely.distance(where, land.geometries[land.nearest(where)])
        afloat = np.zeros(len(where))
        for point, water in inside.query(where, predicate="within").T if len(waters) else ():
            afloat[point] = shapely.distance(where[point], shapely.boundary(waters[water]))
        off_m = np.maximum(nearest, afloat)
        for name, metres, error in zip(frame["id"], off_m, frame["position_error_m"], strict=True):
            if metres > error:
                yield Violation(
                    key, str(name), "water", f"{metres:.0f} m off land, more than its error of {error:g} m",
                    "move it onto land, or state a larger position_error_m", float(metres),
                )  # fmt: skip


def _counties(layers: Mapping[str, Layer], polygons: gpd.GeoDataFrame) -> Iterator[Violation]:
    metric = region_of(layers).metric
    by_code: dict[str, list[BaseGeometry]] = {}
    for code, polygon in zip(polygons["adcode"].astype(str), polygons.geometry, strict=True):
        by_code.setdefault(code, []).append(geodesy.reproject(polygon, 4326, metric))
        by_code.setdefault(code[:4], []).append(by_code[code][-1])
    areas = {code: shapely.union_all(parts) for code, parts in by_code.items()}
    cities: dict[str, str] = {}
    if "places" in layers:
        heads = layers["places"].frame
        heads = heads[heads["level"].isin(["prefecture", "sar"])]
        cities = dict(zip(heads["city"], heads["adcode"].str[:4], strict=True))
    for key, frame in _points(layers):
        for row in frame.itertuples():
            code = _county_of(key, row) or cities.get(row.city or "", "")
            if code not in areas:
                continue
            metres = shapely.distance(geodesy.reproject(row.geometry, 4326, metric), areas[code])
            if metres > row.position_error_m:
                yield Violation(
                    key, str(row.id), "county", f"{metres:.0f} m outside {row.city} ({code})",
                    "correct the city or the coordinate, or state a larger position_error_m",
                )  # fmt: skip


def _county_of(key: str, row: Any) -> str:
    """Return the code of the county a place must lie in; empty for what has only a city."""
    if key != "places":
        return ""
    code = str(row.parent if row.level == "town" else row.adcode)
    return code[:4] if code.endswith("00") else code
