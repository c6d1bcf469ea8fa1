"""`atlas map`: one page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from atlas.cli.options import (
    MODES,
    Setting,
    overwrite_option,
    session_option,
    talk_options,
)
from atlas.cli.output import say
from atlas.cli.session import Choice, Session

__all__ = ["command"]

BASEMAPS = ("builtin", "osm", "tianditu", "amap", "xyz")


def _box(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    try:
        west, south, east, north = (float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not west,south,east,north in degrees") from None
    return west, south, east, north


@click.command(name="map")
@click.argument("kind", type=click.Choice(["layers", "reach"]))
@click.option("--origin", metavar="PLACE", help="Where the reach starts; needed for the page reach.")
@click.option("--year", "years", multiple=True, metavar="YEAR", help="May be repeated; default: all built-in years.")
@click.option("--scenario", "files", multiple=True, metavar="FILE", help="A scenario file; may be repeated.")
@click.option("--mode", "modes", type=click.Choice(MODES), multiple=True, help="May be repeated; default: all.")
@click.option("--set", "settings", type=Setting(), multiple=True, help="One parameter's value; may be repeated.")
@click.option("--layers", "keys", metavar="KEYS", help="Layers to draw, joined by commas; default: all.")
@click.option("--bbox", callback=_box, metavar="W,S,E,N", help="Opening view in degrees.")
@click.option("--title", help="Title of the page.")
@click.option("--author", default="", help="Author, for the title block.")
@click.option("--approval", default="", help="Map approval number (审图号).")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Opening language.")
@click.option("--basemap", type=click.Choice(BASEMAPS), default="builtin", show_default=True, help="What lies under.")
@click.option("--key", default="", help="Your own key, for the basemap tianditu.")
@click.option("--tiles", default="", metavar="URL", help="Tile template, for the basemap xyz.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The HTML file.")
@overwrite_option
@session_option
@talk_options
@click.pass_obj
def command(session: Session, /, kind: str, output: Path, overwrite: bool, **options: Any) -> None:
    """Write one map page: KIND is layers or reach.

    The page is one file and asks nothing of the net unless a basemap other than builtin is chosen.

    \b
    Example:
      atlas map layers -o atlas.html
      atlas map layers --layers railways,stations,places --lang en -o rail.html
      atlas map reach --origin 江门 --year 2026 --year 2035 -o jiangmen.html
      atlas map layers --basemap amap -o amap.html
    """
    from atlas.maps.basemaps import basemap_of
    from atlas.maps.start import as_of

    catalog = session.catalog
    shared = {
        "title": options["title"],
        "lang": options["lang"],
        "plan": catalog.plan,
        "sources": catalog.sources,
        "bounds": options["bbox"],
        "author": options["author"],
        "approval": options["approval"],
        "date": as_of(catalog.layers()),
        "basemap": basemap_of(options["basemap"], key=options["key"], url=options["tiles"]),
    }
    draw = _draw_layers if kind == "layers" else _draw_reach
    page = draw(session, options, shared)
    page.save(output, overwrite=overwrite)
    say(f"wrote {output}")


def _draw_layers(session: Session, options: dict[str, Any], shared: dict[str, Any]) -> Any:
    from atlas.maps.layers import BACKDROP, draw_layers

    wanted = [key.strip() for key in (options["keys"] or "").replace("，", ",").split(",") if key.strip()]
    layers = session.catalog.layers(*dict.fromkeys([*wanted, *BACKDROP])) if wanted else session.catalog.layers()
    return draw_layers(layers, **shared)


def _draw_reach(session: Session, options: dict[str, Any], shared: dict[str, Any]) -> Any:
    from atlas.maps.reach import draw_reach
    from atlas.scenario import BUILT_IN

    if not options["origin"]:
        raise click.UsageError("the page reach needs --origin, a place")
    settings = options["settings"]
    years = options["years"] or (() if options["files"] else tuple(BUILT_IN))
    choices = [Choice(year, None, None, settings) for year in years]
    choices += [Choice(None, file, None, settings) for file in options["files"]]
    scenarios = [session.scenario(choice) for choice in choices]
    modes = options["modes"] or MODES
    return draw_reach(session.network, options["origin"], scenarios, session.catalog.layers(), modes=modes, **shared)
