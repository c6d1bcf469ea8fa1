"""Writing anything in any format: one function, and the set of downloads beside the maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Unpack

import pandas as pd

from atlas.base.doors import is_database
from atlas.base.errors import ExportError, only_known
from atlas.base.files import replacing_all, scratch
from atlas.base.values import ENDINGS, form_of
from atlas.data.catalog import Catalog
from atlas.data.scenario import Scenario
from atlas.data.sources import Source
from atlas.data.stamp import stamp
from atlas.exports.families import graph
from atlas.exports.families.arcgis import write_lyrx
from atlas.exports.families.geopackage import write_gpkg
from atlas.exports.families.gtfs import ASSUMPTION, gtfs_files
from atlas.exports.families.office import write_dxf, write_xlsx
from atlas.exports.families.postgis import write_postgis
from atlas.exports.families.qgis import write_qgz
from atlas.exports.families.rasters import RASTERS, write_surface
from atlas.exports.families.text import write_csv, write_geojson, write_geojsonseq, write_kml
from atlas.exports.families.vector import write_gdb, write_one, write_parquet, write_pmtiles, write_zipped
from atlas.exports.tables.archive import pack
from atlas.exports.tables.bundle import Bundle, Origins, gather
from atlas.exports.tables.crs import Outside, Projection, fit, reprojected, target_of
from atlas.exports.tables.metadata import datapackage_text
from atlas.exports.unpacked import unpack
from atlas.land.surface import Surface
from atlas.network.build import Network

__all__ = ["FORMATS", "format_of", "write", "write_downloads", "write_network"]

ENCODINGS = ("utf-8", "gbk")


class How(NamedTuple):
    """What a writer may be told beside what it writes: the encoding asked for, the name of the GeoPackage beside."""

    encoding: str
    package: str


#: Writes tables in a system to a draft; answers what had to be cut.
Writer = Callable[[Bundle, Projection, Path, How], tuple[str, ...]]


def _whole(write: Callable[[Bundle, Projection, Path], None]) -> Writer:
    """Return the writer of a format that cuts nothing and needs to be told nothing."""

    def written(bundle: Bundle, target: Projection, draft: Path, _: How) -> tuple[str, ...]:
        write(bundle, target, draft)
        return ()

    return written


def _drawn(write: Callable[[Bundle, Projection, Path, str], None]) -> Writer:
    """Return the writer of a format that draws the tables of the GeoPackage beside it."""

    def written(bundle: Bundle, target: Projection, draft: Path, how: How) -> tuple[str, ...]:
        write(bundle, target, draft, how.package)
        return ()

    return written


def _zipped(key: str) -> Writer:
    def written(bundle: Bundle, target: Projection, draft: Path, how: How) -> tuple[str, ...]:
        return write_zipped(bundle, target, draft, key, how.encoding)

    return written


def _write_fgb(bundle: Bundle, target: Projection, draft: Path) -> None:
    write_one(bundle, target, draft, "FlatGeobuf", ".fgb")


def _write_feed(bundle: Bundle, target: Projection, draft: Path) -> None:
    told = bundle.with_frames({}, ASSUMPTION)
    feed = gtfs_files(told)
    pack(draft, feed)
    package = datapackage_text(told, target, draft, "gtfs").encode("utf-8")
    pack(draft, feed | {"datapackage.json": package})


@dataclass(frozen=True)
class Format:
    """A format: its key, a key of :data:`atlas.base.values.ENDINGS`, its writer, and what it can hold.

    Attributes
    ----------
    many
        Whether a file holds several tables; else each becomes a file of its own, ``<name>-<table>``.
    plain
        Whether tables without geometry can be written.
    degrees
        Whether the format is longitude and latitude only.
    wgs84
        Whether its coordinates always mean WGS 84: shifted ones are refused.
    archive
        Whether it is an archive, which holds the data package.
    loose
        Whether the archive's files may lie loose in a folder.
    drawn
        Whether it draws the tables of a GeoPackage beside it.
    encoded
        Whether its texts may be in another encoding than UTF-8.
    needs
        Tables that it is made of; empty: any.
    """

    key: str
    title: str
    writer: Writer
    many: bool = True
    plain: bool = False
    degrees: bool = False
    wgs84: bool = False
    archive: bool = False
    loose: bool = False
    drawn: bool = False
    encoded: bool = False
    needs: frozenset[str] = frozenset()

    @property
    def endings(self) -> tuple[str, ...]:
        """Endings of its files."""
        return ENDINGS[self.key]


_OF_TRAINS = frozenset({"rail_services", "stations"})
FORMATS: dict[str, Format] = {
    one.key: one
    for one in (
        Format("gpkg", "GeoPackage", _whole(write_gpkg), plain=True),
        Format("shp", "Shapefile, zipped or in a folder", _zipped("shp"), archive=True, loose=True, encoded=True),
        Format(
            "gdb", "Esri file geodatabase, zipped or a folder", _whole(write_gdb), plain=True, archive=True, loose=True
        ),
        Format("fgb", "FlatGeobuf", _whole(_write_fgb), many=False),
        Format("parquet", "GeoParquet", _whole(write_parquet), many=False, plain=True),
        Format("geojson", "GeoJSON", _whole(write_geojson), many=False, degrees=True),
        Format("geojsonseq", "GeoJSON sequence", _whole(write_geojsonseq), many=False, degrees=True, wgs84=True),
        Format("kml", "KML, KMZ", _whole(write_kml), degrees=True, wgs84=True),
        Format("csv", "CSV", _whole(write_csv), many=False, plain=True),
        Format("xlsx", "Excel", _whole(write_xlsx), plain=True),
        Format("tab", "MapInfo TAB, zipped or in a folder", _zipped("tab"), archive=True, loose=True, encoded=True),
        Format("dxf", "DXF", _whole(write_dxf)),
        Format("gtfs", "GTFS", _whole(_write_feed), degrees=True, wgs84=True, archive=True, needs=_OF_TRAINS),
        Format("pmtiles", "PMTiles", _whole(write_pmtiles), degrees=True, wgs84=True),
        Format("qgz", "QGIS project with its GeoPackage", _drawn(write_qgz), wgs84=True, drawn=True),
        Format("lyrx", "ArcGIS Pro layer file with its GeoPackage", _drawn(write_lyrx), wgs84=True, drawn=True),
    )
}
_RASTERS = tuple(end for key in RASTERS for end in ENDINGS[key])
#: What holds a network: its tables in any format but that of timetables, and what knows graphs.
_NETWORKS = (*graph.FORMATS, *(key for key, one in FORMATS.items() if key not in graph.FORMATS and not one.needs))


def format_of(path: Path, key: str | None = None) -> Format:
    """Return the format of a key, else of the file's ending.

    Raises
    ------
    ExportError
        There is none, or the ending is that of another.
    """
    if key is not None and key not in FORMATS:
        raise ExportError(f"no format {key!r}; choose {', '.join(FORMATS)}")
    return FORMATS[form_of(path, key, FORMATS)]


def write(
    thing: object,
    path: str | Path,
    *,
    crs: int | str = 4326,
    form: str | None = None,
    encoding: str = "utf-8",
    overwrite: bool = False,
    outside: Outside = "refuse",
    web_mercator: bool = False,
    **origins: Unpack[Origins],
) -> tuple[Path, ...]:
    """Write `thing` in the format of the ending, with a data package inside or beside.

    Parameters
    ----------
    thing
        A layer, layers by key, a catalogue, a network, a reach, a surface, a scenario, a frame or a bundle.
    path
        The file; its ending names the format unless `form` does; a surface is also written as .tif, .npz and .npy.
        A folder that is there takes files named after `thing`; `form` says which. ``postgresql://…?schema=name`` is a
        database with PostGIS.
        Several tables in a format of one table a file become ``<name>-<table>``; belts ``<name>-<code>``; shifted
        coordinates ``<name>.GCJ-02``.
    crs
        Code or name (see :func:`atlas.exports.tables.crs.target_of`); x is east in every file.
    form
        A key of :data:`FORMATS`.
    encoding
        ``utf-8`` or ``gbk``: of texts in Shapefile and MapInfo.
    overwrite
        Whether existing files may be replaced.
    outside
        What happens to features outside the area of use of `crs` (see :func:`atlas.exports.tables.crs.fit`).
    web_mercator
        Whether EPSG:3857 is allowed.
    **origins
        ``name``, ``sources``, ``mark`` and ``scenarios``: see :func:`atlas.exports.tables.bundle.gather`.

    Returns
    -------
    tuple of Path
        The files written; of a database the tables, as ``schema.table``.

    Raises
    ------
    ExportError
        The format cannot hold it, the system does not fit, a file exists, or an extra is missing.

    Examples
    --------
    >>> import tempfile, atlas
    >>> folder = tempfile.mkdtemp()
    >>> [path.name for path in atlas.write(catalog.layer("ports"), f"{folder}/ports.csv")]
    ['ports.csv', 'ports.csv.datapackage.json']
    """
    only_known(origins, Origins)
    if isinstance(path, str) and is_database(path):
        bundle = gather(thing, **origins)
        return write_database(
            bundle, path, target_of(crs, allow_web_mercator=web_mercator), outside=outside, overwrite=overwrite
        )
    path = Path(path)
    if path.is_dir() and form in FORMATS and not path.name.lower().endswith(FORMATS[form].endings):
        named = origins.get("name") or gather(thing, **origins).name
        path = path / f"{named}{FORMATS[form].endings[-1]}"
    if isinstance(thing, Surface) and form in (None, *RASTERS) and (form or path.name.lower().endswith(_RASTERS)):
        return (write_surface(thing, path, form=form, overwrite=overwrite),)
    chosen = format_of(path, form)
    if encoding.lower() not in ENCODINGS:
        raise ExportError(f"encoding {encoding!r} is none of {', '.join(ENCODINGS)}")
    if encoding.lower() != ENCODINGS[0] and not chosen.encoded:
        raise ExportError(
            f"{path.name}: {chosen.title} is always UTF-8; --encoding is of Shapefile and MapInfo, leave it out"
        )
    target = target_of(crs, allow_web_mercator=web_mercator)
    bundle = gather(thing, **origins)
    _check(bundle, chosen, target, path)
    frames = {table.name: table.shapes for table in bundle.spatial}
    jobs: list[tuple[Path, Bundle, Projection]] = []
    pieces = fit(frames, target, outside)
    for piece, parts in pieces:
        moved = {key: reprojected(frame, piece) for key, frame in parts.items()}
        notes = [f"{outside} at the area of use of {piece.label}"] if len(pieces) > 1 or outside == "clip" else []
        cut = bundle.with_frames(moved, *notes)
        place = _named(path, chosen, f"-{piece.key}") if len(pieces) > 1 else path
        if piece.shifted and piece.label.lower() not in place.name.lower():
            place = _named(place, chosen, f".{piece.label}")
        if chosen.many or len(cut.tables) == 1:
            jobs.append((place, cut, piece))
        else:
            jobs += [(_named(place, chosen, f"-{one.name}"), replace(cut, tables=(one,)), piece) for one in cut.tables]
    jobs = [(place, cut, piece) for place, cut, piece in jobs if cut.spatial or chosen.plain]
    _refuse_existing([place for place, _, _ in jobs], chosen, overwrite)
    return tuple(file for job in jobs for file in _write_one(chosen, *job, encoding.lower(), overwrite))


def write_database(
    bundle: Bundle, address: str, target: Projection, *, outside: Outside = "refuse", overwrite: bool = False
) -> tuple[Path, ...]:
    """Write a bundle into PostGIS in one system (see :func:`atlas.exports.families.postgis.write_postgis`).

    Raises
    ------
    ExportError
        Features outside the system's area of use, a split into belts, or what the database refuses.
    """
    pieces = fit({table.name: table.shapes for table in bundle.spatial}, target, outside)
    if len(pieces) > 1:
        raise ExportError("a database takes one system at a time; clip (--outside clip), or use 4490")
    ((piece, parts),) = pieces
    moved = {key: reprojected(frame, piece) for key, frame in parts.items()}
    notes = [f"{outside} at the area of use of {piece.label}"] if outside == "clip" else []
    written = write_postgis(bundle.with_frames(moved, *notes), piece, address, overwrite=overwrite)
    return tuple(map(Path, written))


def _check(bundle: Bundle, chosen: Format, target: Projection, path: Path) -> None:
    if not chosen.needs <= {table.name for table in bundle.tables}:
        raise ExportError(f"{path.name}: {chosen.title} is made of the rail services; export rail_services or atlas")
    if chosen.degrees and target.key != "4326" and not target.shifted:
        raise ExportError(
            f"{path.name}: {chosen.title} holds WGS 84 only, not {target.label}; leave --crs out, or write a GeoPackage"
        )
    if target.shifted and chosen.wgs84:
        raise ExportError(
            f"{path.name}: {chosen.title} always means WGS 84, so it is not written in {target.label}; choose a "
            "GeoPackage, a Shapefile or CSV, which claim no system"
        )
    if not bundle.spatial and not chosen.plain:
        raise ExportError(
            f"{path.name}: {bundle.name} has no geometry, which {chosen.title} needs; write .csv, .xlsx or .gpkg"
        )


def _named(path: Path, chosen: Format, more: str) -> Path:
    """Put `more` before the ending, of which some have two parts."""
    end = next((end for end in chosen.endings if path.name.lower().endswith(end)), path.suffix)
    return path.with_name(path.name[: len(path.name) - len(end)] + more + path.name[len(path.name) - len(end) :])


def _companion(place: Path, chosen: Format) -> Path | None:
    """What stands beside a file: its data package, unless the archive holds it."""
    return None if chosen.archive else place.with_name(place.name + ".datapackage.json")


def _refuse_existing(places: Sequence[Path], chosen: Format, overwrite: bool) -> None:
    """Refuse before the first file is written, so that nothing is half done."""
    if overwrite:
        return
    wanted = [*places, *(one for place in places if (one := _companion(place, chosen)))]
    if chosen.drawn:
        wanted += [place.with_suffix(".gpkg") for place in places]
    there = [str(place) for place in wanted if place.exists()]
    if there:
        raise ExportError(f"{', '.join(there)} exists; pass --overwrite (overwrite=True) or choose another name")


def _write_one(
    chosen: Format, place: Path, bundle: Bundle, target: Projection, encoding: str, overwrite: bool
) -> tuple[Path, ...]:
    how = How(encoding, place.with_suffix(".gpkg").name)
    if chosen.loose and not place.name.lower().endswith(".zip"):
        with scratch(place.parent) as folder:
            archive = folder / f"atlas{place.suffix.lower()}.zip"
            chosen.writer(bundle, target, archive, how)
            return unpack(archive, place, overwrite=overwrite)
    beside = _companion(place, chosen)
    package = place.with_suffix(".gpkg") if chosen.drawn else None
    written = tuple(one for one in (place, package, beside) if one is not None)
    with replacing_all(written, overwrite=overwrite) as drafts:
        if package is not None:
            write_gpkg(bundle, target, drafts[1])
        cut = chosen.writer(bundle, target, drafts[0], how)
        if beside is not None:
            text = datapackage_text(bundle.with_frames({}, *cut), target, place, chosen.key, content=drafts[0])
            drafts[-1].write_text(text, "utf-8")
    return written


def write_network(
    network: Network,
    path: str | Path,
    scenario: Scenario,
    *,
    mode: str = "multimodal",
    form: str | None = None,
    overwrite: bool = False,
    sources: Mapping[str, Source] | None = None,
) -> tuple[Path, ...]:
    """Write the part of `network` that is open and usable, with minutes.

    Parameters
    ----------
    network
        What to write.
    path
        .graphml, .json and .csv as :func:`atlas.exports.families.graph.write_graph` has them; any other ending of
        :data:`FORMATS` holds the tables ``nodes``, ``edges`` and ``joins``, EPSG:4326.
    scenario, mode
        What is open, and the minutes: the column ``travel_time_min`` is the time for a traveller who has not yet ridden
        a train. Edges that cannot be used are left out, so that no edge lacks a weight.
    form
        ``graphml``, ``json``, or a key of :data:`FORMATS`; None: by the ending.
    overwrite, sources
        As for :func:`write`.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    ExportError
        An ending that no format has, a file that exists, or a disk that refuses.
    """
    chosen = None
    if not (isinstance(path, str) and is_database(path)):
        path = Path(path)
        if path.is_dir() and form in _NETWORKS and not path.name.lower().endswith(ENDINGS[form]):
            path = path / f"network{ENDINGS[form][-1]}"
        chosen = form_of(path, form, _NETWORKS)
    mark = stamp(network.hash, [scenario])
    open_part = graph.usable(network, scenario, mode)
    if isinstance(path, Path) and chosen in graph.FORMATS:
        return graph.write_graph(open_part, path, mark, form=chosen, overwrite=overwrite)
    return write(open_part, path, form=chosen, overwrite=overwrite, mark=mark, scenarios=[scenario], sources=sources)


def write_downloads(
    folder: str | Path,
    catalog: Catalog,
    matrix: pd.DataFrame,
    scenarios: Sequence[Scenario],
    *,
    mark: str,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write the files that a site offers: all layers as a GeoPackage, travel times as XLSX and CSV, GTFS.

    Parameters
    ----------
    folder
        Where they go; made when missing.
    catalog
        All layers and sources.
    matrix
        Travel times (``od_matrix``) and `scenarios` that made them.
    mark
        Stamp of the matrix: ``stamp(network.hash, scenarios)``.

    Returns
    -------
    tuple of Path
        The files, each with its data package; the same input gives the same bytes. An atlas without services has no
        GTFS.
    """
    folder = Path(folder)
    sources, layers = catalog.sources, catalog.layers()
    files = write(layers, folder / "atlas.gpkg", sources=sources, overwrite=overwrite)
    for ending in ("xlsx", "csv"):
        place = folder / f"matrix.{ending}"
        files += write(
            matrix, place, name="matrix", sources=sources, mark=mark, scenarios=scenarios, overwrite=overwrite
        )
    if not catalog.specs.keys() >= _OF_TRAINS:
        return files
    return files + write(layers, folder / "rail.gtfs.zip", sources=sources, overwrite=overwrite)
