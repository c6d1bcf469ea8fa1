"""`atlas export`: anything of the atlas as a file for GIS, CAD, spreadsheets and timetables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from atlas.base.errors import ExportError
from atlas.cli.options import (
    EXPORTS,
    Place,
    ending_option,
    mode_option,
    overwrite_option,
    scenario_options,
    session_option,
    talk_options,
    within_option,
)
from atlas.cli.session import Choice, Session
from atlas.data.declaration import seats_of

__all__ = ["command"]


@click.command(name="export")
@click.argument("thing")
@click.option(
    "-o",
    "--output",
    required=True,
    type=Place(path_type=Path),
    help="The ending names the format: .gpkg .shp.zip .gdb.zip .fgb .parquet .geojson .geojsonl .kml .kmz .csv "
    ".xlsx .tab.zip .dxf .gtfs.zip .pmtiles .qgz .lyrx; or postgresql://user@host/name?schema=… for PostGIS.",
)
@ending_option(*EXPORTS)
@click.option("--crs", default="4326", show_default=True, help="EPSG code or name; x is east. GCJ-02 and BD-09 too.")
@click.option("--split", is_flag=True, help="Cut at 112.5° E and write one file a belt of CGCS2000.")
@click.option("--outside", type=click.Choice(["refuse", "split", "clip"]), default="refuse", show_default=True,
              help="Features outside the area of use of the CRS.")  # fmt: skip
@click.option("--web-mercator", is_flag=True, help="Allow EPSG:3857, whose lengths are wrong.")
@click.option("--encoding", type=click.Choice(["utf-8", "gbk"]), default="utf-8", show_default=True,
              help="Texts of Shapefile and MapInfo.")  # fmt: skip
@overwrite_option
@within_option
@mode_option
@scenario_options
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    thing: str,
    output: Path | str,
    form: str | None,
    crs: str,
    split: bool,
    outside: Any,
    web_mercator: bool,
    encoding: str,
    overwrite: bool,
    within: tuple[float, ...],
    mode: str,
    choice: Choice,
) -> None:
    """Write THING as a file, with its fields, units, CRS, sources, licences and hash inside or beside.

    THING is a layer, `atlas` (all layers), `network`, `reach:ORIGIN`, `isochrone:ORIGIN`, `matrix` or
    `scenario`. The network as .graphml is what is open and usable, with minutes. Nothing is overwritten unasked.

    \b
    Example:
      atlas export atlas -o atlas.gpkg
      atlas export highways -o roads.shp.zip --crs 4547 --split --encoding gbk
      atlas export reach:珠海 -o zhuhai.gpkg --year 2035 --within 60,120
    """
    from atlas.cli.output import tell
    from atlas.exports.write import format_of, write, write_network

    if thing == "network" and str(output).lower().endswith(".graphml"):
        for path in write_network(session.network, output, session.scenario(choice), mode=mode, overwrite=overwrite):
            tell("answer.wrote", path=path)
        return
    if isinstance(output, Path) and not output.is_dir():
        format_of(output, form)  # Refused before anything is computed for it.
    value, options = _thing(session, thing, choice, mode, within, output, form)
    for path in write(
        value,
        output,
        crs=crs,
        form=form,
        encoding=encoding,
        overwrite=overwrite,
        outside="split" if split else outside,
        web_mercator=web_mercator,
        sources=session.catalog.sources,
        **options,
    ):
        tell("answer.wrote", path=path)


def _thing(
    session: Session,
    thing: str,
    choice: Choice,
    mode: str,
    within: tuple[float, ...],
    output: Path | str,
    form: str | None,
) -> tuple[object, dict[str, Any]]:
    """Return what is to be written, and its name, stamp and scenarios where it does not know them itself."""
    from atlas.data.stamp import stamp

    kind, _, origin = thing.partition(":")
    specs = session.catalog.specs
    if kind in specs:
        if form == "gtfs" or str(output).lower().endswith(".gtfs.zip"):
            rail = ["rail_services", "stations", "railways"]
            keys = [key for key in rail if key in specs] if kind in rail else [kind]
            return {key: session.catalog.layer(key) for key in keys}, {}
        return session.catalog.layer(kind), {}
    if kind == "atlas":
        return session.catalog, {}
    if kind not in ("network", "matrix", "scenario", "reach", "isochrone"):
        others = "atlas, network, reach:ORIGIN, isochrone:ORIGIN, matrix, scenario"
        raise ExportError(f"nothing is called {thing!r}; give {others} or a layer: {', '.join(specs)}")
    if kind in ("reach", "isochrone") and not origin:
        raise ExportError(f"{kind} needs a place: {kind}:珠海")
    scenario = session.scenario(choice)
    if kind == "scenario":
        return scenario, {"mark": stamp(session.network.hash, [scenario])}
    known = {"scenarios": [scenario], "mark": stamp(session.network.hash, [scenario])}
    if kind == "network":
        return session.network, known
    if kind == "matrix":
        from atlas.travel.reach import od_matrix

        places = session.catalog.layer("places").frame
        seats = seats_of(places)
        return od_matrix(session.network, seats, seats, [scenario], [mode]), known | {"name": "matrix"}
    if kind == "reach":
        from atlas.travel.reach import reach_from

        return reach_from(session.network, origin, scenario, cutoffs_min=within, mode=mode), {}
    from atlas.land.surface import isochrones, surface_from

    frame = isochrones(surface_from(session.network, origin, scenario, session.access, mode=mode), within)
    return frame.drop(columns="hash"), known | {"name": "isochrone"}
