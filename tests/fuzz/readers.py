"""Every way by which bytes come into the atlas: a sound file, what damages it, and what reads it."""

from __future__ import annotations

import csv
import io
import json
import random
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import click
import numpy as np
from import_files import draw_feed, draw_town, road_frame, small_feed
from mutators import Mutator, damaged_bytes, damaged_csv, damaged_json, damaged_text, damaged_toml, damaged_zip, odd
from small_atlas import small_layers

from atlas.base import foreign
from atlas.base.errors import AtlasError
from atlas.data.catalog import Catalog, open_catalog
from atlas.data.checks import check_layers, read_known_findings
from atlas.data.declaration import read_spec
from atlas.data.layer import layer_text, read_layer, require_usable
from atlas.data.parameters import read_parameters
from atlas.data.places import find_place
from atlas.data.region import read_region, read_territories, sides_at
from atlas.data.register import read_register, read_status
from atlas.data.scenario import load_scenario, scenario_text
from atlas.data.sources import read_sources
from atlas.data.stamp import read_marks
from atlas.evidence.calibration import read_priors
from atlas.plan.promises import read_sections

__all__ = ["READERS", "REFUSALS", "Reader"]

#: What a reader may raise.
REFUSALS = (AtlasError, click.ClickException)
Read = Callable[[Path], object]


@dataclass(frozen=True)
class Reader:
    """A way in.

    Attributes
    ----------
    name
        Of its file; counts are kept by what stands before the first dot.
    seed
        Returns the sound file.
    damage
        What makes an input of it.
    read
        Reads the file; raises one of :data:`REFUSALS`, nothing else.
    apart
        Whether it is read by a child.
    """

    name: str
    seed: Callable[[], bytes]
    damage: Mutator
    read: Read
    apart: bool = False

    @property
    def group(self) -> str:
        """What its counts stand under."""
        return self.name.partition(".")[0].partition(":")[0]

    @property
    def file(self) -> str:
        """Name of the file it reads."""
        return self.name.partition(":")[2]


@cache
def home() -> Catalog:
    return open_catalog()


def shipped(name: str) -> bytes:
    return (home().root / name).read_bytes()


def head(name: str, rows: int = 8) -> bytes:
    """The first rows of a table: damage to a small file is found sooner."""
    text = shipped(name).decode("utf-8-sig")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(list(csv.reader(io.StringIO(text, newline="")))[: rows + 1])
    return out.getvalue().encode()


def few(layer: str, features: int = 3) -> bytes:
    """The smallest features of a layer."""
    raw = json.loads(shipped(f"data/geojson/{layer}.geojson"))
    raw["features"] = sorted(raw["features"], key=lambda one: len(json.dumps(one)))[:features]
    if layer in ("land", "water"):
        ring = [[113, 22], [113.2, 22], [113.2, 22.2], [113, 22.2], [113, 22]]
        raw["features"][0]["geometry"] = {"type": "MultiPolygon", "coordinates": [[ring]]}
    return json.dumps(raw, ensure_ascii=False).encode()


def _layer(key: str) -> Read:
    def read(path: Path) -> object:
        layer = read_layer(path, home().specs[key])
        found = check_layers({key: layer}, register_ids=(), source_keys=())
        require_usable({key: layer})
        layer_text(layer)
        return layer.hash, [str(one) for one in found]

    return read


def _network(key: str) -> Read:
    """A damaged layer among sound ones: checked, made into a network, asked for a reach."""
    from atlas.network.build import build_network
    from atlas.travel.check import check_network
    from atlas.travel.reach import reach_from

    def read(path: Path) -> object:
        layers = dict(_sound_layers(path.parent / "sound"))
        layers[key] = read_layer(path, home().specs[key])
        check_layers(layers, register_ids=(), source_keys=())
        network = build_network(layers)
        reach = reach_from(network, network.nodes["node_id"].iloc[0],
                           load_scenario("2026"), cutoffs_min=(60,))  # fmt: skip
        return len(reach.places()), check_network(network, load_scenario("2026"))

    return read


@cache
def _sound_layers(folder: Path) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    found = {}
    for key, data in small_layers().items():
        (folder / f"{key}.geojson").write_bytes(data)
        found[key] = read_layer(folder / f"{key}.geojson", home().specs[key])
    return found


def _in_plan(read: Callable[[Path], object]) -> Read:
    """Read the folder of the plan with one table of it damaged."""

    def within(path: Path) -> object:
        for name in ("register.csv", "plan_links.csv", "status.csv", "sections.csv"):
            if not (path.parent / name).exists():
                (path.parent / name).write_bytes(shipped(f"data/plan/{name}"))
        return read(path.parent)

    return within


def _pairs(path: Path) -> object:
    from atlas.cli.ask.matrix import _read_pairs

    with path.open("rb") as handle:
        return _read_pairs(handle)


def _targets(path: Path) -> object:
    from atlas.plan.promises import read_targets

    return read_targets(path)


def _scenario(path: Path) -> object:
    found = load_scenario(path)
    again = load_scenario(scenario_text(found))
    assert again.hash == found.hash
    return found


def _sides(path: Path) -> object:
    found = read_territories(path)
    return [one.area.area for one in found], sides_at(found, np.array([[113.5, 22.2]]))


def _verify(path: Path) -> object:
    return read_marks(path)


def _verify_alone(path: Path) -> object:
    """`verify` without its child, for speed; the child is tried by the reader ``marks``."""
    foreign._inside = True
    try:
        return read_marks(path)
    finally:
        foreign._inside = False


@cache
def _exported(ending: str) -> bytes:
    from atlas.exports.write import write

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"ports{ending}")
        write(home().layer("ports"), path)
        return path.read_bytes()


_DRIVERS = {".gpkg": "GPKG", ".kml": "KML", ".fgb": "FlatGeobuf", ".geojson": "GeoJSON", ".gml": "GML"}


@cache
def _drawn(kind: str) -> bytes:  # noqa: C901 (one branch a kind)
    """A foreign file by its ending."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"r{kind}")
        if kind == ".xlsx":
            return _exported(".xlsx")
        if kind in (".osm", ".osm.pbf"):
            town = draw_town(Path(folder, "town.osm.pbf"))
            if kind == ".osm":
                import osmium

                with osmium.SimpleWriter(str(path)) as writer:
                    for thing in osmium.FileProcessor(str(town)):
                        writer.add(thing)
            else:
                path = town
        elif kind == ".zip":
            road_frame().to_file(Path(folder, "r.shp"), encoding="gbk")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
                for part in sorted(Path(folder).glob("r.[sdpc]*")):
                    packed.write(part, part.name)
        elif kind == ".area.geojson":
            import geopandas as gpd
            import shapely

            gpd.GeoDataFrame({"LIMIT": [1.5]}, geometry=[shapely.box(113, 22, 114, 23)], crs=4326).to_file(path)
        elif kind == ".people.geojson":
            road_frame().set_geometry(road_frame().geometry.centroid).to_file(path)
        elif kind == ".feed.zip":
            draw_feed(path, small_feed())
        elif kind == ".tif":
            _raster(path)
        elif kind == ".png.pmtiles":
            from tile_files import archive

            archive(path)
        elif kind == ".mvt.pmtiles":
            import shapely
            from tile_files import vectors

            path = vectors(Path(folder, "v.pmtiles"), "water", [shapely.box(113.1, 22.1, 113.4, 22.4)])
        else:
            road_frame().to_file(path, driver=_DRIVERS[kind])
        return path.read_bytes()


def _raster(path: Path) -> None:
    import numpy as np
    import rasterio
    from rasterio.transform import from_origin

    with rasterio.open(
        path, "w", driver="GTiff", width=20, height=20, count=1, dtype="float32", crs="EPSG:4326", nodata=-1,
        transform=from_origin(113.0, 22.6, 0.01, 0.01), compress="deflate",
    ) as out:  # fmt: skip
        out.write(np.arange(400, dtype="float32").reshape(1, 20, 20))


def _vector(path: Path) -> object:
    from atlas.imports.vector import Origin, read_vector

    name = {"name_zh": "Name" if path.suffix == ".kml" else "ROADNAME"}
    values = {"kind": "arterial", "position_error_m": "5"}
    return read_vector(path, home().specs["highways"], Origin("2026-01-01"), fields=name, values=values)


def _osm(path: Path) -> object:
    from atlas.imports.osm.layers import osm_layers

    return osm_layers(path, home().specs)


def _gtfs(path: Path) -> object:
    from atlas.imports.gtfs.services import gtfs_layers

    return gtfs_layers(path, home().specs, {})


def _people(path: Path) -> object:
    from atlas.imports.people import read_people
    from atlas.imports.vector import Origin

    return read_people(path, Origin("2026-01-01"), year=2020, column="LIMIT", region=home().region)


def _tiles(path: Path) -> object:
    from atlas.maps.tiles import read_tiles

    return read_tiles(path, (113.0, 22.0, 113.5, 22.5))


def _area(path: Path) -> object:
    from atlas.imports.osm.layers import area_of

    return area_of(path)


@cache
def _places() -> Any:
    return home().layer("places")


def _name(path: Path) -> object:
    return find_place(_places(), path.read_text("utf-8", "surrogateescape"))


def damaged_name(data: bytes, chance: random.Random) -> bytes:
    """Return a place name, or what somebody may write for one."""
    names = data.decode().split("\n")
    text = chance.choice(names)
    what = chance.randrange(6)
    if what == 0:
        text = str(odd(chance, deep=False))
    elif what == 1:
        text = f"{odd(chance, deep=False)},{odd(chance, deep=False)}"
    elif what == 2:
        text += chance.choice(names)
    elif what == 3:
        at = chance.randrange(len(text) + 1)
        text = text[:at] + str(odd(chance, deep=False)) + text[at:]
    elif what == 4:
        text = text[: chance.randrange(len(text) + 1)]
    return text.encode("utf-8", "surrogatepass")


#: Options and what stands for a sound value of each; parsed, not run.
OPTIONS = tuple(
    line.split()
    for line in (
        "reach 珠海 --within 60",
        "route 珠海 中山 --mode drive",
        "matrix --from 珠海 --draws 5",
        "isochrone 珠海 --within 60,120",
        "coverage 珠海 --set local_speed_kmh=25",
        "params --format json",
        "reach 珠海 --year 2030",
        "surface 珠海 -o a.tif",
        "build -o site",
        "map layers -o a.html",
        "import osm a.osm.pbf --area 113,22,114,23",
        "import layer a.gpkg --as ports --set kind=x",
        "export ports -o a.csv --crs 4326",
        "scenario new a.toml --name x",
        "verify a.csv",
    )
)


def _word(chance: random.Random) -> str:
    """A word as a shell can hand it over: no null byte, and of half characters those of undecoded bytes alone."""
    text = str(odd(chance, deep=False)).replace("\0", "")
    return text.encode("utf-8", "replace").decode() if chance.random() < 0.8 else "\udcff\udc80"


def damaged_line(data: bytes, chance: random.Random) -> bytes:
    """Return a command line with a word changed, doubled, lost or added."""
    words = list(chance.choice(json.loads(data)))
    for _ in range(chance.choice((1, 1, 2))):
        at, what = chance.randrange(1, len(words) + 1), chance.randrange(4)
        if what < 2 and at < len(words):
            words[at] = _word(chance)
        elif what == 2 and at < len(words):
            del words[at]
        else:
            words.insert(at, _word(chance))
    return json.dumps(words).encode()


def _line(path: Path) -> object:
    """Parse a command line as click does, without running the command."""
    from atlas.cli import cli

    words = json.loads(path.read_bytes())
    command: Any = cli
    context: Any = None
    rest = words
    try:
        while isinstance(command, click.Group):
            context = command.make_context("atlas", list(rest), parent=context)
            rest = [*context._protected_args, *context.args] if hasattr(context, "_protected_args") else context.args
            _, command, rest = command.resolve_command(context, list(rest))
        return command.make_context("atlas", list(rest), parent=context)
    except (click.exceptions.Exit, click.Abort, SystemExit):
        return None


def _csv(file: str, read: Read, seed: Callable[[], bytes]) -> Reader:
    return Reader(f"table:{file}", seed, damaged_csv, read)


def _priors_and_times() -> list[Reader]:
    from atlas.evidence.accuracy import _records

    rails = ("from_station_zh", "to_station_zh", "minutes_fastest", "minutes_typical")
    return [
        _csv("road_priors.csv", read_priors, lambda: shipped("data/facts/road_priors.csv")),
        _csv("rail_times_calibration.csv", lambda path: _records(path, rails),
             lambda: head("data/facts/rail_times_calibration.csv")),
    ]  # fmt: skip


def _readers() -> tuple[Reader, ...]:
    found = [Reader(f"layer:{key}.geojson", lambda key=key: few(key), damaged_json, _layer(key)) for key in LAYERS]  # type: ignore[misc]
    found += [
        Reader(f"network:{key}.geojson", lambda key=key: small_layers()[key], damaged_json, _network(key))  # type: ignore[misc]
        for key in LAYERS
    ]
    found += [
        Reader(f"declaration:{key}.toml", lambda key=key: shipped(f"layers/{key}.toml"), damaged_toml, read_spec)  # type: ignore[misc]
        for key in ("places", "highways")
    ]
    found += [
        Reader("scenario:s.toml", lambda: SCENARIO.encode(), damaged_toml, _scenario),
        Reader("targets:targets.toml", lambda: shipped("data/plan/targets.toml"), damaged_toml, _targets),
        Reader("region:data/region.toml", lambda: shipped("data/region.toml"), damaged_toml,
               lambda path: read_region(path.parent.parent)),
        Reader("sides:data/sides.geojson", lambda: shipped("data/sides.geojson"), damaged_json, _sides),
        _csv("sources.csv", read_sources, lambda: head("data/sources.csv")),
        _csv("parameters.csv", read_parameters, lambda: shipped("data/parameters.csv")),
        _csv("known_findings.csv", read_known_findings, lambda: head("data/facts/known_findings.csv")),
        _csv("status.csv", read_status, lambda: head("data/plan/status.csv")),
        _csv("sections.csv", lambda path: read_sections(path.parent), lambda: head("data/plan/sections.csv")),
        _csv("plan/register.csv", _in_plan(read_register), lambda: shipped("data/plan/register.csv")),
        _csv("plan/plan_links.csv", _in_plan(read_register), lambda: shipped("data/plan/plan_links.csv")),
        _csv("pairs.csv", _pairs, lambda: "from,to\nzhuhai,zhongshan\n江门,阳江\n".encode()),
        *_priors_and_times(),
        Reader("name:name.txt", lambda: "\n".join(_places().frame["name_zh"]).encode(), damaged_name, _name),
        Reader("options:line.json", lambda: json.dumps(OPTIONS).encode(), damaged_line, _line),
        Reader("verify:ports.csv", lambda: _exported(".csv"), damaged_csv, _verify_alone),
        Reader("verify:ports.geojson", lambda: _exported(".geojson"), damaged_json, _verify_alone),
        Reader("verify:ports.gpkg", lambda: _exported(".gpkg"), damaged_bytes, _verify_alone),
        Reader("verify:ports.xlsx", lambda: _exported(".xlsx"), damaged_zip(damaged_text), _verify_alone),
        Reader("verify:ports.kml", lambda: _exported(".kml"), damaged_text, _verify_alone),
    ]  # fmt: skip
    found += [Reader(f"{group}:r{kind}", lambda kind=kind: _drawn(kind), damage, read, True)  # type: ignore[misc]
              for group, kind, damage, read in FOREIGN]  # fmt: skip
    return tuple(found)


LAYERS = (
    "airports", "cross_border_links", "ferries", "highways", "interchanges", "land", "places", "ports",
    "rail_services", "railways", "stations", "water",
)  # fmt: skip
SCENARIO = """base = "2026"
name = "mine"
year = 2030
with = ["a"]
without = []
close = ["b"]
parameters = "central"
period = "typical"
boarding = "planned"
timetable = "ordinary"
[set]
local_speed_kmh = 25
"""
FOREIGN: tuple[tuple[str, str, Mutator, Read], ...] = (
    ("vector", ".geojson", damaged_json, _vector), ("vector", ".gpkg", damaged_bytes, _vector),
    ("vector", ".kml", damaged_text, _vector), ("vector", ".fgb", damaged_bytes, _vector),
    ("vector", ".gml", damaged_text, _vector), ("vector", ".zip", damaged_zip(damaged_bytes), _vector),
    ("osm", ".osm.pbf", damaged_bytes, _osm), ("osm", ".osm", damaged_text, _osm),
    ("gtfs", ".feed.zip", damaged_zip(damaged_csv), _gtfs), ("raster", ".tif", damaged_bytes, _people),
    ("people", ".people.geojson", damaged_json, _people), ("area", ".area.geojson", damaged_json, _area),
    ("tiles", ".png.pmtiles", damaged_bytes, _tiles), ("tiles", ".mvt.pmtiles", damaged_bytes, _tiles),
    ("marks", ".xlsx", damaged_zip(damaged_bytes), _verify),
)  # fmt: skip
warnings.simplefilter("ignore")
READERS = _readers()
