"""Finding a place, station, airport, port or junction by name, alias, pinyin, code or ``lon,lat``."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.base.doors import Door, sign_fault, whole_signs
from atlas.base.errors import LayerError, UnknownPlaceError
from atlas.base.tables import listed
from atlas.base.words import (
    BRACKETS,
    CENTRE_ENDINGS,
    CENTRES,
    ENDINGS,
    TOWN_ENDINGS,
    also_called,
    ended_so,
    said,
    simplified,
)
from atlas.data.region import Region, read_region

if TYPE_CHECKING:
    import geopandas as gpd

    from atlas.data.layer import Layer

__all__ = [
    "GATE", "PLACE_COLUMNS", "POINT_COLUMNS", "Names", "Place", "all_places", "also_called", "find_place",
    "names_beginning", "names_in", "names_of_layer", "nearest_names",
]  # fmt: skip

PLACE_COLUMNS = ("id", "name_zh", "name_en", "level", "city", "adcode", "parent", "aliases")
POINT_COLUMNS = ("node_id", "kind", "service", "layer", "feature_id", "name_zh", "name_en", "city")

#: Speed class of the step between the gate of a station that was asked for by name and its door.
GATE = "gate"
_COORDINATES = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*[,，;\s]\s*([-+]?\d+(?:\.\d+)?)\s*")
#: Which of several of one name is meant; points of the network come behind all places.
_RANK = {
    "prefecture": 0, "sar": 0, "district": 1, "county": 1, "county_city": 1, "zone": 2, "town": 2, "village": 2,
    "stop": 3, "airport": 4, "port": 5, "junction": 6,
}  # fmt: skip
_LAST = len(_RANK)
#: A name that a shell takes as it is.
_TYPED = r"[\w.·-]+"
_OFFERED = 5
_ALIKE = 0.45
#: How like a longer name is that begins with more than so many signs typed.
_BEGUN, _BEGINS = 2, 0.95


_BARE = {ord(sign): None for sign in " -'·_."}


@dataclass(frozen=True)
class Place:
    """A place one can start from or go to.

    Attributes
    ----------
    id
        Id in the layer `places`; the node's id for a station, airport, port or junction;
        ``at-<lon>-<lat>`` for a bare coordinate.
    lon, lat
        Degrees, WGS 84.
    level
        As in the layer; the node's kind for a point of the network; ``point`` for a bare coordinate.
    city, adcode
        Empty for a bare coordinate.
    """

    id: str
    name_zh: str
    name_en: str
    lon: float
    lat: float
    level: str
    city: str
    adcode: str


@dataclass(frozen=True, eq=False)
class Names:
    """What is needed to look a name up, without a frame.

    Attributes
    ----------
    columns
        Columns by name, with ``lon`` and ``lat``.
    region
        Gives the region the places are of.
    """

    columns: Mapping[str, Sequence[Any]]
    region: Callable[[], Region]


@dataclass(eq=False)
class _Entry:
    """A place and the names it answers to; the plain form of a name is made when it is first compared."""

    place: Place
    codes: frozenset[str]
    names: tuple[str, ...]
    short: tuple[str, ...]
    long: tuple[str, ...]
    full_name: str
    shown_zh: str
    shown_en: str
    centre: bool = False

    @cached_property
    def exact(self) -> frozenset[str]:
        return _plains(self.names)

    @cached_property
    def loose(self) -> frozenset[str]:
        return _plains(self.short)

    @cached_property
    def qualified(self) -> frozenset[str]:
        return _plains(self.long)


def all_places(places: Layer) -> tuple[Place, ...]:
    """Return every place of the layer, in its order."""
    return tuple(entry.place for entry in _entries(places))


def find_place(places: Layer | Names, text: str, points: gpd.GeoDataFrame | Names | None = None) -> Place:
    """Return the one place, or point of the network, that `text` names.

    Parameters
    ----------
    places
        The layer `places`, or its columns.
    text
        A Chinese (simplified or traditional), English or pinyin name, with or without what says city,
        county or town; an alias; a name with its city or county before it (``蓬江区白沙街道``); an id; an
        administrative code; or ``lon,lat`` in degrees, which gives an ad-hoc place.
    points
        ``Network.nodes``, or its columns. When given, stations, airports, ports and junctions answer too, where no
        place does: ``广州南``, ``珠海站`` (``珠海`` is the city), ``Zhuhai Airport``, ``ZUH``, ``古鹤出口``.
        A junction in the middle of a town comes before the station of its name: ``番禺``, ``番禺站``.

    Returns
    -------
    Place
        A full name counts before a short one, a city before a county, a county before a town: ``珠海`` is
        the prefecture's seat, ``香洲`` the district.

    Raises
    ------
    UnknownPlaceError
        Nothing answers to the name (``candidates`` holds the nearest names), more than one place does
        (``candidates`` names them all), or a coordinate has latitude first or lies out of the region.
    """
    text = _characters(text)
    coordinate = _COORDINATES.fullmatch(text)
    if coordinate:
        return _point(float(coordinate[1]), float(coordinate[2]), _as_names(places).region())
    key = _plain(text)
    entries = _entries(places)
    code = text.strip().casefold()
    coded = [entry.place for entry in entries if code in entry.codes]
    if not coded and points is not None and code in _point_codes(_Key(points), whole="/" in code):
        coded = [entry.place for entry in _points(_Key(points)) if code in entry.codes]
    if coded:
        return coded[0]
    # the points of a network are many: their names are made when no place answers
    for some in _by_rank(entries, points):
        for names in ("exact", "loose", "qualified"):
            found = [entry for entry in some if key in getattr(entry, names)]
            if found:
                return _single(text, found)
    named_points = () if points is None else _points(_Key(points))
    spelled = [entry for entry in (*entries, *named_points) if key.isascii() and key in _spellings(entry)]
    if spelled:
        return _single(text, spelled)
    near = nearest_names(places, text, points)
    hint = f"; the nearest names are {', '.join(near)}" if near else ""
    what = "place" if points is None else "place, station, airport, port or junction"
    raise UnknownPlaceError(f"no {what} answers to {text!r}{hint}", near)


def _characters(text: str) -> str:
    """Return a name as characters; see :func:`atlas.base.doors.whole_signs`."""
    text = whole_signs(text)
    if fault := sign_fault(text):
        raise UnknownPlaceError(f"the name {text[:40]!a} holds {fault}; write it in UTF-8 or GBK")
    return text


def _by_rank(entries: Sequence[_Entry], points: gpd.GeoDataFrame | Names | None) -> Iterator[Sequence[_Entry]]:
    yield entries
    if points is not None:
        known = _points(_Key(points))
        yield [entry for entry in known if entry.centre]
        for kind in ENDINGS:
            yield [entry for entry in known if entry.place.level == kind and not entry.centre]


def nearest_names(places: Layer | Names, text: str, points: gpd.GeoDataFrame | Names | None = None) -> tuple[str, ...]:
    """Return up to five names like `text`, nearest first; all can be looked up."""
    import difflib

    # No name is longer; comparing thousands of signs takes minutes.
    key = _plain(text)[:100]
    latin = key.isascii()
    scored: list[tuple[float, int, str]] = []
    for entry in (*_entries(places), *(() if points is None else _points(_Key(points)))):
        names = entry.exact | entry.loose
        alike = max(
            (difflib.SequenceMatcher(None, key, name).ratio() for name in names if name.isascii() == latin),
            default=0.0,
        )
        if len(key) > _BEGUN and any(name.startswith(key) for name in names):
            alike = max(alike, _BEGINS)
        if key and alike >= _ALIKE:
            shown = entry.shown_en if latin else entry.shown_zh
            scored.append((-round(alike, 3), _RANK.get(entry.place.level, _LAST), shown))
    return tuple(dict.fromkeys(name for *_, name in sorted(scored)))[:_OFFERED]


def _single(text: str, found: list[_Entry]) -> Place:
    best = min(_RANK.get(entry.place.level, _LAST) for entry in found)
    first = [entry for entry in found if _RANK.get(entry.place.level, _LAST) == best]
    if len(first) == 1:
        return first[0].place
    often = Counter(entry.full_name for entry in first)
    # Two of one name in one city are told apart by their ids alone.
    names = tuple(entry.full_name if often[entry.full_name] == 1 else entry.place.id for entry in first)
    told = (
        name if often[entry.full_name] == 1
        else f"{name} ({entry.full_name}, {entry.place.lon:.4f},{entry.place.lat:.4f})"
        for name, entry in zip(names, first, strict=True)
    )  # fmt: skip
    how = "write one of these" if max(often.values()) == 1 else "write one of these, without what stands in brackets"
    raise UnknownPlaceError(f"{text!r} may be any of {', '.join(told)}; {how}", names)


def _point(lon: float, lat: float, region: Region) -> Place:
    if region.holds(lon, lat):
        name = f"{lon:.5f},{lat:.5f}"
        return Place(f"at-{lon:.5f}-{lat:.5f}", name, name, lon, lat, "point", "", "")
    if region.holds(lat, lon):
        swapped = f"{lat:g},{lon:g}"
        raise UnknownPlaceError(f"{lon:g},{lat:g} has latitude first; write {swapped}", (swapped,))
    west, south, east, north = region.bounds
    raise UnknownPlaceError(
        f"{lon:g},{lat:g} lies out of the region (longitude {west:g} to {east:g}, latitude {south:g} to {north:g}); "
        "write lon,lat in degrees"
    )


@lru_cache(maxsize=16384)
def _plain(text: str) -> str:
    """Return `text` without case, tone marks, spaces, hyphens and apostrophes, in simplified characters."""
    if text.isascii():
        return text.casefold().translate(_BARE)
    bare = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    if bare.isalpha():  # neither marks nor signs, as most Chinese names
        return simplified(bare)
    letters = (sign for sign in bare if not unicodedata.combining(sign) and sign not in " -'’·_.")
    return simplified("".join(letters))


def _entries(places: Layer | Names) -> tuple[_Entry, ...]:
    """Return the lookup entries of a layer; computed once a layer."""
    return _compiled(_Key(places))


class _Key:
    """A layer or frame as a cache key: the same object is the same key."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def __hash__(self) -> int:
        return id(self.source)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.source is self.source


def names_of_layer(places: Layer) -> Names:
    """Return what names of the layer `places` are looked up in."""
    return Names(_columns_of(places.frame, PLACE_COLUMNS), lambda: places.spec.region)


def names_in(root: Path) -> Names:
    """Return the names of the places of the atlas in the folder `root`, straight from its file.

    What is no place of one point there is left out.

    Raises
    ------
    LayerError
        There is no such file, or it is no GeoJSON.
    """
    door = Door(root / "data" / "geojson" / "places.geojson", LayerError, largest_mb=128)
    columns: dict[str, list[Any]] = {name: [] for name in (*PLACE_COLUMNS, "lon", "lat")}
    for feature in door.entry(door.json(), "features", list):
        told, shape = (door.entry(feature, name, dict, {}) for name in ("properties", "geometry"))
        at = shape.get("coordinates")
        if isinstance(at, list) and len(at) >= 2 and all(isinstance(degrees, int | float) for degrees in at[:2]):
            for name, value in zip(columns, (*map(told.get, PLACE_COLUMNS), *at), strict=False):
                columns[name].append(value)
    return Names(columns, lambda: read_region(root))


def names_beginning(places: Layer | Names, text: str, *, english: bool = False) -> list[tuple[str, Place]]:
    """Return what can be typed for each place one of whose names begins with `text`, and the place.

    Parameters
    ----------
    text
        The beginning, as it was typed; what :func:`find_place` does not look at (case, blanks, hyphens) may differ.
    english
        Whether the English name comes first where both begin so.

    Returns
    -------
    list of (str, Place)
        In the order of the layer. What was typed stands as it was, blanks and apostrophes are left out, and names with
        signs that mean something to a shell with them.
    """
    key = _plain(text)
    found = []
    for entry in _entries(places):
        names = (entry.shown_zh, entry.full_name)
        for name in (entry.shown_en, *names) if english else (*names, entry.shown_en):
            typed = re.sub(r"[\s'’]", "", name)
            if re.fullmatch(_TYPED, typed) and _plain(typed).startswith(key):
                same = typed[: len(text)].casefold() == text.casefold()
                found.append((text + typed[len(text) :] if same else typed, entry.place))
                break
    return found


def _as_names(places: Layer | Names) -> Names:
    return places if isinstance(places, Names) else names_of_layer(places)


def _columns_of(frame: gpd.GeoDataFrame, columns: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    at = {"lon": frame.geometry.x.tolist(), "lat": frame.geometry.y.tolist()}
    return {name: frame[name].tolist() for name in columns} | at


def _rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


@lru_cache(maxsize=8)
def _compiled(key: _Key) -> tuple[_Entry, ...]:
    columns = _as_names(key.source).columns
    named = zip(columns["adcode"], columns["name_zh"], strict=True)
    names = {code: name for code, name in named if isinstance(name, str)}
    told = [name for column in ("name_zh", "name_en") for name in columns[column] if isinstance(name, str)]
    counts = Counter(map(_plain, told))
    return tuple(_entry(row, names, counts) for row in _rows(columns))


def _entry(row: Mapping[str, Any], names: dict[str, str], counts: Counter[str]) -> _Entry:
    def of(name: str) -> str:
        value = row[name]
        return value if isinstance(value, str) else ""

    at = row["lon"], row["lat"]
    place = Place(of("id"), of("name_zh"), of("name_en"), *at, of("level"), of("city"), of("adcode"))
    aliases = list(listed(of("aliases")))
    own = [place.name_zh, place.name_en, *aliases]
    parent = names.get(of("parent"), place.city)
    heads = {place.city, f"{place.city}市", parent, parent[:-1]} - {""}
    full_name = f"{parent}{place.name_zh}" if place.level in {"town", "zone"} else place.name_zh
    brief = aliases[0] if aliases and place.level not in {"town", "zone"} else place.name_zh
    return _Entry(
        place=place,
        codes=frozenset({place.id.casefold(), place.adcode.casefold()}),
        names=(place.name_zh, place.name_en),
        short=tuple(aliases),
        long=tuple(f"{head}{name}" for head in heads for name in own),
        full_name=full_name,
        shown_zh=brief if counts[_plain(place.name_zh)] == 1 else full_name,
        shown_en=place.name_en if counts[_plain(place.name_en)] == 1 else full_name,
    )


@lru_cache(maxsize=4096)
def _spellings(entry: _Entry) -> frozenset[str]:
    """Return the pinyin of the Chinese names of an entry: people type ``guangzhounan`` at a terminal."""
    from pypinyin import lazy_pinyin

    names = {entry.place.name_zh, entry.shown_zh, *entry.loose, *entry.qualified}
    return _plains("".join(lazy_pinyin(name)) for name in names if not name.isascii())


def _point_columns(source: Any) -> Mapping[str, Sequence[Any]]:
    return source.columns if isinstance(source, Names) else _columns_of(source, POINT_COLUMNS)


@lru_cache(maxsize=8)
def _point_codes(key: _Key, *, whole: bool) -> frozenset[str]:
    """Return what the points of a network answer to by code: node ids, features, codes of airports.

    Without `whole` only codes that hold no stroke are sure to be among them: features have one, and most nodes.
    """
    names = _point_columns(key.source)
    rows = zip(*(names[name] for name in ("node_id", "kind", "layer", "feature_id")), strict=True)
    found = []
    for node, kind, layer, feature in rows:
        if kind in ENDINGS:
            if whole or "/" not in node:
                found += [node, f"{layer}/{feature}"]
            if kind == "airport":
                found.append(feature)
    return frozenset(map(str.casefold, found))


@lru_cache(maxsize=8)
def _points(key: _Key) -> tuple[_Entry, ...]:
    """Return the lookup entries of the stations, airports, ports and junctions among a network's nodes."""
    columns = _point_columns(key.source)
    known = set(columns["node_id"])

    def counts_for_itself(row: Mapping[str, Any]) -> bool:
        # of a junction with both levels the ordinary one is meant; one of tolled roads alone has no other
        name = row["node_id"]
        doubled = name.endswith("/toll") and name.removesuffix("/toll") in known
        return row["kind"] in ENDINGS and not doubled

    named = [row for row in _rows(columns) if counts_for_itself(row)]
    counts = Counter(row["name_zh"] for row in named)
    return tuple(_point_entry(row, counts) for row in named)


def _point_entry(row: Mapping[str, Any], counts: Counter[str]) -> _Entry:
    at = row["lon"], row["lat"]
    place = Place(row["node_id"], row["name_zh"], row["name_en"], *at, row["kind"], row["city"], "")
    stems, ended = said(place.level, place.name_zh, place.name_en, place.city)
    middle = row["kind"] == "junction" and row["service"] in CENTRES
    town = row["kind"] == "junction" and row["service"] == "town"
    # a town is no exit: 南沙出口 is the one of the bridge, not 南沙
    if middle:
        # 顺德(大良) is in 大良; of 横琴(十字门/口岸) neither is a town
        towns = {
            town for name in (place.name_zh, place.name_en) for town in re.findall(BRACKETS, name) if "/" not in town
        }
        ended = ended_so(stems, CENTRE_ENDINGS) | ended_so(towns, TOWN_ENDINGS)
        stems |= towns
    elif town:
        ended = ended_so(stems, TOWN_ENDINGS)
    codes = [place.id, f"{row['layer']}/{row['feature_id']}"]
    codes += [row["feature_id"]] if place.level == "airport" else []
    full = [f"{place.name_zh}站", f"{place.name_en} Station"] if place.level == "stop" else []
    shown = full[0] if full else place.name_zh if counts[place.name_zh] == 1 else place.id
    return _Entry(
        place=place,
        codes=frozenset(map(str.casefold, codes)),
        names=(place.name_zh, place.name_en, *full),
        short=tuple(stems),
        long=tuple(ended | {f"{place.city}{name}" for name in stems | ended if place.city}),
        full_name=shown,
        shown_zh=shown,
        shown_en=place.name_en or shown,
        centre=middle or town,
    )


def _plains(names: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(_plain, names)))
