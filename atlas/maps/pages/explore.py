"""The explorer: the whole model in one page that answers any question of time without a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import numpy as np

from atlas.base.errors import MapError
from atlas.base.tables import listed
from atlas.base.words import Words, word_table
from atlas.data.layer import Layer
from atlas.data.parameters import ParameterTable
from atlas.data.scenario import LINK_CLASSES
from atlas.data.stamp import stamp
from atlas.land.ground import Ground, coarser
from atlas.maps.basemaps import displayed
from atlas.maps.courses import courses_of
from atlas.maps.engine import pack_engine, pack_parameters, pack_texts
from atlas.maps.imprint import Around, around
from atlas.maps.packing import pack_geometries
from atlas.maps.page import Page
from atlas.maps.pages.layers import STYLES, common_data, opening_view
from atlas.maps.pages.reach import line_groups
from atlas.maps.pages.report_method import basis_words
from atlas.network.build import Network
from atlas.plan.promises import Targets
from atlas.travel.reach import locate

__all__ = ["PAGE_CELLS", "draw_explorer"]

#: Land cells that a page holds at most: some two megabytes of links, and an answer in a tenth of a second.
PAGE_CELLS = 400_000

#: Layers that can be asked from and to, and how their nodes are called.
_POINTS = {"places": "place/", "stations": "stn/", "ports": "port/", "airports": "airport/", "interchanges": "road/"}
#: Parameters whose sliders are shown first, beside the borders.
_MAIN = (
    "local_speed_kmh", "road_factor_typical_expressway", "road_factor_typical_ordinary", "rail_wait_share",
    "rail_access_max_min", "rail_new_trains_per_day", "rail_station_entry_min", "rail_station_exit_min",
    "rail_transfer_min",
)  # fmt: skip


def explore_data(
    network: Network,
    layers: Mapping[str, Layer],
    table: ParameterTable,
    *,
    ground: Ground | None = None,
    targets: Targets | None = None,
    origin: str | None = None,
    year: int = 2026,
) -> dict[str, Any]:
    """Return what the explorer's scripts are given: the packed model, and how its parts are called.

    Parameters
    ----------
    network
        From :func:`atlas.build_network`.
    layers
        By key; those of places, stations, ports, airports and interchanges that are there can be searched.
    table
        The parameters.
    ground
        From :func:`atlas.ground`; None: no areas and no people. More than :data:`PAGE_CELLS` cells become coarser.
    targets
        The plan's targets; None: none are shown.
    origin
        What the page opens on; None: the first place of the layer ``places``.
    year
        The year it opens on.

    Raises
    ------
    MapError
        The network is too large for the page, or holds no place.
    UnknownPlaceError
        Nothing answers to the origin.
    """
    if ground is not None:
        ground = coarser(network, ground, PAGE_CELLS)
    group_of, shapes, forward = line_groups(network)
    keys = [key for key in _POINTS if key in layers]
    nodes = [[_node_of(network, key, str(name)) for name in layers[key].frame["id"]] for key in keys]
    if not any(node >= 0 for node in nodes[0]):
        raise MapError("the network holds no place, so there is nothing to explore")
    opening = str(layers["places"].frame["id"].iloc[0])
    if origin is not None:
        _, node_id = locate(network, origin)
        opening = node_id.removeprefix("place/").replace("gate/", "stn/")
    try:
        engine = pack_engine(network, ground, group_of)
    except ValueError as reason:
        raise MapError(f"the network or its grid is too large for a page: {reason}") from reason
    return {
        "engine": engine,
        "shapes": pack_geometries(courses_of(layers).drawn(shapes)),
        "forward": base64.b64encode(forward.astype(np.uint8).tobytes()).decode("ascii"),
        "nodes": nodes,
        "prefix": {key: _POINTS[key] for key in keys},
        "names": pack_texts(_feature_names(network)),
        "nodeNames": pack_texts(_node_names(network)),
        "sides": pack_texts([[one.side, one.polygons] for one in network.region.territories]),
        "parameters": _packed_parameters(table),
        "main": [name for name in _MAIN if name in table],
        "linkClasses": [list(one) for one in LINK_CLASSES.items()],
        "targets": _packed_targets(network, targets),
        "bandMin": targets.band_min if targets is not None else 0.0,
        "opening": [opening, year],
    }


def _node_of(network: Network, key: str, name: str) -> int:
    """Return the row of a feature's node; of a junction of tolled roads alone that of its tolled level."""
    full = f"{_POINTS[key]}{name}"
    return network.row_of.get(full, network.row_of.get(f"{full}/toll", -1))


def _feature_names(network: Network) -> dict[str, list[str]]:
    """Chinese and English name of everything an edge belongs to, by ``layer/feature``, and of lines that trains use."""
    features, layers, _, lines = network.arrays.links
    pairs = {(str(layer), str(feature)) for layer, feature in zip(layers, features, strict=True)}
    pairs |= {("railways", line) for text in lines for line in listed(str(text))}
    return {f"{layer}/{feature}": list(network.names_of(layer, feature)) for layer, feature in sorted(pairs)}


def _node_names(network: Network) -> dict[int, list[str]]:
    rows = zip(network.nodes["name_zh"], network.nodes["name_en"], strict=True)
    return {i: [str(zh), str(en)] for i, (zh, en) in enumerate(rows) if zh or en}


def _packed_parameters(table: ParameterTable) -> list[list[Any]]:
    """Return rows as the engine packs them; unit, source and name in both languages; below 0 where more is better."""
    units = word_table("unit")
    return [
        [
            *values,
            list(units.get(unit, Words(unit, unit))),
            list(basis_words(source)),
            list(_parameter_words(values[0])),
            table[values[0]].sense,
        ]
        for *values, unit, source in pack_parameters(table)
    ]


def _parameter_words(name: str) -> tuple[str, ...]:
    try:
        told = word_table("parameter")
    except KeyError:
        return name, name
    return told.get(name, (name, name))


def _packed_targets(network: Network, targets: Targets | None) -> list[dict[str, Any]]:
    packed = []
    for target in targets or ():
        trips = [
            [start, [end for end in ends if f"place/{end}" in network.row_of]]
            for start, ends in target.default.trips()
            if f"place/{start}" in network.row_of
        ]
        title = [target.title_zh, target.title_en]
        packed.append({"id": target.id, "title": title, "limit": target.limit_min, "trips": [t for t in trips if t[1]]})
    return packed


def draw_explorer(
    network: Network,
    layers: Mapping[str, Layer],
    table: ParameterTable,
    *,
    ground: Ground | None = None,
    targets: Targets | None = None,
    origin: str | None = None,
    year: int = 2026,
    **given: Unpack[Around],
) -> Page:
    """Draw the explorer: one page that holds the whole model and answers in the browser.

    Parameters
    ----------
    network, layers, table, ground, targets, origin, year
        As for :func:`explore_data`.
    **given
        What stands round the map, as for :func:`atlas.maps.pages.layers.draw_layers`.

    Raises
    ------
    MapError, UnknownPlaceError
        See :func:`explore_data`; or the basemap is shifted, on which a click would ask for another point.
    """
    imprint, backdrop = around(given)
    if backdrop.basemap is not None and backdrop.basemap.shifted:
        raise MapError("the explorer is not drawn on a shifted basemap: a click would ask for another point")
    shown: Sequence[str] = [key for key in _POINTS if key in layers]
    data = common_data(displayed(layers, backdrop.basemap), shown, imprint, backdrop.boundaries)
    data["words"]["ui"] |= {key: list(pair) for key, pair in word_table("explore").items()}
    data["explore"] = explore_data(network, layers, table, ground=ground, targets=targets, origin=origin, year=year)
    words = word_table("explore")["ex_title"]
    return Page(
        "explore",
        data,
        imprint,
        title=imprint.titled((words[0], words[1])),
        styles=(*STYLES, "explore.css"),
        bounds=backdrop.bounds or opening_view(layers),
        hash=stamp(network.hash),
        basemap=backdrop.basemap,
    )
