"""`atlas build`: the site."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.cli.options import session_option, talk_options
from atlas.cli.output import say
from atlas.cli.session import Session

__all__ = ["command"]


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
@session_option
@talk_options
@click.pass_obj
def command(session: Session, output: Path, lang: str) -> None:
    """Write the site: a start page and every map, to be opened from the folder without a network.

    Pages whose inputs have not changed are left as they are.

    \b
    Example:
      atlas build -o site
    """
    from atlas.maps.reach import Spread
    from atlas.maps.site import build_site

    spread = Spread(session.access, session.population)
    start = build_site(
        session.catalog, session.network, output, say=lambda text: say(f"  {text}"), lang=lang, spread=spread
    )
    say(f"open {start}")
