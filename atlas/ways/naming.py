"""Which node of a network a text, a place or a point stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atlas.base.errors import UnknownPlaceError
from atlas.data.places import Place, find_place
from atlas.ways.told import Told

__all__ = ["node_or_place", "nodes_by_name"]

#: Nodes of places by feature id, by Chinese and by English name.
_ByName = tuple[Mapping[str, list[int]], ...]


def nodes_by_name(network: Told) -> _ByName:
    """Return the nodes that are places by feature id, by Chinese and by English name."""
    found = []
    for column in ("feature_id", "name_zh", "name_en"):
        values = network.node_column(column)
        by_name: dict[str, list[int]] = {}
        for node in network.place_nodes:
            by_name.setdefault(str(values[node]), []).append(node)
        found.append(by_name)
    return tuple(found)


def node_or_place(network: Told, place: object, named: _ByName) -> str | Place:
    """Return the id of the node that stands for `place`, or, where none does yet, the station or point to be added.

    Parameters
    ----------
    place
        A name, an id, a place, a point or a pair of degrees.
    named
        From :func:`nodes_by_name`.

    Raises
    ------
    UnknownPlaceError
        Nothing in the network answers to it.
    """
    if isinstance(place, Place) and place.level == "stop":
        return place
    if not isinstance(place, str | Place):
        place = _written(place)
    name = place if isinstance(place, str) else place.id
    if name in network.row_of:
        return name
    if name.startswith("gate/") and (row := network.row_of.get(f"stn/{name.removeprefix('gate/')}")) is not None:
        zh, en, city = (str(network.node_column(column)[row]) for column in ("name_zh", "name_en", "city"))
        lon, lat = map(float, network.lonlat[row])
        return Place(f"stn/{name.removeprefix('gate/')}", zh, en, lon, lat, "stop", city, "")
    for by_name in named:
        hits = by_name.get(name, ())
        if len(hits) == 1:
            return str(network.node_column("node_id")[hits[0]])
    if isinstance(place, str):
        return node_or_place(network, find_place(network.place_names, place, network.point_names), named)
    return place


def _written(place: Any) -> str:
    """Return as text what people pass for a place: a point, a pair lon, lat, or an administrative code."""
    # a point of shapely, told by its type: the terminal asks without loading it
    if getattr(place, "geom_type", "") == "Point" and not getattr(place, "is_empty", True):
        return f"{place.x:.7f},{place.y:.7f}"
    if isinstance(place, tuple | list) and len(place) == 2 and all(isinstance(one, int | float) for one in place):
        return f"{place[0]:.7f},{place[1]:.7f}"
    if isinstance(place, int) and not isinstance(place, bool):
        return str(place)
    raise UnknownPlaceError(f"{place!r} is no place; give a name, an id, or lon, lat")
