"""Reading an OpenStreetMap extract in two passes, keeping only what the layers need.

The first pass takes tagged things and, of ways, the numbers of their nodes; the second takes the positions
of just those nodes. Positions lie in three flat arrays sorted by node, 16 bytes a node, so that a province
fits in memory. Filtering runs inside libosmium; Python sees only what passes.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from atlas.base.doors import missing_extra
from atlas.base.errors import ImportDataError
from atlas.base.foreign import apart
from atlas.base.geodesy import Floats, Ints
from atlas.base.tables import slots
from atlas.imports.archives import check_file
from atlas.imports.osm.tags import BARRIERS, CLASSES, TRAFFIC, Tags, barrier_of, car_access, city_of

__all__ = ["Element", "Extract", "Positions", "Progress", "Turn", "Ways", "read_extract"]

Progress = Callable[[str], None]
_RAILS = ("rail", "light_rail", "subway", "narrow_gauge", "monorail")
_POINTS = (
    ("railway", "station"), ("railway", "halt"), ("highway", "motorway_junction"),
    ("place", "city"), ("place", "town"), ("place", "borough"), ("place", "suburb"),
    ("aeroway", "aerodrome"), ("aeroway", "heliport"), ("amenity", "ferry_terminal"),
    ("harbour", "yes"), ("industrial", "port"), ("landuse", "harbour"), ("leisure", "marina"),
)  # fmt: skip
#: Roads that no choice of classes takes, and what a road may be besides that is taken.
_OTHER_ROADS = ("service", "track", "road", "busway", "bus_guideway", "raceway", "escape", "emergency_bay")
_BESIDES = ("railway", "route", "boundary", "natural", "waterway", "aeroway", "landuse", "amenity", "leisure")
#: Shores first, then waters that are drawn as areas.
_GROUND = (
    ("natural", "coastline"), ("natural", "water"), ("waterway", "riverbank"), ("waterway", "dock"),
    ("landuse", "reservoir"), ("landuse", "basin"),
)  # fmt: skip
_VILLAGES = (("place", "village"), ("place", "hamlet"))
_KEPT = frozenset({
    "name", "name:zh", "name:zh-Hans", "name:zh-Hant", "name:en", "int_name", "ref", "highway", "construction",
    "proposed", "railway", "route", "oneway", "junction", "maxspeed", "maxspeed:forward", "maxspeed:backward",
    "lanes", "toll", "bridge", "tunnel", "area", "barrier", "locked", "service", "usage", "highspeed",
    "start_date", "opening_date", "railway:traffic_mode", "station", "subway", "light_rail", "place", "population",
    "population:date", "aeroway", "iata", "icao", "aerodrome", "aerodrome:type", "amenity", "harbour", "industrial",
    "landuse", "leisure", "boundary", "admin_level", "ISO3166-1", "ISO3166-1:alpha2", "ISO3166-2", "train",
    "seamark:harbour:category", "cargo", "unlocode", "ref:unlocode", "level", "layer", "wikidata", "type",
    "maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic", "restriction", "restriction:motorcar",
    "restriction:conditional", "except", "natural", "waterway",
    *(f"oneway:{name}" for name in TRAFFIC[:3]),
    *(name + way for name in TRAFFIC for way in ("", ":forward", ":backward", ":conditional")),
})  # fmt: skip


#: Up to this size a file's ways are looked through one by one.
_SMALL_BYTES = 30_000_000
#: libosmium's filter keeps a bit a number in blocks of this many bits; a node takes about so many bytes of a file.
_BLOCK_BITS, _BYTES_A_NODE = 25, 7


@dataclass
class Ways:
    """Ways as flat arrays: the nodes of way `i` are ``refs[start[i]:start[i + 1]]``."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    refs: array[int] = field(default_factory=lambda: array("q"))
    start: array[int] = field(default_factory=lambda: array("q", [0]))
    tags: list[Tags] = field(default_factory=list)

    def add(self, number: int, refs: Iterable[int], tags: Tags) -> None:
        """Append one way."""
        self.ids.append(number)
        self.refs.extend(refs)
        self.start.append(len(self.refs))
        self.tags.append(tags)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[int, Ints, Tags]]:
        """Yield number, nodes and tags of each way."""
        refs = np.frombuffer(self.refs, dtype=np.int64) if len(self.refs) else np.zeros(0, dtype=np.int64)
        for i, tags in enumerate(self.tags):
            yield self.ids[i], refs[self.start[i] : self.start[i + 1]], tags


@dataclass(frozen=True)
class Element:
    """A point of interest: an OpenStreetMap element and its tags; position for nodes, what it is made of else."""

    element: str
    number: int
    tags: Tags
    at: tuple[float, float] | None = None
    members: tuple[int, ...] = ()
    nodes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Turn:
    """A turn restriction on cars: what it says, ways it leads from and to, and the node it is at; 0 for a way."""

    kind: str
    origin: tuple[int, ...]
    via: int
    goal: tuple[int, ...]


@dataclass(frozen=True)
class Positions:
    """Positions of nodes, sorted by number: degrees, six decimals."""

    number: Ints
    lon: Floats
    lat: Floats

    def rows(self, numbers: Ints) -> Ints:
        """Return the row of each node, -1 where its position is not in the file."""
        if not len(self.number):
            return np.full(len(numbers), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.number, numbers), len(self.number) - 1)
        return np.where(self.number[at] == numbers, at, -1)


@dataclass
class Extract:
    """What an extract holds for the atlas.

    Attributes
    ----------
    as_of
        ISO date up to which the data is current; empty when the file does not say.
    roads, rails, ferries
        Lines.
    points
        Stations, places, ports, airports and junctions.
    boundaries
        Relations of prefectures and of Hong Kong and Macau.
    shapes
        Nodes of the ways that areas are made of, by way.
    coast, waters
        Coastlines, and by outer and inner ways the areas of water; read for an atlas of its own only.
    box
        West, south, east, north that the file says it holds.
    countries
        Boundaries of countries.
    positions
        Of every node the lines and areas use.
    barriers
        What stops cars, by node.
    turns
        Turn restrictions.
    shut
        Ways of the classes asked for that are no roads for cars, counted by what says so.
    others
        Ways of other classes of roads, counted by class.
    notes
        What could not be read, one line each.
    """

    as_of: str = ""
    roads: Ways = field(default_factory=Ways)
    rails: Ways = field(default_factory=Ways)
    ferries: Ways = field(default_factory=Ways)
    points: list[Element] = field(default_factory=list)
    boundaries: list[Element] = field(default_factory=list)
    shapes: dict[int, Ints] = field(default_factory=dict)
    positions: Positions = field(
        default_factory=lambda: Positions(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    )
    coast: Ways = field(default_factory=Ways)
    waters: list[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=list)
    box: tuple[float, float, float, float] | None = None
    countries: list[Element] = field(default_factory=list)
    barriers: dict[int, str] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    shut: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def load_osmium() -> Any:
    """Return the module ``osmium``.

    Raises
    ------
    ImportDataError
        It is not installed; the message says which extra to install.
    """
    try:
        import osmium
    except ModuleNotFoundError as reason:
        raise ImportDataError(missing_extra("osmium")) from reason
    return osmium


def read_extract(
    path: str | Path,
    *,
    classes: tuple[str, ...] = CLASSES,
    whole: bool = False,
    progress: Progress = lambda _: None,
) -> Extract:
    """Read what the atlas can use from an ``.osm.pbf`` (or ``.osm``, ``.osm.bz2``) file.

    Parameters
    ----------
    path
        A file on this machine.
    classes
        Road classes to take, without links; see :data:`atlas.imports.osm.tags.CLASSES`.
    whole
        Whether coastlines, waters, villages and the boundaries of cities are read too: what an atlas of its own needs.
    progress
        Told what is being done, one line at a time.

    Raises
    ------
    ImportDataError
        The file is missing, broken, cut off, or no OpenStreetMap file; or osmium is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise ImportDataError(f"{path} is not a file; name an .osm.pbf extract")
    check_file(path)
    load_osmium()
    progress(f"reading {path.name}, {path.stat().st_size / 1e6:.1f} MB")
    # The reader's process may write nothing, to a log least of all: what it found is told when it is through.
    extract = apart(lambda: _read(path, classes, whole), path, ImportDataError)
    progress(f"{len(extract.roads)} road, {len(extract.rails)} rail and {len(extract.ferries)} ferry ways, "
             f"{len(extract.points)} points, {len(extract.positions.number)} positions")  # fmt: skip
    return extract


def _read(path: Path, classes: tuple[str, ...], whole: bool) -> Extract:
    osm = load_osmium()
    extract = Extract()
    try:
        _tagged(osm, path, classes, extract, whole)
        _name_boundaries(extract, whole)
        _members(osm, path, extract)
        extract.positions = _positions(osm, path, extract)
    except (RuntimeError, ValueError, OSError, OverflowError, MemoryError, osm.InvalidLocationError) as reason:
        raise ImportDataError(
            f"{path} cannot be read as an OpenStreetMap file: {reason or type(reason).__name__}; "
            "it may be cut off or broken: download it again"
        ) from reason
    return extract


def _tagged(osm: Any, path: Path, classes: tuple[str, ...], extract: Extract, whole: bool) -> None:
    roads = {name for c in classes for name in (c, f"{c}_link")}
    others = {*_OTHER_ROADS, *(name for c in CLASSES for name in (c, f"{c}_link"))} - roads
    wanted = [("highway", name) for name in sorted(others)]
    wanted += [("highway", name) for name in sorted(roads)]
    wanted += [(key, state) for key in ("highway", "railway") for state in ("construction", "proposed")]
    wanted += [("railway", name) for name in _RAILS] + [("route", "ferry"), ("boundary", "administrative"), *_POINTS]
    wanted += [*_GROUND, *_VILLAGES] if whole else []
    wanted += [("barrier", name) for name in BARRIERS] + [("type", "restriction")]
    reader = osm.FileProcessor(str(path)).with_filter(osm.filter.TagFilter(*wanted))
    frame = reader.header.box()
    if frame.valid() and frame.bottom_left.lon < frame.top_right.lon and frame.bottom_left.lat < frame.top_right.lat:
        extract.box = frame.bottom_left.lon, frame.bottom_left.lat, frame.top_right.lon, frame.top_right.lat
    stamp = reader.header.get("osmosis_replication_timestamp")
    extract.as_of = stamp[:10] if re.match(r"\d{4}-\d{2}-\d{2}", stamp or "") else ""
    interned: dict[tuple[tuple[str, str], ...], Tags] = {}
    latest, garbled, seen = "", 0, set[tuple[str, int]]()
    for thing in reader:
        if thing.deleted or not thing.visible:
            continue
        if thing.is_way() and (road := thing.tags.get("highway")) in others:
            extract.others[road] += 1
            if not any(key in thing.tags for key in _BESIDES):
                continue
        try:
            pairs = tuple((tag.k, tag.v) for tag in thing.tags if tag.k in _KEPT)
        except UnicodeDecodeError:
            garbled += 1
            continue
        tags = interned.setdefault(pairs, dict(pairs))
        element = {"n": "node", "w": "way", "r": "relation"}[thing.type_str()]
        if (element, thing.id) in seen:
            extract.notes.append(f"{element}/{thing.id} stands more than once; the first is taken")
            continue
        if thing.timestamp.year > 1970:
            latest = max(latest, thing.timestamp.date().isoformat())
        if _sort_in(extract, element, thing, tags, roads):
            seen.add((element, thing.id))
    extract.as_of = extract.as_of or latest
    if garbled:
        extract.notes.append(f"elements whose tags are not UTF-8, left out: {garbled}")


def _sort_in(extract: Extract, element: str, thing: Any, tags: Tags, roads: set[str]) -> bool:
    """Put one tagged thing where it belongs; whether it belongs anywhere."""
    if element == "node":
        if stops := barrier_of(tags):
            extract.barriers[thing.id] = stops
        if thing.location.valid() and _is_point(tags):
            at = (round(thing.location.lon, 6), round(thing.location.lat, 6))
            extract.points.append(Element(element, thing.id, tags, at))
            return True
        return False
    if element == "relation":
        return _add_relation(extract, thing, tags)
    lines = _lines_of(extract, tags, roads)
    refs = [node.ref for node in thing.nodes]
    if tags.get("natural") == "coastline":
        extract.coast.add(thing.id, refs, tags)
    if _is_water(tags) and len(refs) > 3 and refs[0] == refs[-1]:
        extract.shapes[thing.id] = np.array(refs, dtype=np.int64)
        extract.waters.append(((thing.id,), ()))
    if lines is not None:
        lines.add(thing.id, refs, tags)
    if _is_point(tags):
        extract.shapes[thing.id] = np.array(refs, dtype=np.int64)
        extract.points.append(Element(element, thing.id, tags, members=(thing.id,)))
    return lines is not None or _is_point(tags)


def _add_relation(extract: Extract, thing: Any, tags: Tags) -> bool:
    if tags.get("type") == "restriction":
        return _add_turn(extract, thing, tags)
    ways = [(member.ref, member.role) for member in thing.members if member.type == "w"]
    members = tuple(way for way, role in ways if role != "inner")
    if _is_water(tags) and members:
        extract.waters.append((members, tuple(way for way, role in ways if role == "inner")))
        return True
    nodes = tuple(member.ref for member in thing.members if member.type == "n")
    one = Element("relation", thing.id, tags, members=members, nodes=nodes)
    if tags.get("boundary") == "administrative":
        extract.boundaries.append(one)
        return True
    if _is_point(tags) and members:
        extract.points.append(one)
        return True
    return False


def _add_turn(extract: Extract, thing: Any, tags: Tags) -> bool:
    """Keep a restriction that binds cars."""
    kind = tags.get("restriction:motorcar") or tags.get("restriction") or ""
    if not kind and "restriction:conditional" in tags:
        kind = "at certain hours"
    spared = {part.strip() for part in slots(tags.get("except", ""))}
    if not kind or kind == "none" or spared & set(TRAFFIC[:3]):
        return False
    by_role = {role: [one for one in thing.members if one.role == role] for role in ("from", "via", "to")}
    ways = {role: tuple(one.ref for one in ones if one.type == "w") for role, ones in by_role.items()}
    nodes = [one.ref for one in by_role["via"] if one.type == "n"]
    if ways["from"] and ways["to"] and (nodes or ways["via"]):
        extract.turns.append(Turn(kind, ways["from"], nodes[0] if nodes else 0, ways["to"]))
    return True


def _is_point(tags: Tags) -> bool:
    return any(tags.get(key) == value for key, value in (*_POINTS, *_VILLAGES))


def _is_water(tags: Tags) -> bool:
    return any(tags.get(key) == value for key, value in _GROUND[1:])


def _name_boundaries(extract: Extract, whole: bool) -> None:
    """Keep of the boundaries those of cities and of places that are named like them; of countries the tags alone."""
    places = {one.tags.get("name") for one in extract.points if whole and "place" in one.tags}
    extract.countries = [one for one in extract.boundaries if one.tags.get("admin_level") == "2"]
    extract.boundaries = [
        one for one in extract.boundaries if one.members and (city_of(one.tags) or one.tags.get("name") in places)
    ]


def _lines_of(extract: Extract, tags: Tags, roads: set[str]) -> Ways | None:
    """Return where a way belongs: roads for cars, tracks but no sidings, ferry routes."""
    road = tags.get("highway", "")
    future = tags.get(road, "") if road in {"construction", "proposed"} else ""
    if road in roads or future in roads:
        passes, told = car_access(tags)
        # What is being built is shut until it opens.
        if tags.get("area") != "yes" and (passes != "no" or road not in roads):
            return extract.roads
        extract.shut["area" if tags.get("area") == "yes" else told] += 1
    rail = tags.get("railway", "")
    future = tags.get(rail, "") if rail in {"construction", "proposed"} else ""
    if (rail in _RAILS or future in _RAILS) and "service" not in tags:
        return extract.rails
    return extract.ferries if tags.get("route") == "ferry" else None


def _members(osm: Any, path: Path, extract: Extract) -> None:
    """Read the nodes of the ways that relations are made of."""
    wanted = {number for one in (*extract.points, *extract.boundaries) for number in one.members}
    wanted |= {number for sides in extract.waters for side in sides for number in side}
    wanted -= set(extract.shapes)
    if not wanted:
        return
    reader = osm.FileProcessor(str(path), osm.osm.WAY)
    if path.stat().st_size > _SMALL_BYTES:
        reader = reader.with_filter(osm.filter.IdFilter(sorted(wanted)))
    for way in reader:
        if way.id in wanted:
            extract.shapes[way.id] = np.array([node.ref for node in way.nodes], dtype=np.int64)


def _positions(osm: Any, path: Path, extract: Extract) -> Positions:
    needed = [
        np.frombuffer(ways.refs, dtype=np.int64)
        for ways in (extract.roads, extract.rails, extract.ferries, extract.coast)
        if len(ways.refs)
    ]
    wanted = np.unique(np.concatenate([*needed, *extract.shapes.values(), np.zeros(0, dtype=np.int64)]))
    wanted = wanted[wanted > 0]
    number, east, north = array("q"), array("i"), array("i")
    # A filter by number takes one of these blocks wherever a number is wanted, so that a town of old and new nodes
    # takes as much as a country; then it takes less to keep every node of the file, 16 bytes each.
    blocks = len(np.unique(wanted >> _BLOCK_BITS)) * (1 << (_BLOCK_BITS - 3))
    if blocks < 16 * path.stat().st_size / _BYTES_A_NODE:
        reader = osm.FileProcessor(str(path), osm.osm.NODE).with_filter(osm.filter.IdFilter(wanted))
        found: Iterable[tuple[int, Any]] = ((node.id, node.location) for node in reader)
    else:
        found = _kept_nodes(osm, path, wanted)
    for node, at in found:
        if at.valid():
            number.append(node)
            east.append(at.x)
            north.append(at.y)
    if not len(number):
        return Positions(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    ids, first = np.unique(np.frombuffer(number, dtype=np.int64), return_index=True)
    # libosmium counts in 1e-7 degree; the layers' files hold six decimals.
    lon = np.round(np.frombuffer(east, dtype=np.int32)[first] / 1e7, 6)
    lat = np.round(np.frombuffer(north, dtype=np.int32)[first] / 1e7, 6)
    return Positions(ids, lon, lat)


def _kept_nodes(osm: Any, path: Path, wanted: Ints) -> Iterator[tuple[int, Any]]:
    """Read all nodes of a file, then yield those wanted."""
    table = osm.index.create_map("sparse_mem_array")
    keeper = osm.NodeLocationsForWays(table)
    keeper.ignore_errors()
    # Ways are passed over: the first of them is what makes the table sort itself.
    with osm.io.Reader(str(path), osm.osm.NODE | osm.osm.WAY) as reader:
        osm.apply(reader, keeper)
    for node in wanted.tolist():
        try:
            yield node, table.get(node)
        except KeyError:
            continue
