"""What is written: tables with their fields, and what produced them. Every value of the atlas becomes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypedDict

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from atlas.base.errors import ExportError
from atlas.base.files import content_hash
from atlas.base.tables import is_iso_date, listing
from atlas.base.values import fit
from atlas.base.words import word_table
from atlas.data.catalog import Catalog
from atlas.data.declaration import GEOMETRIES
from atlas.data.layer import Layer, region_of
from atlas.data.region import find_root
from atlas.data.scenario import Scenario
from atlas.data.sources import Source, read_sources
from atlas.data.stamp import layers_hash, stamp
from atlas.exports.tables.fields import Field, fields_of_frame, fields_of_layer
from atlas.land.surface import Surface
from atlas.network.build import Network
from atlas.travel.reach import Reach

__all__ = ["Bundle", "Origins", "Table", "gather"]

#: Shown where a file format demands a date and no feature carries one.
_NO_DATE = "1970-01-01"


class Origins(TypedDict, total=False):
    """What :func:`gather` may be told of where a thing comes from, by its names."""

    name: str | None
    sources: Mapping[str, Source] | None
    mark: str | None
    scenarios: Sequence[Scenario]


@dataclass(frozen=True, eq=False)
class Table:
    """One table of an export.

    Attributes
    ----------
    name
        Name in files: the layer's key.
    geometry
        ``Point``, ``LineString``, ``Polygon`` or ``Geometry`` (mixed); empty: a plain table. Parts may be Multi.
    fields
        Columns but the geometry, in order.
    frame
        The rows; a GeoDataFrame in EPSG:4326 unless `geometry` is empty.
    group
        Folder in KML and QGIS.
    """

    name: str
    title_zh: str
    title_en: str
    about: str
    geometry: str
    fields: tuple[Field, ...]
    frame: pd.DataFrame
    group: str = ""

    @property
    def shapes(self) -> gpd.GeoDataFrame:
        """The frame, known to carry geometry."""
        assert isinstance(self.frame, gpd.GeoDataFrame)
        return self.frame


@dataclass(frozen=True, eq=False)
class Bundle:
    """Tables to write together, and what produced them.

    Attributes
    ----------
    hash
        The stamp (see :mod:`atlas.data.stamp`).
    as_of
        ISO date of the newest status inside; it stands where a format demands a date, so that the same input
        gives the same bytes.
    sources
        Ledger rows of every source named in a table.
    scenario
        What the scenario holds, in words; empty for layers alone.
    notes
        Whatever a reader must know: assumptions, what was cut, shifted or left out.
    """

    name: str
    title_zh: str
    title_en: str
    tables: tuple[Table, ...]
    hash: str
    as_of: str = _NO_DATE
    sources: tuple[Source, ...] = ()
    scenario: str = ""
    notes: tuple[str, ...] = ()

    @property
    def spatial(self) -> tuple[Table, ...]:
        """Tables with geometry."""
        return tuple(table for table in self.tables if table.geometry)

    def with_frames(self, frames: Mapping[str, gpd.GeoDataFrame], *notes: str) -> Bundle:
        """Return this bundle with other rows in the tables named, and more notes."""
        tables = tuple(replace(table, frame=frames.get(table.name, table.frame)) for table in self.tables)
        return replace(self, tables=tables, notes=self.notes + notes)


def gather(
    thing: object,
    *,
    name: str | None = None,
    sources: Mapping[str, Source] | None = None,
    mark: str | None = None,
    scenarios: Sequence[Scenario] = (),
    notes: Sequence[str] = (),
) -> Bundle:
    """Return what `thing` looks like in files.

    Parameters
    ----------
    thing
        A layer, layers by key, a catalogue (all its layers), a network, a reach, a scenario, or any frame
        (travel times, isochrones).
    name
        Name of the table of a bare frame; needed for nothing else.
    sources
        The ledger; None: that of the atlas at hand.
    mark
        The stamp to carry; None: made from the thing itself. Give that of the whole atlas with a single
        layer, so that ``atlas verify`` can compare.
    scenarios
        Scenarios that made a bare frame.
    notes
        Remarks for the metadata.

    Raises
    ------
    ExportError
        The thing is none of these.
    """
    bundle = _bundle(thing, name, scenarios)
    ledger = sources if sources is not None else _ledger(thing)
    used = _sources_used(bundle.tables)
    known = tuple(ledger[key] for key in sorted(used) if key in ledger)
    strange = sorted(key for key in used if key not in ledger)
    extra = (f"sources not in the ledger: {', '.join(strange)}; licence unknown",) if strange else ()
    dated = replace(bundle, sources=known, as_of=_as_of(bundle.tables), notes=(*bundle.notes, *notes, *extra))
    whole: Bundle = _fitting(dated if mark is None else replace(dated, hash=mark))
    return whole


def _fitting(value: Any) -> Any:
    """Return what is to be written with a space for each sign that no file should be handed, in every text of it."""
    if isinstance(value, str):
        return fit(value)
    if isinstance(value, tuple):
        return tuple(map(_fitting, value))
    if isinstance(value, pd.DataFrame):
        return _fitting_frame(value)
    if isinstance(value, (Bundle, Table, Field, Source)):
        return replace(value, **{one.name: _fitting(getattr(value, one.name)) for one in fields(value)})
    return value


def _fitting_frame(frame: pd.DataFrame) -> pd.DataFrame:
    names = [fit(name) if isinstance(name, str) else name for name in frame.columns]
    if len(set(names)) < len(set(frame.columns)):
        raise ExportError("two columns have names that differ in control characters alone; rename one")
    changed = {}
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if column.dtype == object:
            texts = "".join(text for text in column if isinstance(text, str))
            if fit(texts) != texts:
                changed[name] = [fit(text) if isinstance(text, str) else text for text in column]
    if changed:
        frame = frame.assign(**{name: pd.Series(values, frame.index, dtype=object) for name, values in changed.items()})
    return frame if names == list(frame.columns) else frame.set_axis(names, axis=1)


def _bundle(thing: object, name: str | None, scenarios: Sequence[Scenario]) -> Bundle:
    if isinstance(thing, Bundle):
        return thing
    if isinstance(thing, Layer):
        whole = stamp(layers_hash({thing.key: thing}))
        return Bundle(thing.key, thing.spec.title_zh, thing.spec.title_en, (_layer_table(thing),), whole)
    if isinstance(thing, Catalog):
        return _layers_bundle(thing.layers())
    if isinstance(thing, Mapping) and thing and all(isinstance(one, Layer) for one in thing.values()):
        return _layers_bundle(thing)
    if isinstance(thing, Network):
        tables = (
            _table("nodes", thing.nodes),
            _table("edges", _with_extent(thing.edges)),
            _table("joins", thing.joins),
        )
        return Bundle("network", "路网", "Network", tables, stamp(thing.hash, scenarios), scenario=_words(scenarios))
    if isinstance(thing, Reach):
        return _reach_bundle(thing)
    if isinstance(thing, Scenario):
        return _scenario_bundle(thing)
    if isinstance(thing, Surface):
        return _surface_bundle(thing)
    if isinstance(thing, pd.DataFrame):
        return _frame_bundle(thing, name or "table", scenarios)
    raise ExportError(
        f"{type(thing).__name__} cannot be written; give a layer, layers, a catalogue, a network, a reach, "
        "a surface, a scenario or a frame"
    )


def _layers_bundle(layers: Mapping[str, Layer]) -> Bundle:
    tables = tuple(_layer_table(layer) for layer in sorted(layers.values(), key=lambda one: one.spec.order))
    region = region_of(layers)
    titles = region.title_zh or region.name_zh or "atlas", region.title_en or region.name_en or "atlas"
    return Bundle("atlas", *titles, tables, stamp(layers_hash(layers)))


def _layer_table(layer: Layer) -> Table:
    spec = layer.spec
    fields = fields_of_layer(spec, layer.frame)
    return Table(spec.key, spec.title_zh, spec.title_en, spec.about, spec.geometry, fields, layer.frame, spec.group)


def _with_extent(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return edges with a line where it has a length: a place that is its own junction has a link and no line."""
    lines = frame.geometry.to_numpy().copy()
    lines[shapely.length(lines) == 0] = None
    return frame.set_geometry(gpd.GeoSeries(lines, index=frame.index, crs=frame.crs))


def _table(name: str, frame: pd.DataFrame, *, about: str = "", group: str = "") -> Table:
    zh, en = word_table("table").get(name, (name, name))
    return Table(name, zh, en, about, _shape_of(frame), fields_of_frame(frame), frame, group)


def _shape_of(frame: pd.DataFrame) -> str:
    if not isinstance(frame, gpd.GeoDataFrame):
        return ""
    kinds = {str(kind).removeprefix("Multi") for kind in frame.geom_type.dropna().unique()}
    return kinds.pop() if len(kinds) == 1 and kinds <= set(GEOMETRIES) else "Geometry"


def _reach_bundle(reach: Reach) -> Bundle:
    cuts = ", ".join(f"{cut:g}" for cut in reach.cutoffs_min)
    about = f"from {reach.origin_name} ({reach.origin}), mode {reach.mode}, within {cuts} min"
    tables = (
        _table("reached_nodes", reach.nodes, about=about),
        _table("reached_edges", _with_extent(reach.edges), about=about),
    )
    return Bundle(
        "reach",
        f"{reach.origin_name}可达范围",
        f"Reach of {reach.origin_name}",
        tables,
        stamp(reach.network.hash, [reach.scenario]),
        scenario=_words([reach.scenario]),
        notes=(about,),
    )


def _surface_bundle(surface: Surface) -> Bundle:
    lonlat = surface.grid.lonlat
    minutes = np.where(np.isfinite(surface.minutes), surface.minutes, np.nan)
    cells = gpd.GeoDataFrame(
        {"cell": np.arange(len(lonlat)), "travel_time_min": minutes},
        geometry=gpd.points_from_xy(lonlat[:, 0], lonlat[:, 1]),
        crs="EPSG:4326",
    )
    way = "towards" if surface.towards else "from"
    about = f"minutes {way} {surface.origin_name} ({surface.origin}), mode {surface.mode}, at the middle of each cell"
    title = (f"{surface.origin_name}时间面", f"Minutes {way} {surface.origin_name}")
    tables = (_table("cells", cells, about=about),)
    words = _words([surface.scenario])
    return Bundle("surface", *title, tables, surface.hash, scenario=words, notes=(about,))


def _scenario_bundle(scenario: Scenario) -> Bundle:
    chosen = {
        "name": scenario.name,
        "year": scenario.label,
        "with": listing(sorted(scenario.with_)),
        "without": listing(sorted(scenario.without)),
        "close": listing(sorted(scenario.close)),
        "period": scenario.period,
        "boarding": scenario.boarding,
        "timetable": scenario.timetable,
        "parameters": scenario.parameter_set,
    }
    choices = pd.DataFrame({"name": list(chosen), "value": list(chosen.values())})
    values = pd.DataFrame(scenario.parameters.values, columns=["name", "value"])
    tables = (_table("choices", choices), _table("parameters", values))
    mark = stamp(content_hash(), [scenario])
    return Bundle("scenario", f"情景 {scenario.name}", f"Scenario {scenario.name}", tables, mark,
                  scenario=_words([scenario]))  # fmt: skip


def _frame_bundle(frame: pd.DataFrame, name: str, scenarios: Sequence[Scenario]) -> Bundle:
    if isinstance(frame, gpd.GeoDataFrame) and (frame.crs is None or frame.crs.to_epsg() != 4326):
        raise ExportError(f"the frame {name!r} is in {frame.crs}; hand it over in EPSG:4326 and name the CRS to write")
    mark = stamp(content_hash(frame.to_csv(index=False)), scenarios)
    return Bundle(name, name, name, (_table(name, frame),), mark, scenario=_words(scenarios))


def _words(scenarios: Sequence[Scenario]) -> str:
    return "; ".join(
        f"{one.name}: year {one.label}, period {one.period}, boarding {one.boarding}, "
        f"timetable {one.timetable}, parameters {one.parameter_set}"
        for one in scenarios
    )


def _sources_used(tables: Sequence[Table]) -> set[str]:
    return {
        str(key)
        for table in tables
        if "source" in table.frame.columns
        for key in table.frame["source"].dropna().unique()
    }


def _ledger(thing: Any) -> Mapping[str, Source]:
    if isinstance(thing, Catalog):
        return thing.sources
    return read_sources(find_root() / "data" / "sources.csv")


def _as_of(tables: Sequence[Table]) -> str:
    dates = [
        str(text)
        for table in tables
        if "status_as_of" in table.frame.columns
        for text in table.frame["status_as_of"].dropna().unique()
    ]
    newest = max((date for date in dates if is_iso_date(date)), default=_NO_DATE)
    return newest if len(newest) == 10 else f"{newest}-01-01"[:10]
