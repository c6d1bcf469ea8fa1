"""The *Atlas* page: every layer, grouped, with status, opening, the plan's wording and the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from atlas.base.style import symbol_of, tokens
from atlas.base.tables import listing
from atlas.base.words import simple_pairs, word_table
from atlas.data.declaration import CONTRACT
from atlas.data.layer import Layer, region_of
from atlas.data.places import also_called
from atlas.data.region import Region
from atlas.data.register import Register
from atlas.data.scenario import FIRST_YEAR, LAST_YEAR
from atlas.data.sources import Source
from atlas.data.stamp import facts_date, layers_hash, stamp
from atlas.maps.basemaps import displayed
from atlas.maps.courses import river_courses
from atlas.maps.imprint import Around, Imprint, around
from atlas.maps.packing import pack_columns, pack_geometries
from atlas.maps.page import Page
from atlas.maps.sheets.items import axes_of, corridors_of, pack_items, spelling
from atlas.maps.words import FACTS, city_words, place_words, region_title

__all__ = ["BACKDROP", "STYLES", "common_data", "draw_layers", "opening_view"]

#: Layers drawn as paper, not as content.
BACKDROP = ("land", "water", "ordinary_roads")
#: Layers that are off when the page opens.
_OFF_AT_FIRST = ("rail_services", "interchanges", "ferries", "energy", "water_works", "digital", "platforms")
#: What the names people type are made of.
_TYPED = ("name_zh", "name_en", "city", "service", "iata", "icao")
_COLUMNS = (*(column.name for column in CONTRACT), *FACTS)
STYLES = ("page.css", "sheet.css")
#: Decimals of a degree: the shore is known to 250 m, everything else is kept to about a metre.
_BACKDROP_DECIMALS, _DECIMALS = 4, 5
_BOUNDARY_THIN_DEGREES = 0.002


def pack_layer(layer: Layer, region: Region) -> dict[str, Any]:
    """Return one layer as a page is given it: packed geometry, packed columns, symbols by kind."""
    frame = layer.frame
    names = [name for name in dict.fromkeys(_COLUMNS) if name in frame.columns]
    names = [name for name in names if frame[name].notna().any() and not (frame[name] == "").all()]
    kinds = sorted({kind for kind in frame["kind"] if isinstance(kind, str)})
    return {
        "key": layer.key,
        "title": [layer.spec.title_zh, layer.spec.title_en],
        "group": layer.spec.group,
        "geometry": layer.spec.geometry,
        "on": layer.key not in _OFF_AT_FIRST,
        "count": len(frame),
        "shapes": pack_geometries(frame.geometry.to_numpy(), decimals=_DECIMALS),
        "columns": pack_columns(frame, names) | _pinyin(frame, layer.key) | _also(frame, layer.key, region),
        "symbols": {kind: _symbol(layer.key, kind) for kind in [*kinds, ""]},
    }


def _pinyin(frame: gpd.GeoDataFrame, key: str) -> dict[str, dict[str, Any]]:
    """Return the names' pinyin, whole and by initials, for the search; train runs are not searched."""
    if key == "rail_services":
        return {}
    spelled = frame["name_zh"].map(_spelling)
    return pack_columns(spelled.to_frame("pinyin"), ["pinyin"])


@lru_cache(maxsize=65_536)
def _spelling(name: object) -> str:
    """Return the pinyin of one name; most of the time a page takes would go here, and names recur."""
    return spelling(name) if isinstance(name, str) else ""


def _also(frame: gpd.GeoDataFrame, key: str, region: Region) -> dict[str, dict[str, Any]]:
    """Return what stations, airports and ports are called by those who type, joined by ``;``."""
    if key not in ("stations", "airports", "ports"):
        return {}
    columns = [frame[name] if name in frame.columns else [None] * len(frame) for name in _TYPED]
    called = [listing(_called(key, region, *map(_text, row))) for row in zip(*columns, strict=True)]
    return pack_columns(pd.DataFrame({"also": called}), ["also"]) if any(called) else {}


def _called(
    key: str, region: Region, name_zh: str, name_en: str, city: str, service: str, iata: str, icao: str
) -> list[str]:
    names = [*also_called(key, name_zh, name_en, city)]
    if service == "scheduled":
        # the airport of a city goes by the city's name: 珠海机场
        names += [f"{city}机场", f"{city_words(region, city).en} Airport", iata, icao]
    return [name for name in names if name]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _symbol(layer: str, kind: str) -> list[Any]:
    symbol = symbol_of(layer, kind)
    return [symbol.color, symbol.width, symbol.form, symbol.min_zoom, symbol.alpha]


def _pack_backdrop(layers: Mapping[str, Layer]) -> dict[str, Any]:
    """Return land, water and ordinary roads, and the box within which they are drawn."""
    packed: dict[str, Any] = {}
    for key in BACKDROP:
        if key in layers and len(layers[key].frame):
            name = "roads" if key == "ordinary_roads" else key
            frame = river_courses(layers[key].frame) if key == "water" else layers[key].frame
            packed[name] = pack_geometries(frame.geometry.to_numpy(), decimals=_BACKDROP_DECIMALS)
    if "land" in packed:
        packed["box"] = [round(float(side), 4) for side in layers["land"].frame.total_bounds]
    return packed


def _pack_boundaries(boundaries: gpd.GeoDataFrame | None) -> dict[str, Any]:
    """Return county boundaries as thin lines, thinned to what a screen shows."""
    if boundaries is None or boundaries.empty:
        return {}
    outlines = shapely.simplify(boundaries.geometry.boundary.to_numpy(), _BOUNDARY_THIN_DEGREES)
    return {"bounds": pack_geometries(outlines, decimals=3)}


def _opening(layers: Mapping[str, Layer]) -> tuple[float, float, float, float]:
    """Return what the atlas page opens on: what the region declares, else the settlements of the core cities."""
    declared = region_of(layers).opening if "places" in layers else None
    return declared or opening_view(layers)


def opening_view(layers: Mapping[str, Layer]) -> tuple[float, float, float, float]:
    """Return the box the page opens on: the settlements of the four core cities, else everything drawn."""
    frames = [layer.frame for key, layer in layers.items() if key not in BACKDROP and len(layer.frame)]
    if "places" in layers:
        places = layers["places"].frame
        core = places[places["city"].isin(region_of(layers).core_cities)]
        if len(core) > 1:
            frames = [core]
    if not frames:
        frames = [layer.frame for layer in layers.values() if len(layer.frame)]
    if not frames:
        return region_of(layers).picture_box
    sides = np.array([frame.total_bounds for frame in frames])
    west, south = sides[:, :2].min(axis=0)
    east, north = sides[:, 2:].max(axis=0)
    return (float(west), float(south), float(east), float(north))


def _pack_plan(plan: Register | None, layers: Mapping[str, Layer]) -> dict[str, Any]:
    if plan is None:
        return {"items": {}, "corridors": {}, "axes": []}
    return {"items": pack_items(plan, layers), "corridors": corridors_of(plan), "axes": axes_of(plan)}


def _typed(layers: Sequence[dict[str, Any]], plan: dict[str, Any]) -> list[str]:
    """Return the characters of the names with their traditional forms, which people may type."""
    names = [
        str(name)
        for layer in layers
        for column in ("name_zh", "aliases", "also")
        if column in layer["columns"]
        for name in layer["columns"][column]["v"]
        if name is not None
    ]
    return simple_pairs(
        [*names, *(name for item in plan["items"].values() for name in (*item["n"], *item["a"], *item["v"]))]
    )


def _today(layers: Mapping[str, Layer]) -> int | None:
    """Return the year in which any feature was last looked up, where scenarios know that year."""
    year = int(facts_date(layer.frame for layer in layers.values())[:4] or 0)
    return year if FIRST_YEAR <= year <= LAST_YEAR else None


def _pack_sources(sources: Mapping[str, Source] | None) -> dict[str, list[str]]:
    """Title, publisher and licence as the ledger has them, then the same in Chinese."""
    licences = word_table("licence")
    return {
        key: [
            one.title,
            one.publisher,
            one.licence,
            one.title_zh or one.title,
            one.publisher_zh or one.publisher,
            licences[one.licence].zh if one.licence in licences else one.licence,
        ]
        for key, one in (sources or {}).items()
    }


def common_data(
    layers: Mapping[str, Layer],
    shown: Sequence[str],
    imprint: Imprint,
    boundaries: gpd.GeoDataFrame | None,
) -> dict[str, Any]:
    """Return what every map page is given: words, tokens, backdrop, layers, plan, sources, marginalia."""
    packed, items = [pack_layer(layers[key], region_of(layers)) for key in shown], _pack_plan(imprint.plan, layers)
    return {
        "words": place_words(region_of(layers)),
        "tokens": tokens(),
        "backdrop": _pack_backdrop(layers) | _pack_boundaries(boundaries),
        "waters": [[one.name_zh, one.name_en, one.lon, one.lat, one.from_zoom] for one in region_of(layers).water],
        "layers": packed,
        "plan": items,
        "simple": _typed(packed, items),
        "sources": _pack_sources(imprint.sources),
        "years": [FIRST_YEAR, LAST_YEAR],
        "today": _today(layers),
        "meta": {
            "author": imprint.author,
            "date": imprint.date,
            "approval": imprint.approval,
            "number": imprint.number,
        },
    }


def draw_layers(
    layers: Mapping[str, Layer],
    **given: Unpack[Around],
) -> Page:
    """Draw layers on one page: grouped control with counts, legend, search, years, cards, table, print.

    Parameters
    ----------
    layers
        Layers by key, drawn in the order of ``spec.order``; ``land`` and ``water`` are the backdrop.
    **given
        What stands round the map: the members of :class:`atlas.maps.imprint.Imprint` (``title``, ``lang``, ``plan``,
        ``sources``, ``author``, ``date``, ``approval``, ``number``, ``links``) and of
        :class:`atlas.maps.imprint.Backdrop` (``bounds``, ``basemap``, ``boundaries``).

    Returns
    -------
    Page
        A ``folium.Map``; :meth:`Page.save` writes it.

    Raises
    ------
    MapError
        Unknown language, or bounds that are no box.

    Examples
    --------
    >>> page = atlas.draw_layers({key: catalog.layer(key) for key in ("land", "ports")}, title="Ports", lang="en")
    >>> "Ports" in page.html()
    True
    """
    imprint, backdrop = around(given)
    ordered = sorted(layers.values(), key=lambda layer: (layer.spec.order, layer.key))
    shown = [layer.key for layer in ordered if layer.key not in BACKDROP]
    data = common_data(displayed(layers, backdrop.basemap), shown, imprint, backdrop.boundaries)
    return Page(
        "atlas",
        data,
        imprint,
        title=imprint.titled(region_title(region_of(layers))),
        styles=STYLES,
        bounds=backdrop.bounds or _opening(layers),
        hash=stamp(layers_hash(layers)),
        basemap=backdrop.basemap,
    )
