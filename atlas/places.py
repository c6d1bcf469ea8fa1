"""Finding a place by name, alias, pinyin, code or ``lon,lat``."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from atlas import geodesy
from atlas.errors import UnknownPlaceError
from atlas.layer import Layer

__all__ = ["Place", "all_places", "find_place", "nearest_names"]

_COORDINATES = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*[,，;\s]\s*([-+]?\d+(?:\.\d+)?)\s*")
_RANK = {"prefecture": 0, "sar": 0, "district": 1, "county": 1, "county_city": 1, "zone": 2, "town": 2}
_OFFERED = 5
_ALIKE = 0.45
# Traditional forms of the characters that occur in the names of the region.
_SIMPLE = str.maketrans(
    "門陽廣東灣區縣鎮開龍會鶴臺島雙橫欄蓮鳳頭環紅豐長馬崗樂園羅雲慶興禮連澤場雞織蜆岡聖擔桿萬橋勝蒼塢壩車鄉銀陳麗與濱",
    "门阳广东湾区县镇开龙会鹤台岛双横栏莲凤头环红丰长马岗乐园罗云庆兴礼连泽场鸡织蚬冈圣担杆万桥胜苍坞坝车乡银陈丽与滨",
)


@dataclass(frozen=True)
class Place:
    """A place one can start from or go to.

    Attributes
    ----------
    id
        Id in the layer `places`; ``at-<lon>-<lat>`` for a bare coordinate.
    lon, lat
        Degrees, WGS 84.
    level
        As in the layer; ``point`` for a bare coordinate.
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


@dataclass(frozen=True)
class _Entry:
    place: Place
    codes: frozenset[str]
    exact: frozenset[str]
    loose: frozenset[str]
    qualified: frozenset[str]
    full_name: str
    shown_zh: str
    shown_en: str


def all_places(places: Layer) -> tuple[Place, ...]:
    """Return every place of the layer, in its order."""
    return tuple(entry.place for entry in _entries(places))


def find_place(places: Layer, text: str) -> Place:
    """Return the one place that `text` names.

    Parameters
    ----------
    places
        The layer `places`.
    text
        A Chinese (simplified or traditional), English or pinyin name, with or without what says city,
        county or town; an alias; a name with its city or county before it (``蓬江区白沙街道``); an id; an
        administrative code; or ``lon,lat`` in degrees, which gives an ad-hoc place.

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
    coordinate = _COORDINATES.fullmatch(text)
    if coordinate:
        return _point(float(coordinate[1]), float(coordinate[2]))
    key = _plain(text)
    entries = _entries(places)
    coded = [entry.place for entry in entries if text.strip().casefold() in entry.codes]
    if coded:
        return coded[0]
    for names in ("exact", "loose", "qualified"):
        found = [entry for entry in entries if key in getattr(entry, names)]
        if found:
            return _single(text, found)
    near = nearest_names(places, text)
    hint = f"; the nearest names are {', '.join(near)}" if near else ""
    raise UnknownPlaceError(f"no place answers to {text!r}{hint}", near)


def nearest_names(places: Layer, text: str) -> tuple[str, ...]:
    """Return up to five names like `text`, nearest first; all can be looked up."""
    key = _plain(text)
    latin = key.isascii()
    scored: list[tuple[float, int, str]] = []
    for entry in _entries(places):
        names = entry.exact | entry.loose
        alike = max(
            (difflib.SequenceMatcher(None, key, name).ratio() for name in names if name.isascii() == latin),
            default=0.0,
        )
        if key and alike >= _ALIKE:
            shown = entry.shown_en if latin else entry.shown_zh
            scored.append((-round(alike, 3), _RANK.get(entry.place.level, 3), shown))
    return tuple(dict.fromkeys(name for *_, name in sorted(scored)))[:_OFFERED]


def _single(text: str, found: list[_Entry]) -> Place:
    best = min(_RANK.get(entry.place.level, 3) for entry in found)
    first = [entry for entry in found if _RANK.get(entry.place.level, 3) == best]
    if len(first) == 1:
        return first[0].place
    names = tuple(entry.full_name for entry in first)
    raise UnknownPlaceError(f"{text!r} may be any of {', '.join(names)}; write one of these", names)


def _point(lon: float, lat: float) -> Place:
    if geodesy.in_region(lon, lat):
        name = f"{lon:.5f},{lat:.5f}"
        return Place(f"at-{lon:.5f}-{lat:.5f}", name, name, lon, lat, "point", "", "")
    if geodesy.in_region(lat, lon):
        swapped = f"{lat:g},{lon:g}"
        raise UnknownPlaceError(f"{lon:g},{lat:g} has latitude first; write {swapped}", (swapped,))
    west, south, east, north = geodesy.REGION
    raise UnknownPlaceError(
        f"{lon:g},{lat:g} lies out of the region (longitude {west:g} to {east:g}, latitude {south:g} to {north:g}); "
        "write lon,lat in degrees"
    )


def _plain(text: str) -> str:
    """Return `text` without case, tone marks, spaces, hyphens and apostrophes, in simplified characters."""
    bare = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    letters = (sign for sign in bare if not unicodedata.combining(sign) and sign not in " -'’·_.")
    return "".join(letters).translate(_SIMPLE)


def _entries(places: Layer) -> tuple[_Entry, ...]:
    """Return the lookup entries of a layer; computed once a layer."""
    return _compiled(_Key(places))


class _Key:
    """A layer as a cache key: the same object is the same layer."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def __hash__(self) -> int:
        return id(self.layer)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.layer is self.layer


@lru_cache(maxsize=8)
def _compiled(key: _Key) -> tuple[_Entry, ...]:
    frame = key.layer.frame
    names = dict(zip(frame["adcode"], frame["name_zh"], strict=True))
    told = [name for column in ("name_zh", "name_en") for name in frame[column] if isinstance(name, str)]
    counts = Counter(map(_plain, told))
    return tuple(_entry(row, names, counts) for row in frame.itertuples())


def _split(text: str | None) -> list[str]:
    return [part for part in (text or "").split(";") if part]


def _entry(row: object, names: dict[str, str], counts: Counter[str]) -> _Entry:
    def of(name: str) -> str:
        value = getattr(row, name)
        return value if isinstance(value, str) else ""

    point = row.geometry  # type: ignore[attr-defined]
    place = Place(of("id"), of("name_zh"), of("name_en"), point.x, point.y, of("level"), of("city"), of("adcode"))
    aliases = _split(of("aliases"))
    own = [place.name_zh, place.name_en, *aliases]
    parent = names.get(of("parent"), place.city)
    heads = {place.city, f"{place.city}市", parent, parent[:-1]} - {""}
    full_name = f"{parent}{place.name_zh}" if place.level in {"town", "zone"} else place.name_zh
    brief = aliases[0] if aliases and place.level not in {"town", "zone"} else place.name_zh
    return _Entry(
        place=place,
        codes=frozenset({place.id.casefold(), place.adcode.casefold()}),
        exact=_plains([place.name_zh, place.name_en]),
        loose=_plains(aliases),
        qualified=_plains(f"{head}{name}" for head in heads for name in own),
        full_name=full_name,
        shown_zh=brief if counts[_plain(place.name_zh)] == 1 else full_name,
        shown_en=place.name_en if counts[_plain(place.name_en)] == 1 else full_name,
    )


def _plains(names: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(_plain, names)))
