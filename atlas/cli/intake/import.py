"""`atlas import`: other people's data, as layers of the atlas's contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas.cli.intake.shared import report_sink, tell_outcome, told
from atlas.cli.options import Place, overwrite_option, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, say
from atlas.cli.session import Session

if TYPE_CHECKING:
    from atlas.data.catalog import Catalog
    from atlas.imports.osm.layers import OsmLayers
    from atlas.imports.run import Destination

__all__ = ["command"]

_REFINED = (
    Column("layer", "layer"),
    Column("matched", "matched"),
    Column("partly", "partly"),
    Column("unmatched", "unmatched"),
    Column("held", "held"),
    Column("good", "good already"),
    Column("moved_mean_m", "mean move m"),
    Column("moved_max_m", "largest m"),
)
_FILE = click.Path(path_type=Path)


class Pair(click.ParamType[tuple[str, str]]):
    """`name=value`."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split at the first equals sign."""
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name.strip():
            self.fail(f"{value!r} is not of the form name=value", param, ctx)
        return name.strip(), text.strip()


def _target_options(out: str) -> Callable[[Any], Any]:
    options = (
        click.option(
            "--into", type=click.Path(file_okay=False, path_type=Path), help="Atlas to change; old layers are kept."
        ),
        click.option("-o", "--output", type=_FILE, help=out),
        overwrite_option,
        click.option("--dry-run", is_flag=True, help="Check and report only."),
        click.option("--report", type=_FILE, help="Write every feature kept out, and why, to this CSV or JSON file."),
    )

    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.group(name="import")
def command() -> None:
    """Take in OpenStreetMap, GTFS, any vector file, or a population.

    Features pass the validator; one that does not is named and kept out, and the rest goes in. The layers
    that stood before are kept: see `atlas restore`.

    \b
    Example:
      atlas import osm guangdong.osm.pbf -o guangdong
      atlas import layer roads.gpkg --as highways --set kind=arterial --set position_error_m=50 --dry-run
    """


def _where(
    session: Session, into: Path | None, output: Path | None, dry_run: bool, **how: bool
) -> tuple[Catalog, Destination]:
    from atlas.base.changes import changing
    from atlas.data.catalog import open_catalog
    from atlas.imports.run import Destination

    if into is not None and output is not None:
        raise click.UsageError("give --into or -o, not both")
    if into is None and output is None and not dry_run:
        raise click.UsageError("say where it goes: -o, --into an atlas, or --dry-run")
    if into is not None and not dry_run:
        # Held from the reading of what is merged with to the end of the command.
        click.get_current_context().with_resource(changing(into))
    catalog = session.catalog if into is None else open_catalog(into)
    return catalog, Destination(
        None if dry_run else into, None if dry_run else output, how.get("add", False), how.get("overwrite", False)
    )


@command.command()
@click.argument("file", type=_FILE)
@click.option(
    "--area", metavar="W,S,E,N|FILE", help="Take what lies in this box (degrees) or in the polygons of a file."
)
@click.option(
    "--classes", metavar="NAMES", help="Road classes, such as motorway,trunk or secondary+. Default secondary+."
)
@click.option("--layers", "keys", metavar="NAMES", help="Layers to make, joined by commas; all when left out.")
@click.option("--as-of", metavar="DATE", help="Day of the data, where the file does not say.")
@click.option("--add", is_flag=True, help="Keep the features that are there.")
@click.option("--refine", "refining", is_flag=True, help="Move the atlas's own lines and points onto the extract's.")
@_target_options("New folder for an atlas of its own.")
@session_option
@talk_options
@click.pass_obj
def osm(
    session: Session,
    file: Path,
    area: str | None,
    classes: str | None,
    keys: str | None,
    as_of: str | None,
    add: bool,
    refining: bool,
    into: Path | None,
    output: Path | None,
    overwrite: bool,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Take in roads, railways, stations, ports, airports, ferries and places from an OpenStreetMap extract.

    Roads are cut at the nodes they share and nowhere else. With --refine no feature is added: those of the
    atlas that have a match take its geometry and keep id, plan items and status.

    \b
    Example:
      atlas import osm guangdong.osm.pbf -o guangdong
      atlas import osm guangdong.osm.pbf --area 112.9,21.9,113.8,22.8 --classes motorway,trunk --dry-run
      atlas import osm guangdong.osm.pbf --refine -o refined
    """
    from atlas.base.errors import ImportDataError
    from atlas.imports.osm.layers import LAYERS, Whole, area_of, osm_layers
    from atlas.imports.osm.points import PLACES
    from atlas.imports.osm.tags import classes_of
    from atlas.imports.region.found import founding_of
    from atlas.imports.run import take_in

    wanted = tuple(part.strip() for part in keys.split(",")) if keys else LAYERS
    strange = sorted(set(wanted) - set(LAYERS))
    if strange:
        raise ImportDataError(
            f"no layer {', '.join(strange)} can be made of OpenStreetMap; there are {', '.join(LAYERS)}"
        )
    told_in = report_sink(report, overwrite)
    catalog, target = _where(session, into, output, dry_run, add=add, overwrite=overwrite)
    own = output is not None and output.suffix != ".geojson" and not refining
    limits = area_of(area)
    links = catalog.layer("cross_border_links") if "cross_border_links" in catalog.specs else None
    found = osm_layers(
        file,
        catalog.specs,
        area=limits,
        classes=classes_of(classes),
        keys=wanted,
        as_of=as_of,
        crossings=None if own else links,
        whole=Whole(places=PLACES) if own else None,
        progress=say,
    )
    if own and output is not None:
        target = replace(target, founding=founding_of(found.about, output.resolve().name))
    if refining:
        _refine(found, catalog, target, told_in)
        return
    outcome = take_in(
        found.layers,
        [found.source],
        catalog,
        target,
        anywhere=limits is not None,
        refused=found.refused,
        notes=found.notes,
    )
    tell_outcome(outcome, told_in)


def _refine(found: OsmLayers, catalog: Catalog, target: Destination, report: Sink | None) -> None:
    """Match an extract onto the atlas's own features and say what became of each."""
    from atlas.imports.osm.refine import counts_of, refine
    from atlas.imports.run import put

    layers = catalog.layers()
    refined = refine(layers, found, register_ids=catalog.register_ids(), progress=say)
    for note in found.notes:
        say(note)
    emit(Answer(_REFINED, counts_of(refined), {}, "layers"), Sink())
    if report is not None:
        rows = [vars(match) for match in refined.matches]
        columns = [Column(name, name) for name in rows[0]]
        emit(Answer(columns, rows, {}, "matches"), report)
    written, kept = put(refined.layers, [found.source], catalog, target)
    told(written, kept)


@contextmanager
def _as_file(file: Path | str, table: str | None) -> Iterator[Path]:
    """Give the file; of a database a GeoPackage with the table, gone when the block ends."""
    if isinstance(file, Path):
        yield file
        return
    from atlas.base.files import scratch
    from atlas.exports.families.postgis import read_postgis

    with scratch() as folder:
        yield read_postgis(file, table, folder / f"{table or 'table'}.gpkg")


@command.command()
@click.argument("file", type=Place(path_type=Path))
@click.option("--as", "key", required=True, metavar="LAYER", help="Layer it becomes; see `atlas layers`.")
@click.option("--map", "fields", type=Pair(), multiple=True, metavar="COLUMN=FIELD", help="Which field fills a column.")
@click.option("--set", "values", type=Pair(), multiple=True, metavar="COLUMN=VALUE", help="One value for all features.")
@click.option("--crs", help="Coordinate system, such as 4547, where the file does not say or is wrong.")
@click.option(
    "--gcj02", "shift", flag_value="gcj02", default=None, help="The coordinates are shifted (GCJ-02); undo it."
)
@click.option("--bd09", "shift", flag_value="bd09", default=None, help="The coordinates are shifted (BD-09); undo it.")
@click.option("--rough", is_flag=True, help="Take coordinates whose way to WGS 84 is known less well than their error.")
@click.option("--repair", is_flag=True, help="Make polygons valid that are not.")
@click.option(
    "--repair-limit",
    type=click.FloatRange(0.0, 100.0),
    default=1.0,
    show_default=True,
    metavar="PERCENT",
    help="Refuse a repair that changes more of an area.",
)
@click.option("--encoding", help="Of the texts, such as gbk.")
@click.option("--sublayer", help="Which layer of a file with several, or table of a database.")
@click.option("--as-of", metavar="DATE", help="Day the status was known. Default: today.")
@click.option("--publisher", default="own data", show_default=True, help="For the ledger of sources.")
@click.option("--licence", default="not stated; ask before passing it on", show_default=True, help="For the ledger.")
@click.option("--add", is_flag=True, help="Keep the features that are there; replace those of the same id.")
@click.option("--anywhere", is_flag=True, help="Let features lie outside the atlas's region.")
@_target_options("Write the layer to this .geojson file, or to a new folder.")
@session_option
@talk_options
@click.pass_obj
def layer(
    session: Session,
    file: Path | str,
    key: str,
    fields: tuple[tuple[str, str], ...],
    values: tuple[tuple[str, str], ...],
    crs: str | None,
    shift: str | None,
    rough: bool,
    repair: bool,
    repair_limit: float,
    encoding: str | None,
    sublayer: str | None,
    as_of: str | None,
    publisher: str,
    licence: str,
    add: bool,
    anywhere: bool,
    into: Path | None,
    output: Path | None,
    overwrite: bool,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Take in any vector file: GeoPackage, shapefile (zipped or not), GeoJSON, KML, CSV with WKT.

    FILE may be a database with PostGIS, such as postgresql://user@host/name?schema=…, and SUBLAYER a table of it.
    Fields named like a column are taken as they are; map the others. Field names of a shapefile end
    after ten letters.

    \b
    Example:
      atlas import layer roads.gpkg --as highways --set kind=arterial --set position_error_m=50 --dry-run
    """
    from datetime import date

    from atlas.base.errors import LayerError
    from atlas.imports.run import take_in
    from atlas.imports.vector import Origin, read_vector

    told_in = report_sink(report, overwrite)
    catalog, target = _where(session, into, output, dry_run, add=add, overwrite=overwrite)
    if key not in catalog.specs:
        raise LayerError(f"no layer {key!r}; there are {', '.join(catalog.specs)}")
    origin = Origin(as_of or date.today().isoformat(), publisher, licence)
    with _as_file(file, sublayer) as path:
        found = read_vector(
            path, catalog.specs[key], origin, fields=dict(fields), values=dict(values), crs=crs, shift=shift,
            encoding=encoding, sublayer=sublayer, rough=rough,
            repair=repair_limit / 100.0 if repair else None,
        )  # fmt: skip
    outcome = take_in(
        {key: found.layer}, [found.source], catalog, target, anywhere=anywhere, refused=found.refused, notes=found.notes
    )
    tell_outcome(outcome, told_in)


@command.command()
@click.argument("file", type=_FILE)
@click.option(
    "--day", metavar="DATE", help="Day whose trains are counted. Default: the busiest of the feed's first week."
)
@click.option("--gcj02", "shift", flag_value="gcj02", default=None, help="The stops are shifted (GCJ-02); undo it.")
@click.option("--bd09", "shift", flag_value="bd09", default=None, help="The stops are shifted (BD-09); undo it.")
@click.option("--licence", default="not stated; ask before passing it on", show_default=True, help="For the ledger.")
@click.option("--add", is_flag=True, help="Keep the services that are there; replace those of the same id.")
@click.option("--anywhere", is_flag=True, help="Let features lie outside the atlas's region.")
@_target_options("New folder for an atlas of its own.")
@session_option
@talk_options
@click.pass_obj
def gtfs(
    session: Session,
    file: Path,
    day: str | None,
    shift: str | None,
    licence: str,
    add: bool,
    anywhere: bool,
    into: Path | None,
    output: Path | None,
    overwrite: bool,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Take in the trains and ferries of a GTFS feed, with the stations and ports that are missing.

    Stops are matched onto stations by id, else by name nearby; those of one name within a walk are one.

    \b
    Example:
      atlas import gtfs feed.zip --dry-run
    """
    from atlas.imports.gtfs.services import ADDED, MATCHED, gtfs_layers
    from atlas.imports.run import take_in

    told_in = report_sink(report, overwrite)
    catalog, target = _where(session, into, output, dry_run, add=add, overwrite=overwrite)
    own = target.out is not None
    there = [key for key in MATCHED if key in catalog.specs]
    known = {} if own else catalog.layers(*there)
    found = gtfs_layers(file, {**session.catalog.specs, **catalog.specs}, known, day=day, shift=shift, licence=licence)
    outcome = take_in(
        found.layers, [found.source], catalog, target, anywhere=anywhere, adding=ADDED,
        refused=found.refused, notes=found.notes,
    )  # fmt: skip
    tell_outcome(outcome, told_in)


@command.command()
@click.argument("file", type=_FILE)
@click.option("--year", type=int, required=True, help="Year of the numbers.")
@click.option("--column", help="Field of the points that holds the residents.")
@click.option("--band", type=int, default=1, show_default=True, help="Band of the raster.")
@click.option("--density", is_flag=True, help="The raster holds residents per square kilometre, not per pixel.")
@click.option("--crs", help="Coordinate system, such as 4326, where the file does not say or is wrong.")
@click.option(
    "--gcj02", "shift", flag_value="gcj02", default=None, help="The coordinates are shifted (GCJ-02); undo it."
)
@click.option("--bd09", "shift", flag_value="bd09", default=None, help="The coordinates are shifted (BD-09); undo it.")
@click.option("--encoding", help="Of the texts, such as gbk.")
@click.option("--as-of", metavar="DATE", help="Day the file was obtained. Default: today.")
@click.option("--publisher", default="own data", show_default=True, help="For the ledger of sources.")
@click.option("--licence", default="not stated; ask before passing it on", show_default=True, help="For the ledger.")
@_target_options("Write lon, lat, people, year and source to this CSV file.")
@session_option
@talk_options
@click.pass_obj
def population(
    session: Session,
    file: Path,
    year: int,
    column: str | None,
    band: int,
    density: bool,
    crs: str | None,
    shift: str | None,
    encoding: str | None,
    as_of: str | None,
    publisher: str,
    licence: str,
    into: Path | None,
    output: Path | None,
    overwrite: bool,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Take in a population of your own from a raster or from points.

    It is kept as data/own/population.csv in the atlas named with --into.

    \b
    Example:
      atlas import population people.csv --column people --year 2020 --crs 4326 --dry-run
    """
    from datetime import date

    from atlas.base.files import write_text
    from atlas.imports.people import people_text, read_people
    from atlas.imports.store import store_table
    from atlas.imports.vector import Origin

    told_in = report_sink(report, overwrite)
    _, target = _where(session, into, output, dry_run, overwrite=overwrite)
    origin = Origin(as_of or date.today().isoformat(), publisher, licence)
    people = read_people(
        file,
        origin,
        year=year,
        column=column,
        band=band,
        density=density,
        crs=crs,
        shift=shift,
        encoding=encoding,
        region=session.catalog.region,
    )
    for note in people.notes:
        say(note)
    row = {"places": len(people.frame), "people": people.total, "year": year, "source": people.source.key}
    columns = [
        Column("places", "places"),
        Column("people", "people", 0),
        Column("year", "year"),
        Column("source", "source"),
    ]
    emit(Answer(columns, [row], {"notes": list(people.notes)}, "population"), Sink())
    if told_in is not None:
        emit(Answer(columns, [row], {"notes": list(people.notes)}, "population"), told_in)
    text = people_text(people)
    kept, written = [], []
    if target.into is not None:
        kept = store_table(target.into, text, people.source)
        written = [target.into / "data" / "own" / "population.csv"]
    elif target.out is not None:
        written = [write_text(target.out, text, overwrite=overwrite)]
    told(tuple(written), tuple(kept))
