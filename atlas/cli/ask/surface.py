"""`atlas surface`: minutes at every cell of the land grid."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.cli.names import PLACE_NAME
from atlas.cli.options import (
    ending_option,
    mode_option,
    overwrite_option,
    scenario_options,
    session_option,
    talk_options,
    to_here_option,
)
from atlas.cli.output import file_form, tell
from atlas.cli.session import Choice, Session

__all__ = ["command"]


@click.command(name="surface")
@click.argument("origin", type=PLACE_NAME)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help=".tif or .npz")
@ending_option("tif", "npz", "npy")
@to_here_option
@mode_option
@scenario_options
@overwrite_option
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    origin: str,
    output: Path,
    form: str | None,
    to_here: bool,
    mode: str,
    choice: Choice,
    overwrite: bool,
) -> None:
    """Write the minutes from ORIGIN at every cell of land, as GeoTIFF or as a NumPy archive.

    Cells are 500 m wide (less in a region narrower than 15 km), in a metric equal-area CRS; the sea, wide rivers and
    what cannot be reached have no data.
    The NumPy archive holds minutes, lon, lat, land, transform, crs and hash.

    \b
    Example:
      atlas surface 珠海 -o zhuhai.npz
      atlas surface 阳江 --mode rail --year 2035 --to-here -o yangjiang.npz
    """
    from atlas.exports.families.rasters import RASTERS, write_surface
    from atlas.land.surface import surface_from

    form = file_form(output, form, RASTERS, overwrite=overwrite)
    scenario = session.scenario(choice)
    found = surface_from(session.network, origin, scenario, session.access, mode=mode, towards=to_here)
    write_surface(found, output, form=form, overwrite=overwrite)
    reached = int(found.within(600.0).sum())
    tell("answer.cells", path=output, reached=reached, cells=len(found.grid.cells))
    if not found.within(float("inf")).any():
        tell("answer.no_cell")
        click.get_current_context().exit(1)
