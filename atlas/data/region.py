"""Where an atlas keeps its layers and data, and the region it is of: names, cities, boxes, sides of borders.

Sides of borders are territories, land and water of one side, in ``data/sides.geojson``: features with `side`, names,
`source`, `position_error_m` and a Polygon or MultiPolygon. What lies in none is on the side ``mainland``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.base.doors import Door
from atlas.base.errors import LayerError

if TYPE_CHECKING:
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry

    from atlas.base.geodesy import Bools, Floats, Texts

__all__ = ["ANYWHERE", "Region", "Territory", "abroad", "find_root", "read_region", "read_territories", "sides_at"]

Box = tuple[float, float, float, float]
EARTH: Box = (-180.0, -90.0, 180.0, 90.0)
#: How far beyond its places the box of a region without one reaches, degrees.
_MARGIN = 0.15
_TEXTS = ("name_zh", "name_en", "title_zh", "title_en", "lead_zh", "lead_en", "plan_zh", "plan_en")


#: The side of what lies in no territory.
ELSEWHERE = "mainland"
Ring = tuple[tuple[float, float], ...]
_MOST_CORNERS = 200_000


@dataclass(frozen=True)
class Territory:
    """The land and water of one side of a border.

    Attributes
    ----------
    side
        Such as ``hk``, as ``[sides]`` of ``data/region.toml`` has it.
    source
        Key of ``data/sources.csv``.
    error_m
        How far its line may be off: a link may cut a corner of another side by as much.
    polygons
        Rings of each, the outer one first; lon, lat.
    """

    side: str
    name_zh: str
    name_en: str
    source: str
    error_m: float
    polygons: tuple[tuple[Ring, ...], ...]

    @cached_property
    def area(self) -> BaseGeometry:
        """The territory as one geometry, prepared."""
        import shapely

        whole = shapely.union_all([shapely.make_valid(shapely.Polygon(one[0], one[1:])) for one in self.polygons])
        shapely.prepare(whole)
        return whole


@dataclass(frozen=True)
class Core:
    """A city the atlas is about: its name as the column ``city`` has it, and the place that is its centre."""

    city: str
    seat: str
    name_en: str


@dataclass(frozen=True)
class Water:
    """A name of a sea, bay, mouth or river: where it is written (degrees), and from which zoom of a map."""

    name_zh: str
    name_en: str
    lon: float
    lat: float
    from_zoom: float
    error_m: float


@dataclass(frozen=True)
class Region:
    """What an atlas is of.

    Attributes
    ----------
    name_zh, name_en, title_zh, title_en
        The region, and the title of its atlas; empty: nobody has named it.
    lead_zh, lead_en
        What the start page says it holds.
    plan_zh, plan_en
        The plan it is judged by: what the document is cited as.
    core
        Cities the atlas is about, in the order in which they are shown; the last is furthest.
    cities
        English names of cities by the Chinese ones.
    sides
        Side of a border by city; all others lie on the side ``mainland``.
    territories
        The land and water of the sides; empty: a side is known of features with a city alone.
    bounds
        West, south, east, north, degrees: a feature out of it is a mistake.
    box
        Where land is divided into cells; None: about the places.
    view
        What maps without places open on, and pictures show; None: `box`.
    opening
        What the atlas page opens on; None: the settlements of the core cities.
    water
        Names of seas, bays, mouths and rivers.
    centre
        lon, lat of the planar system; None: the middle of `box`.
    """

    name_zh: str = ""
    name_en: str = ""
    title_zh: str = ""
    title_en: str = ""
    lead_zh: str = ""
    lead_en: str = ""
    plan_zh: str = ""
    plan_en: str = ""
    core: tuple[Core, ...] = ()
    cities: Mapping[str, str] = field(default_factory=dict, hash=False)
    sides: Mapping[str, str] = field(default_factory=dict, hash=False)
    territories: tuple[Territory, ...] = field(default=(), hash=False, repr=False)
    bounds: Box = EARTH
    box: Box | None = None
    view: Box | None = None
    opening: Box | None = None
    water: tuple[Water, ...] = ()
    centre: tuple[float, float] | None = None

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        return f"<Region {self.name_en or 'without a name'}, {len(self.cities)} cities, box {self.box}>"

    def holds(self, lon: float, lat: float) -> bool:
        """Return whether a point lies within :attr:`bounds`."""
        west, south, east, north = self.bounds
        return west <= lon <= east and south <= lat <= north

    def side_of(self, city: str | None) -> str:
        """Return the side of the border a city lies on; ``mainland`` where none is declared.

        >>> Region(sides={"香港": "hk"}).side_of("香港特别行政区")
        'hk'
        """
        return self.sides.get((city or "").removesuffix("特别行政区"), ELSEWHERE)

    def over(self, extent: Box) -> Region:
        """Return the region with its box, where it has none, about `extent`."""
        if self.box is not None:
            return self
        west, south, east, north = extent
        box = (
            max(west - _MARGIN, -180.0), max(south - _MARGIN, -90.0),
            min(east + _MARGIN, 180.0), min(north + _MARGIN, 90.0),
        )  # fmt: skip
        return replace(self, box=box)

    @property
    def land_box(self) -> Box:
        """Where land is divided into cells; the bounds where nothing is known."""
        return self.box or self.bounds

    @property
    def extent(self) -> Box:
        """Where people of the region may live: the bounds where they are declared, else the box."""
        return self.bounds if self.bounds != EARTH else self.land_box

    @property
    def picture_box(self) -> Box:
        """What pictures show."""
        return self.view or self.land_box

    @cached_property
    def metric(self) -> CRS:
        """The planar system: azimuthal equal-area about the centre, metres, x east and y north."""
        from atlas.base.geodesy import plane

        west, south, east, north = self.land_box
        return plane(*(self.centre or ((west + east) / 2, (south + north) / 2)))

    @property
    def core_cities(self) -> tuple[str, ...]:
        """Names of the core cities as layers have them."""
        return tuple(one.city for one in self.core)


#: The region of layers that belong to no atlas.
ANYWHERE = Region()


def _box(door: Door, raw: dict[str, Any], name: str) -> Box | None:
    if name not in raw:
        return None
    values = door.numbers(raw, name, 4)
    west, south, east, north = values
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        door.refuse(f"{name} = {list(values)} is no box; give west, south, east, north in degrees")
    return west, south, east, north


def _core(door: Door, raw: Any, cities: Mapping[str, str]) -> Core:
    city = door.entry(raw, "city", str)
    return Core(city, door.entry(raw, "seat", str), cities.get(city, city))


def _water(door: Door, raw: Any) -> Water:
    lon, lat = door.numbers(raw, "at", 2)
    zoom, error_m = (float(door.entry(raw, name, (int, float))) for name in ("from_zoom", "error_m"))
    return Water(door.entry(raw, "name_zh", str), door.entry(raw, "name_en", str), lon, lat, zoom, error_m)


@cache
def _read(path: Path, stamp: tuple[int, int]) -> Region:
    door = Door(path, LayerError, ", the region,", largest_mb=1)
    raw = door.toml()
    known = {*_TEXTS, "bounds", "box", "view", "opening", "water", "centre", "core", "cities", "sides"}
    if unknown := sorted(set(raw) - known):
        door.refuse(f"there is no entry {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    centre = door.numbers(raw, "centre", 2) if "centre" in raw else None
    tables = {name: door.entry(raw, name, dict, {}) for name in ("cities", "sides")}
    for table in tables.values():
        for key in table:
            door.entry(table, key, str)
    return Region(
        **{name: door.entry(raw, name, str, "") for name in _TEXTS},
        core=tuple(_core(door, one, tables["cities"]) for one in door.entry(raw, "core", list, [])),
        cities=tables["cities"],
        sides=tables["sides"],
        bounds=_box(door, raw, "bounds") or EARTH,
        box=_box(door, raw, "box"),
        view=_box(door, raw, "view"),
        opening=_box(door, raw, "opening"),
        water=tuple(_water(door, one) for one in door.entry(raw, "water", list, [])),
        centre=None if centre is None else (centre[0], centre[1]),
    )


def sides_at(territories: Sequence[Territory], lonlat: Floats) -> Texts:
    """(n,) the side each point (lon, lat) lies on.

    >>> square = ((113.0, 22.0), (113.1, 22.0), (113.1, 22.1), (113.0, 22.1), (113.0, 22.0))
    >>> one = Territory("mo", "澳门", "Macau", "osm_sides", 100.0, ((square,),))
    >>> import numpy as np
    >>> sides_at([one], np.array([[113.05, 22.05], [113.2, 22.05]])).tolist()
    ['mo', 'mainland']
    """
    import numpy as np
    import shapely

    found = np.full(len(lonlat), ELSEWHERE, dtype=object)
    for one in territories:
        found[shapely.contains_xy(one.area, lonlat[:, 0], lonlat[:, 1])] = one.side
    return found


def abroad(
    territories: Sequence[Territory], lines: Texts, lengths_km: Floats,
    sides: Texts,
) -> Bools:  # fmt: skip
    """(n,) whether each line runs on another side than its own, further than the border may be off.

    Parameters
    ----------
    lines
        Straight or not, EPSG:4326; a missing one is nowhere.
    lengths_km
        Their kilometres.
    sides
        The side each belongs to.
    """
    import numpy as np
    import shapely

    found = np.zeros(len(lines), dtype=bool)
    known = {one.side for one in territories}
    for one in territories:
        own, others = sides == one.side, (sides != one.side) & ~found
        out = np.nonzero(own & ~shapely.covers(one.area, lines) & ~shapely.is_missing(lines))[0]
        inside = np.nonzero(others & shapely.intersects(one.area, lines))[0]
        for rows, cut in ((out, shapely.difference), (inside, shapely.intersection)):
            whole = np.maximum(shapely.length(lines[rows]), 1e-12)
            km = shapely.length(cut(lines[rows], one.area)) / whole * lengths_km[rows]
            found[rows[km > one.error_m / 1000.0]] = True
    # A side without land of its own is one of which nothing is known.
    return found & np.isin(sides.astype(str), sorted(known | {ELSEWHERE}))


def read_territories(path: Path) -> tuple[Territory, ...]:
    """Return the territories of a file; none when there is no file.

    Raises
    ------
    LayerError
        The file is no GeoJSON of polygons with the properties named above, or has a coordinate that is not on Earth.
    """
    if not path.exists():
        return ()
    door = Door(path, LayerError, ", the sides of borders,", largest_mb=8)
    raw = door.json()
    features = door.entry(raw, "features", list)
    found = tuple(_territory(door, one) for one in features)
    if sum(len(ring) for one in found for polygon in one.polygons for ring in polygon) > _MOST_CORNERS:
        door.refuse(f"it has more than {_MOST_CORNERS:,} corners; simplify it")
    return found


def _territory(door: Door, feature: Any) -> Territory:
    told = door.entry(feature, "properties", dict)
    shape = door.entry(feature, "geometry", dict)
    kind = door.entry(shape, "type", str)
    if kind not in ("Polygon", "MultiPolygon"):
        door.refuse(f"a side is a {kind[:40]}; it must be a Polygon or MultiPolygon")
    nested = door.entry(shape, "coordinates", list)
    polygons = tuple(
        tuple(_ring(door, ring) for ring in _list(door, polygon))
        for polygon in ([nested] if kind == "Polygon" else nested)
    )
    if not polygons or not all(polygons):
        door.refuse("a side has no ring; give it its land")
    error_m = float(door.entry(told, "position_error_m", (int, float)))
    if not 0 <= error_m <= 100_000:
        door.refuse(f"position_error_m is {error_m:g}; give metres from 0 to 100,000")
    side, name_zh, name_en, source = (door.entry(told, name, str) for name in ("side", "name_zh", "name_en", "source"))
    return Territory(side, name_zh, name_en, source, error_m, polygons)


def _list(door: Door, value: Any) -> list[Any]:
    if not isinstance(value, list):
        door.refuse(f"{str(value)[:40]!r} stands where rings or corners belong")
    return value


def _ring(door: Door, raw: Any) -> Ring:
    ring = tuple(_corners(door, _list(door, raw)))
    if len(ring) < 4 or ring[0] != ring[-1]:
        door.refuse("a ring has less than four corners or is not closed; end it where it begins")
    return ring


def _corners(door: Door, raw: list[Any]) -> Iterator[tuple[float, float]]:
    for corner in raw:
        if not (isinstance(corner, list) and len(corner) >= 2 and all(type(x) in (int, float) for x in corner[:2])):
            door.refuse(f"{str(corner)[:60]!r} is no corner; give lon, lat")
        lon, lat = float(corner[0]), float(corner[1])
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            door.refuse(f"the corner {lon:g}, {lat:g} is not on Earth; give lon, lat in degrees")
        yield lon, lat


@cache
def _territories(path: Path, stamp: tuple[int, int]) -> tuple[Territory, ...]:
    return read_territories(path)


def read_region(root: str | Path) -> Region:
    """Return the region of the atlas in the folder `root`; one without a name where it declares none.

    Raises
    ------
    LayerError
        ``data/region.toml`` cannot be read, or an entry is of another type, unknown, or no box; or
        ``data/sides.geojson`` cannot (see :func:`atlas.data.region.read_territories`).
    """
    root = Path(root)
    path, land = root / "data" / "region.toml", root / "data" / "sides.geojson"
    if not path.exists():
        named = Region(name_zh=root.resolve().name, name_en=root.resolve().name)
    else:
        told = path.stat()
        named = _read(path, (told.st_mtime_ns, told.st_size))
    if not land.exists():
        return named
    told = land.stat()
    return replace(named, territories=_territories(land, (told.st_mtime_ns, told.st_size)))


def find_root(root: str | Path | None = None) -> Path:
    """Return the folder that holds ``layers/`` and ``data/``.

    Parameters
    ----------
    root
        A folder of the user's own with the same shape. None: the checkout this package stands in,
        else what was installed with the package.

    Raises
    ------
    LayerError
        The folder given has no ``layers/`` or no ``data/``.
    """
    if root is not None:
        given = Path(root)
        if not ((given / "layers").is_dir() and (given / "data").is_dir()):
            raise LayerError(f"{given} is no atlas: it needs the folders layers/ and data/")
        return given
    package = Path(__file__).resolve().parent.parent
    for candidate in (package.parent, package / "shipped"):
        if (candidate / "layers").is_dir() and (candidate / "data").is_dir():
            return candidate
    raise LayerError("neither a checkout nor an installed copy of layers/ and data/ was found; install again")
