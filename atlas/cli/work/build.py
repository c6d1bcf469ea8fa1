"""`atlas build`: the site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.base.words import word_table
from atlas.cli.options import MODES, session_option, talk_options
from atlas.cli.output import say, tell
from atlas.cli.session import Choice, Session

if TYPE_CHECKING:
    from atlas.maps.pages.start import Card

__all__ = ["command", "write_site"]


@click.command(name="build")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default="site",
    show_default=True,
    help="Folder of the site; pages in it are replaced, other files left alone.",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Opening language.")
@click.option(
    "--county-lines", is_flag=True, help="Show county lines kept on this machine; such pages may not be passed on."
)
@session_option
@talk_options
@click.pass_obj
def command(session: Session, output: Path, lang: str, county_lines: bool) -> None:
    """Write the site: a start page and every map, to be opened from the folder without a network.

    Pages whose inputs have not changed are left as they are.

    \b
    Example:
      atlas build -o site
    """
    write_site(session, output, lang=lang, county_lines=county_lines)


def write_site(session: Session, output: Path, *, lang: str = "zh", county_lines: bool = False) -> None:
    """Write the site of a session's atlas and say where it begins."""
    from atlas.land.ground import Ground
    from atlas.maps.pages.site import Edition, build_site

    ground = Ground(session.access, session.population)
    start = build_site(
        session.catalog,
        session.network,
        output,
        say=lambda text: say(f"  {text}"),
        edition=Edition(lang, county_lines),
        ground=ground,
        decisions=lambda: session.decisions,
        offer=lambda folder: _offer(session, folder),
    )
    tell("answer.open", path=start)


def _offer(session: Session, folder: Path) -> list[Card]:
    """Write the downloads; what needs a package that is not installed is left out, and said."""
    from atlas.base.errors import ExportError
    from atlas.data.scenario import BUILT_IN
    from atlas.data.stamp import stamp
    from atlas.exports.write import write_downloads
    from atlas.maps.pages.start import Card
    from atlas.travel.comparison import seats
    from atlas.travel.reach import od_matrix

    places = seats(session.network)
    if not places:
        return []
    tell("answer.downloads")
    scenarios = [session.scenario(Choice(year=year)) for year in BUILT_IN]
    matrix = od_matrix(session.network, places, places, scenarios, MODES)
    mark = stamp(session.network.hash, scenarios)
    try:
        files = write_downloads(folder / "downloads", session.catalog, matrix, scenarios, mark=mark, overwrite=True)
    except ExportError as reason:
        tell("answer.no_downloads", reason=reason)
        return []
    about = word_table("download")
    return [
        Card(f"downloads/{path.name}", (path.name, path.name), about[path.suffix[1:]])
        for path in files
        if path.suffix[1:] in about
    ]
