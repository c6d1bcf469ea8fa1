"""`atlas map`: one page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas.base.style import BASEMAPS
from atlas.cli.names import PLACE_NAME
from atlas.cli.options import (
    MODES,
    ending_option,
    overwrite_option,
    scenarios_options,
    session_option,
    talk_options,
)
from atlas.cli.output import file_form, tell
from atlas.cli.session import Session

if TYPE_CHECKING:
    from atlas.data.layer import Layer
    from atlas.data.scenario import Scenario
    from atlas.maps.page import Page

__all__ = ["command", "explorer_page"]

#: A page above this many characters opens slowly and is said to.
_LARGE = 6_000_000


def _box(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    try:
        west, south, east, north = (float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not west,south,east,north in degrees") from None
    return west, south, east, north


@click.command(name="map")
@click.argument("kind", type=click.Choice(["layers", "plan", "explore", "reach", "compare", "matrix"]))
@click.option(
    "--origin",
    "origins",
    multiple=True,
    type=PLACE_NAME,
    help="Needed for reach; may be repeated for others.",
)
@scenarios_options(every=True)
@click.option("--mode", "modes", type=click.Choice(MODES), multiple=True, help="May be repeated; default: all.")
@click.option("--layers", "keys", metavar="KEYS", help="Layers to draw, joined by commas; default: all.")
@click.option("--bbox", callback=_box, metavar="W,S,E,N", help="Opening view in degrees.")
@click.option("--title", help="Title of the page.")
@click.option("--author", default="", help="Who makes the map (编制单位), for the title block.")
@click.option("--approval", default="", help="Map approval number (审图号).")
@click.option(
    "--county-lines", is_flag=True, help="Show county lines kept on this machine; such pages may not be passed on."
)
@click.option("--number", default="", help="Number of the sheet (图号).")
@click.option(
    "--paper", type=click.Choice(["A4", "A3", "A1"]), default="A4", show_default=True, help="Of a PDF or PNG."
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Opening language.")
@click.option("--basemap", type=click.Choice(BASEMAPS), default="builtin", show_default=True, help="What lies under.")
@click.option("--key", default="", help="Your own key, for the basemap tianditu.")
@click.option("--tiles", default="", metavar="URL|FILE", help="Tile template for xyz, file for pmtiles.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="NAME.html, NAME.pdf or NAME.png.",
)  # fmt: skip
@ending_option("html", "pdf", "png")
@overwrite_option
@session_option
@talk_options
@click.pass_obj
def command(session: Session, /, kind: str, output: Path, overwrite: bool, **options: Any) -> None:
    """Write one map page: KIND is layers, plan, explore, reach, compare or matrix.

    The page compare takes two years or scenario files, in order.

    The page is one file and asks nothing of the net unless the basemap is a service. Tiles of a PMTiles file of
    yours go into the page. NAME.pdf and NAME.png are its print sheet, drawn by a Chromium, Chrome or Edge that the
    machine has (or that ATLAS_BROWSER names).

    \b
    Example:
      atlas map layers -o atlas.html
      atlas map layers --layers railways,stations,places --lang en -o rail.html
      atlas map layers --paper A3 --author 珠海市某局 --number 1 -o sheet.pdf
      atlas map plan -o plan.html
      atlas map explore --origin 阳江 -o explore.html
      atlas map reach --origin 江门 --year 2026 --year 2035 -o jiangmen.html
      atlas map compare --year 2026 --year 2035 --origin 阳江 -o compare.html
      atlas map matrix --year 2026 -o matrix.html
      atlas map layers --basemap amap -o amap.html
      atlas map layers --basemap pmtiles --tiles region.pmtiles -o own.html
    """
    from atlas.base.files import write_text
    from atlas.data.stamp import facts_date
    from atlas.maps.basemaps import basemap_of
    from atlas.maps.sheets.browser import SHEETS, find_browser, save_sheet

    paged = kind not in ("matrix", "plan")
    forms = ("html", *(SHEETS if paged else SHEETS[:1]))
    form = file_form(output, options["form"], forms, usual="html", overwrite=overwrite)
    if form in SHEETS:
        find_browser()
    catalog = session.catalog
    shared = {
        "title": options["title"],
        "lang": options["lang"],
        "plan": catalog.plan if catalog.register_path.is_file() else None,
        "sources": catalog.sources,
        "bounds": options["bbox"],
        "author": options["author"],
        "approval": options["approval"],
        "number": options["number"],
        "date": facts_date(layer.frame for layer in catalog.layers().values()),
        "boundaries": catalog.boundaries() if options["county_lines"] else None,
        "basemap": basemap_of(
            options["basemap"],
            key=options["key"],
            url=options["tiles"],
            box=options["bbox"] or catalog.region.picture_box,
        ),
    }
    if kind in ("matrix", "plan"):
        text = _matrix(session, options) if kind == "matrix" else _plan(session, options)
    else:
        draw = {"layers": _draw_layers, "explore": _draw_explorer, "reach": _draw_reach, "compare": _draw_compare}[kind]
        text = draw(session, options, shared).html()
    if form in SHEETS:
        save_sheet(text, output, form=form, paper=options["paper"], sheet=paged, overwrite=overwrite)
    else:
        write_text(output, text, overwrite=overwrite)
        if len(text) > _LARGE and kind != "explore":
            tell("answer.large_page", mb=len(text) / 1e6)
    tell("answer.wrote", path=output)


def _draw_layers(session: Session, options: dict[str, Any], shared: dict[str, Any]) -> Any:
    from atlas.maps.pages.layers import BACKDROP, draw_layers

    wanted = [key.strip() for key in (options["keys"] or "").replace("，", ",").split(",") if key.strip()]
    layers = session.catalog.layers(*dict.fromkeys([*wanted, *BACKDROP])) if wanted else session.catalog.layers()
    return draw_layers(layers, **shared)


def _scenarios(session: Session, options: dict[str, Any]) -> list[Scenario]:
    return [session.scenario(choice) for choice in options["choices"]]


def _draw_explorer(session: Session, options: dict[str, Any], shared: dict[str, Any]) -> Any:
    if len(options["origins"]) > 1:
        raise click.UsageError("the page explore opens on one --origin; more are added on the page")
    layers = session.catalog.layers()
    # what is searched and clicked; the network is whole
    wanted = [key.strip() for key in (options["keys"] or "").replace("，", ",").split(",") if key.strip()]
    if wanted:
        session.catalog.layers(*wanted)
        layers = {key: layer for key, layer in layers.items() if key in (*wanted, "places", "land", "water")}
    return explorer_page(session, layers, origin=(options["origins"] or (None,))[0], **shared)


def explorer_page(session: Session, layers: Mapping[str, Layer], **options: Any) -> Page:
    """Return the explorer of a session's atlas; options as for :func:`atlas.maps.pages.explore.draw_explorer`."""
    from atlas.land.ground import Ground, coarser
    from atlas.maps.pages.explore import PAGE_CELLS, draw_explorer
    from atlas.plan.promises import read_targets

    targets = session.folder / "data" / "plan" / "targets.toml"
    ground = None
    if session.network.barrier is not None and len(session.access.grid.cells):
        fine = Ground(session.access, session.population)
        ground = coarser(session.network, fine, PAGE_CELLS)
        if ground is not fine:
            tell("answer.coarser_page", cell=ground.links.grid.size_m, own=fine.links.grid.size_m)
    return draw_explorer(
        session.network,
        layers,
        session.catalog.parameters,
        ground=ground,
        targets=read_targets(targets) if targets.is_file() else None,
        **options,
    )


def _draw_reach(session: Session, options: dict[str, Any], shared: dict[str, Any]) -> Any:
    from atlas.land.ground import Ground
    from atlas.maps.pages.reach import draw_reach

    if len(options["origins"]) != 1:
        raise click.UsageError("the page reach needs one --origin, a place")
    (origin,) = options["origins"]
    ground = Ground(session.access, session.population)
    layers, modes = session.catalog.layers(), options["modes"] or MODES
    return draw_reach(
        session.network, origin, _scenarios(session, options), layers, modes=modes, ground=ground, **shared
    )


def _draw_compare(session: Session, options: dict[str, Any], shared: dict[str, Any]) -> Any:
    from atlas.land.ground import Ground
    from atlas.maps.pages.compare import draw_compare

    scenarios = _scenarios(session, options)
    if len(scenarios) != 2:
        raise click.UsageError("the page compare needs two years or scenario files: --year 2026 --year 2035")
    origins = options["origins"] or [one.seat for one in session.catalog.region.core]
    ground = Ground(session.access, session.population)
    layers, modes = session.catalog.layers(), options["modes"] or MODES
    before, after = scenarios
    return draw_compare(session.network, before, after, layers, origins=origins, modes=modes, ground=ground, **shared)


def _plan(session: Session, options: dict[str, Any]) -> str:
    from atlas.maps.sheets.plan import draw_plan

    title = (options["title"], options["title"]) if options["title"] else None
    return draw_plan(session.catalog.plan, session.catalog.layers(), title=title, lang=options["lang"], home=False)


def _matrix(session: Session, options: dict[str, Any]) -> str:
    from atlas.maps.pages.matrix import draw_matrix

    title = (options["title"], options["title"]) if options["title"] else None
    return draw_matrix(
        session.network,
        _scenarios(session, options),
        modes=options["modes"] or MODES,
        places=options["origins"] or None,
        title=title,
        lang=options["lang"],
        home=False,
    )
