"""`atlas new`: an atlas of another region, in one command."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.cli.options import overwrite_option, session_option, talk_options
from atlas.cli.output import say
from atlas.cli.session import Session

__all__ = ["command"]

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--osm", type=_FILE, required=True, help="OpenStreetMap extract (.osm.pbf).")
@click.option("--gtfs", type=_FILE, multiple=True, help="Feed with trains; may stand several times.")
@click.option("--population", type=_FILE, help="Residents: a raster, or points.")
@click.option("--population-year", type=int, help="Year of the residents.")
@click.option("--population-column", help="Field of the points that holds the residents.")
@click.option("--core", metavar="NAMES", help="Cities it is about, joined by commas. Default: the largest.")
@click.option("--boundary", metavar="W,S,E,N|FILE", help="Take what lies in this box or in the polygons of a file.")
@click.option("--classes", metavar="NAMES", help="Road classes, such as motorway,trunk or residential+.")
@click.option("--places", metavar="NAMES", help="Kinds of places, such as city,town. Default: down to villages.")
@click.option("--name", default="", help="Of the region. Default: its city's, else the folder's.")
@click.option("--country", default="", metavar="CODE", help="Such as FI, where the extract does not say.")
@click.option("--as-of", metavar="DATE", help="Day of the extract, where the file does not say.")
@click.option("--report", type=_FILE, help="Write every feature kept out, and why, to this CSV or JSON file.")
@overwrite_option
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    folder: Path,
    osm: Path,
    gtfs: tuple[Path, ...],
    population: Path | None,
    population_year: int | None,
    population_column: str | None,
    core: str | None,
    boundary: str | None,
    classes: str | None,
    places: str | None,
    name: str,
    country: str,
    as_of: str | None,
    report: Path | None,
    overwrite: bool,
) -> None:
    """Make an atlas of another region: layers, land and water, places, parameters.

    Every command then works on it with --root FOLDER. What it lacks, and what was left out and why, is said
    at the end.

    \b
    Example:
      atlas new guangdong --osm guangdong.osm.pbf
      atlas new towns --osm guangdong.osm.pbf --gtfs feed.zip --classes tertiary+ --core 甲市 --overwrite
    """
    from atlas.cli.intake.shared import report_sink, tell_outcome
    from atlas.imports.region.found import Recipe, found_atlas

    told_in = report_sink(report, overwrite)
    cities = tuple(part.strip() for part in (core or "").replace("，", ",").split(",") if part.strip())
    recipe = Recipe(
        osm, gtfs, population, population_year, population_column, boundary, classes, places, cities, name, country,
        as_of,
    )  # fmt: skip
    tell_outcome(found_atlas(folder, recipe, session.catalog, overwrite=overwrite, progress=say), told_in)
