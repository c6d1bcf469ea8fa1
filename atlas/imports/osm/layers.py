"""OpenStreetMap extracts as layers of the atlas's contract."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.errors import ImportDataError, only_known
from atlas.base.geodesy import Floats, length_km
from atlas.base.tables import is_iso_date, listing, slots
from atlas.base.values import name_text
from atlas.data.checks import SERVICE_COLUMNS, Violation
from atlas.data.declaration import LayerSpec
from atlas.data.layer import LARGEST_FILE_MB, Layer
from atlas.data.region import Region
from atlas.data.sources import Source
from atlas.imports.admit import layer_of
from atlas.imports.archives import check_file
from atlas.imports.frames import read_frame
from atlas.imports.osm.ground import Box, box_of, land_of, water_of
from atlas.imports.osm.limits import country_limits
from atlas.imports.osm.points import (
    PLACES,
    CoreCity,
    cities_of,
    core_of,
    country_of,
    points_of,
    single_stations,
    station_class,
)
from atlas.imports.osm.rails import rails_of
from atlas.imports.osm.read import Extract, Progress, read_extract
from atlas.imports.osm.roads import pieces_of, roads_of
from atlas.imports.osm.tags import DEFAULT_CLASSES, Tags, common, opening
from atlas.imports.repair import made_valid
from atlas.imports.store import extra_spec, file_sha256
from atlas.imports.systems import in_degrees

__all__ = ["LAYERS", "About", "OsmLayers", "Whole", "area_of", "osm_layers"]

#: Layers an extract can give, and further ones that an atlas of its own gets.
LAYERS = ("highways", "interchanges", "railways", "stations", "places", "ports", "airports", "ferries")
GROUND = ("land", "water")
Record = dict[str, Any]
#: A feature's columns take at least this many bytes in the file, and each vertex this many.
_FEATURE_BYTES, _VERTEX_BYTES = 600, 22
#: A mapped route tells no minutes.
_DRAWN_ONLY: Record = dict.fromkeys(SERVICE_COLUMNS)


@dataclass(frozen=True)
class Whole:
    """What is asked of an atlas of its own: names of its core cities, kinds of places, and its country's code."""

    core: tuple[str, ...] = ()
    places: tuple[str, ...] = (*PLACES, "village")
    country: str = ""


@dataclass(frozen=True)
class About:
    """What an extract is of.

    Attributes
    ----------
    box
        West, south, east, north, degrees.
    core
        Cities it is about.
    country
        ISO 3166-1 code; empty: not known.
    limits
        Speed limits of that country where no sign says another: km/h and the law, by kind of road.
    """

    box: Box
    core: tuple[CoreCity, ...]
    country: str
    limits: Mapping[str, tuple[float, str]]


@dataclass(frozen=True)
class OsmLayers:
    """Layers made of an extract, not yet checked.

    Attributes
    ----------
    layers
        By key, possibly empty.
    source
        Row for the ledger: file, date, hash, licence and credit.
    refused
        Records whose values do not fit their columns.
    notes
        What was left out or taken as given.
    tracks
        Every piece of main track with its tags, as (n, 2) lon, lat: what :mod:`atlas.imports.osm.refine` follows.
    about
        What it is of; None where no atlas of its own was asked for.
    """

    layers: dict[str, Layer]
    source: Source
    refused: tuple[Violation, ...]
    notes: tuple[str, ...]
    tracks: tuple[tuple[Tags, Floats], ...] = ()
    about: About | None = None


def area_of(text: str | Path | None) -> BaseGeometry | None:
    """Return the area a user named.

    Parameters
    ----------
    text
        ``west,south,east,north`` in degrees, or a file with polygons that GDAL reads; None: no limit.

    Raises
    ------
    ImportDataError
        It is neither, or encloses nothing.
    """
    if text is None:
        return None
    parts = str(text).replace("，", ",").split(",")
    if len(parts) == 4:
        try:
            west, south, east, north = (float(part) for part in parts)
        except ValueError as reason:
            raise ImportDataError(f"--area {text!r}: write west,south,east,north in degrees") from reason
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ImportDataError(f"--area {text!r}: write west,south,east,north in degrees, west and south first")
        return shapely.box(west, south, east, north)
    path = Path(text)
    if not path.exists():
        raise ImportDataError(f"--area {str(text)!r} is neither west,south,east,north nor a file")
    frame = read_frame(check_file(path), None, None, [])
    if frame.crs is not None:
        frame = in_degrees(path, frame, None)
    shapes = [shape for shape in frame.geometry if shape is not None and "Polygon" in shape.geom_type]
    try:
        area = shapely.union_all([made_valid(shape)[0] for shape in shapes])
    except ImportDataError as reason:
        raise ImportDataError(f"--area {path}: a polygon is {reason}") from reason
    if area.area == 0:
        raise ImportDataError(f"--area {path} holds no polygon")
    shapely.prepare(area)
    return area


class Scope(TypedDict, total=False):
    """What to take of an extract, by names.

    ``area`` (EPSG:4326): lines with a node inside are taken whole; None, or not named: everything. ``classes``: road
    classes, each with its links (:data:`atlas.imports.osm.tags.DEFAULT_CLASSES`). ``keys``: which of :data:`LAYERS` to
    make (all).
    """

    area: BaseGeometry | None
    classes: tuple[str, ...]
    keys: Collection[str]


def osm_layers(
    path: str | Path,
    specs: Mapping[str, LayerSpec],
    *,
    as_of: str | None = None,
    crossings: Layer | None = None,
    whole: Whole | None = None,
    progress: Progress = lambda _: None,
    **scope: Unpack[Scope],
) -> OsmLayers:
    """Read an extract and make layers of it.

    Parameters
    ----------
    path
        An ``.osm.pbf`` file.
    specs
        Declarations of the layers; ``ferries`` is added where missing.
    as_of
        ISO date of the data; None: what the file says.
    crossings
        The layer ``cross_border_links``: a road from one side of the border to another where it declares
        no crossing is left out of the network.
    whole
        Make land, water and villages too, and say what the extract is of: for an atlas of its own.
    progress
        Told what is being done.
    **scope
        ``area``, ``classes`` and ``keys``: see :class:`Scope`.

    Raises
    ------
    ImportDataError
        The file cannot be read, does not say of which day it is and `as_of` is None, or holds more than
        a layer may have.
    """
    only_known(scope, Scope)
    area, classes, keys = scope.get("area"), scope.get("classes", DEFAULT_CLASSES), scope.get("keys", LAYERS)
    path = Path(path)
    extract = read_extract(path, classes=classes, whole=whole is not None, progress=progress)
    stamp = _day(as_of, extract, path)
    source = _source(path, stamp)
    notes = list(extract.notes)
    about_it = _about(extract, area, whole, notes) if whole is not None else None
    core = about_it.core if about_it else ()
    cities = cities_of(extract, notes, core)
    made: dict[str, tuple[list[Record], list[BaseGeometry]]] = {}
    about = {"source": source.key, "as_of": stamp}
    if {"highways", "interchanges"} & set(keys):
        progress("cutting roads at shared nodes")
        roads = roads_of(extract, area, cities, **about)
        _bounded(roads.lines)
        notes += roads.notes
        notes += _beyond(roads.roads, roads.junctions, roads.points, crossings, specs["places"].region)
        made["interchanges"] = roads.junctions, roads.points
        made["highways"] = roads.roads, roads.lines
    points = points_of(extract, area, cities, places=whole.places if whole else PLACES, core=core, **about)
    points["stations"] = single_stations(*points["stations"], notes)
    made |= points
    if "railways" in keys:
        progress("following tracks from station to station")
        made["railways"] = _railways(extract, area, points["stations"], notes, about)
    made["ferries"] = _ferries(extract, area, notes, about)
    if about_it is not None:
        made |= _ground(extract, area, about_it.box, notes, about)
    layers: dict[str, Layer] = {}
    refused: list[Violation] = []
    for key in (*LAYERS, *GROUND):
        if key in made and (key in keys or key in GROUND):
            spec = specs[key] if key in specs else extra_spec(key)
            if about_it is not None:
                spec = replace(spec, region=Region(box=about_it.box))
            layers[key], bad = layer_of(*made[key], spec)
            refused += bad
    progress(", ".join(f"{len(layer)} {key}" for key, layer in layers.items()))
    tracks = tuple(
        (piece.tags, np.column_stack([extract.positions.lon[piece.rows], extract.positions.lat[piece.rows]]))
        for piece in pieces_of(extract.rails, extract.positions, area, [])
    )
    return OsmLayers(layers, source, tuple(refused), tuple(dict.fromkeys(notes)), tracks, about_it)


def _about(extract: Extract, area: BaseGeometry | None, whole: Whole, notes: list[str]) -> About | None:
    box = box_of(extract, area)
    if box is None:
        return None
    country = whole.country or country_of(extract)
    if not country:
        codes = sorted({name for one in extract.countries if (name := one.tags.get("ISO3166-1"))})
        notes.append(f"the extract names {', '.join(codes) or 'no country'}; atlas new --country says which it is of")
    return About(box, core_of(extract, area, whole.core, whole.places, notes), country, country_limits(country))


def _ground(
    extract: Extract, area: BaseGeometry | None, box: Box, notes: list[str], about: Mapping[str, str]
) -> dict[str, tuple[list[Record], list[BaseGeometry]]]:
    """Return land and water; water that there is none of is left out."""
    made = {}
    for key, shape in (("land", land_of(extract, box, area, notes)), ("water", water_of(extract, box))):
        if not shape.is_empty:
            record = common(key, {}, key, "coastline" if key == "land" else "areas of water", city=None, **about)
            made[key] = ([record | opening({}, "natural")], [shape])
    return made


def _day(as_of: str | None, extract: Extract, path: Path) -> str:
    told = as_of or extract.as_of
    if not told:
        raise ImportDataError(f"{path.name} does not say of which day it is; pass --as-of YYYY-MM-DD")
    if not is_iso_date(told, reduced=False):
        raise ImportDataError(f"--as-of {told!r} is no date; write YYYY-MM-DD")
    return told


def _source(path: Path, stamp: str) -> Source:
    digest = file_sha256(path)
    return Source(
        f"osm_{digest[:8]}", f"OpenStreetMap extract {name_text(path.name)}, data as of {stamp}",
        "OpenStreetMap contributors", stamp, "ODbL-1.0", digest,
        "© OpenStreetMap contributors; whatever derives from it keeps ODbL and the credit",
    )  # fmt: skip


def _bounded(lines: list[BaseGeometry]) -> None:
    """Refuse what no layer could hold before it is made."""
    size = _FEATURE_BYTES * len(lines) + _VERTEX_BYTES * int(np.sum(shapely.get_num_coordinates(lines)))
    if size > LARGEST_FILE_MB * 1e6:
        raise ImportDataError(
            f"{len(lines)} roads would make {size / 1e6:.0f} MB or more, and a layer may have {LARGEST_FILE_MB} MB; "
            "narrow the area (--area) or take higher classes only (--classes)"
        )


def _beyond(
    roads: list[Record], junctions: list[Record], points: list[BaseGeometry], crossings: Layer | None, region: Region
) -> list[str]:
    """Take roads out of the network that leave one side of the border where no crossing is declared."""
    side = {record["id"]: region.side_of(record["city"]) for record in junctions}
    at = {record["id"]: point for record, point in zip(junctions, points, strict=True)}
    declared = [] if crossings is None else [
        shapely.MultiPoint(shapely.get_coordinates(row.geometry)[[0, -1]])
        for row in crossings.frame.itertuples() if row.kind == "border_crossing" and row.in_network
    ]  # fmt: skip
    out = 0
    for road in roads:
        nodes = slots(road["node_ids"])
        over = [a for a, b in pairwise(nodes) if side[a] != side[b]]
        # The network asks for a declared crossing within 3 km; two hundredths of a degree are less than that.
        if any(all(shapely.distance(at[node], ends) > 0.02 for ends in declared) for node in over):
            road["in_network"] = False
            road["no_connect"] = "runs across the border where no crossing is declared"
            out += 1
    return [f"roads across the border where no crossing is declared, kept out of the network: {out}"] if out else []


def _railways(
    extract: Extract,
    area: BaseGeometry | None,
    stations: tuple[list[Record], list[BaseGeometry]],
    notes: list[str],
    about: Mapping[str, str],
) -> tuple[list[Record], list[BaseGeometry]]:
    told = {f"osm-{one.element[0]}{one.number}": station_class(one.tags) for one in extract.points}
    halts = [(r["id"], told[r["id"]], (p.x, p.y)) for r, p in zip(*stations, strict=True)]
    rails = rails_of(extract, area, halts, source=about["source"], as_of=about["as_of"])
    notes += rails.notes
    for record in stations[0]:
        record["line_ids"] = listing(rails.stations.get(record["id"], ()))
    return rails.records, rails.lines


def _ferries(
    extract: Extract, area: BaseGeometry | None, notes: list[str], about: Mapping[str, str]
) -> tuple[list[Record], list[BaseGeometry]]:
    records, lines = [], []
    where = extract.positions
    for piece in pieces_of(extract.ferries, where, area, notes):
        line = shapely.LineString(np.column_stack([where.lon[piece.rows], where.lat[piece.rows]]))
        record = common(
            piece.element, piece.tags, "ferry", f"way/{piece.way}",
            source=about["source"], as_of=about["as_of"], city=None,
        )  # fmt: skip
        drawn = _DRAWN_ONLY | {"drawn_length_km": round(length_km(line), 3)}
        records.append(record | opening(piece.tags, "route") | drawn)
        lines.append(line)
    return records, lines
