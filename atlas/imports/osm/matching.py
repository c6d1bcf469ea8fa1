"""Which OpenStreetMap thing a feature of the atlas stands for: by number, name, code and nearness."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from atlas.base.geodesy import Floats, distances_km
from atlas.base.words import simplified
from atlas.imports.osm.layers import OsmLayers

__all__ = ["Candidates", "base_names", "point_match", "road_lines", "track_lines"]

Record = Mapping[str, Any]
_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
#: Chinese, a space and words in Latin letters, or the other way round.
_TWO_TONGUES = re.compile(
    r"([\u3400-\u9fff0-9]+)\s+[A-Za-z][\x00-\u024f]*|[A-Za-z][\x00-\u024f]*\s([\u3400-\u9fff0-9]+)"
)
_ENDINGS = {
    "stations": ("火车站", "高铁站", "站"),
    "interchanges": ("枢纽互通", "枢纽", "互通立交", "互通", "立交桥", "立交", "出入口", "出口", "收费站"),
    "ports": ("客运码头", "码头", "客运港", "港区", "作业区", "港"),
    "airports": ("国际机场", "机场"),
    "places": ("特别行政区", "街道", "市", "区", "县", "镇"),
    "highways": ("高速公路", "高速", "快速路", "快线", "公路", "大道", "路"),
    "railways": ("城际铁路", "高速铁路", "客运专线", "城际", "高铁", "铁路", "线"),
}
#: How far apart two things of one name may stand and be the same, kilometres: an allowance by how common
#: such names are, checked against no survey.
_NAME_KM = {"stations": 5.0, "interchanges": 10.0, "ports": 10.0, "airports": 15.0, "places": 5.0}
#: Points of one name this near one another are one thing (an exit each way).
_ONE_KM = 3.0
_EXPRESS = {"expressway", "expressway_bridge", "urban_expressway"}


def base_names(layer: str, text: str | None) -> frozenset[str]:
    """Return the names in `text` without brackets and the endings usual in the layer; a slash parts names.

    Of a name in two languages, as maps of Hong Kong and Macau write them, the Chinese one counts; characters are
    simplified.

    Examples
    --------
    >>> sorted(base_names("interchanges", "莲洲/斗门北出口(江珠)"))
    ['斗门北', '莲洲']
    >>> sorted(base_names("highways", "青馬大橋 Tsing Ma Bridge"))
    ['青马大桥']
    """
    found = set()
    for part in re.split(r"[/;、]", _BRACKETS.sub("", simplified(text or ""))):
        both = _TWO_TONGUES.fullmatch(part.strip())
        name = re.sub(r"\s+", "", next(filter(None, both.groups())) if both else part)
        for ending in _ENDINGS[layer]:
            if name.endswith(ending) and len(name) > len(ending):
                name = name.removesuffix(ending)
                break
        if name:
            found.add(name.lower())
    return frozenset(found)


def refs_of(text: str | None) -> frozenset[str]:
    """Return the road numbers in `text`."""
    return frozenset(part.strip().upper() for part in re.split(r"[;/,、]", text or "") if part.strip())


@dataclass(frozen=True)
class Candidates:
    """What an extract has to offer, indexed.

    Attributes
    ----------
    points
        By layer and name: (n, 2) places, those of one thing made one.
    codes
        Airports by IATA or ICAO code.
    road_refs, road_names
        Rows of roads by number and by (expressway or not, name).
    track_names
        Rows of tracks by name.
    """

    points: Mapping[tuple[str, str], Floats]
    codes: Mapping[str, Floats]
    roads: tuple[Floats, ...]
    tracks: tuple[Floats, ...]
    road_refs: Mapping[str, list[int]]
    road_names: Mapping[tuple[bool, str], list[int]]
    track_names: Mapping[str, list[int]]

    @classmethod
    def of(cls, osm: OsmLayers) -> Candidates:
        """Index the layers and tracks of an extract."""
        named: dict[tuple[str, str], list[Floats]] = defaultdict(list)
        codes: dict[str, Floats] = {}
        for key in _NAME_KM:
            frame = osm.layers[key].frame if key in osm.layers else None
            for row in frame.to_dict("records") if frame is not None else ():
                at = shapely.get_coordinates(row["geometry"])[0]
                for name in base_names(key, row["name_zh"]) if _offered(key, row) else ():
                    named[key, name].append(at)
                codes |= {row[code]: at for code in ("iata", "icao") if row.get(code)}
        roads, refs, names = [], defaultdict(list), defaultdict(list)
        if "highways" in osm.layers:
            for place, row in enumerate(osm.layers["highways"].frame.to_dict("records")):
                roads.append(shapely.get_coordinates(row["geometry"]))
                for ref in refs_of(row["ref"]):
                    refs[ref].append(place)
                for name in base_names("highways", row["name_zh"]):
                    names[row["kind"] in _EXPRESS, name].append(place)
        tracks: dict[str, list[int]] = defaultdict(list)
        for place, (tags, _) in enumerate(osm.tracks):
            for name in base_names("railways", tags.get("name:zh") or tags.get("name")):
                tracks[name].append(place)
        points = {name: _things(np.array(places)) for name, places in named.items()}
        lines = tuple(xy for _, xy in osm.tracks)
        return cls(points, codes, tuple(roads), lines, refs, names, tracks)

    def line(self, layer: str, place: int) -> Floats:
        """Return a road or a track by its row."""
        return self.roads[place] if layer == "highways" else self.tracks[place]


def _offered(key: str, row: Record) -> bool:
    # Of road nodes only named exits are things of their own.
    return key != "interchanges" or row["kind"] == "exit"


def _things(places: Floats) -> Floats:
    """Make one point of places near one another, so that which is meant does not depend on where one stands."""
    places = places[np.lexsort(places.T)]
    left = list(range(len(places)))
    middles = []
    while left:
        group, queue = [], [left.pop(0)]
        while queue:
            here = queue.pop()
            group.append(here)
            km = distances_km(
                np.full(len(left), places[here, 0]),
                np.full(len(left), places[here, 1]),
                places[left, 0],
                places[left, 1],
            )
            near = [left[i] for i in np.nonzero(km <= _ONE_KM)[0]] if left else []
            queue += near
            left = [one for one in left if one not in near]
        middles.append(places[sorted(group)].mean(axis=0))
    return np.round(np.array(middles), 6)


def point_match(candidates: Candidates, layer: str, row: Record) -> tuple[str, Floats | None]:
    """Return how a point was found (``code``, ``name``) and where it stands; None when it was not."""
    at = shapely.get_coordinates(row["geometry"])[0]
    for code in ("iata", "icao"):
        if row.get(code) in candidates.codes:
            return "code", candidates.codes[row[code]]
    names = sorted(base_names(layer, row["name_zh"]))
    offers = [candidates.points[layer, name] for name in names if (layer, name) in candidates.points]
    if not offers:
        return "", None
    places = np.vstack(offers)
    km = distances_km(np.full(len(places), at[0]), np.full(len(places), at[1]), places[:, 0], places[:, 1])
    nearest = int(np.argmin(km))
    return ("name", places[nearest]) if km[nearest] <= _NAME_KM[layer] else ("", None)


def road_lines(candidates: Candidates, row: Record) -> tuple[str, list[int]]:
    """Return how a road's ways were found (``ref``, ``name``) and their rows."""
    found = sorted({place for ref in refs_of(row["ref"]) for place in candidates.road_refs.get(ref, ())})
    if found:
        return "ref", found
    express = row["kind"] in _EXPRESS
    names = base_names("highways", row["name_zh"])
    return _by_name({name: places for (kind, name), places in candidates.road_names.items() if kind == express}, names)


def track_lines(candidates: Candidates, row: Record) -> tuple[str, list[int]]:
    """Return how a railway's tracks were found (``name``) and their rows."""
    return _by_name(candidates.track_names, base_names("railways", row["name_zh"]))


def _by_name(offered: Mapping[str, list[int]], names: frozenset[str]) -> tuple[str, list[int]]:
    """A name answers to itself; a section's name answers to the whole road's, with which it begins."""
    found = {
        place
        for name in names
        for other, places in offered.items()
        if name == other or (len(other) >= 2 and name.startswith(other))
        for place in places
    }
    return ("name", sorted(found)) if found else ("", [])
