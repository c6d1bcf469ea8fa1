"""`atlas refresh`: an extract of the region renews courses, places and ordinary roads."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.cli.options import overwrite_option, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, say, tell
from atlas.cli.session import Session

__all__ = ["command"]

_FILE = click.Path(path_type=Path)
_QUALITY = (
    Column("layer", "layer"),
    Column("quality", "quality"),
    Column("before_km", "before km", 1),
    Column("after_km", "after km", 1),
)


@click.command()
@click.option("--osm", type=_FILE, required=True, help="OpenStreetMap extract (.osm.pbf).")
@click.option("--classes", metavar="NAMES", help="Classes of ordinary roads, such as residential+. Default secondary+.")
@click.option("--area", metavar="W,S,E,N|FILE", help="Take what lies in this box or in the polygons of a file.")
@click.option("--as-of", metavar="DATE", help="Day of the extract, where the file does not say.")
@click.option("--country", default="CN", show_default=True, help="Whose law gives the limits of roads that tell none.")
@click.option("-o", "--output", type=_FILE, help="Make a renewed copy of the atlas here and leave the atlas as it is.")
@overwrite_option
@click.option(
    "--site",
    type=click.Path(file_okay=False, path_type=Path),
    default="site",
    show_default=True,
    help="Folder of the site, which is written anew.",
)
@click.option("--no-site", is_flag=True, help="Leave the site as it is.")
@click.option("--dry-run", is_flag=True, help="Check and report only.")
@click.option("--report", type=_FILE, help="Write what became of every feature to this CSV or JSON file.")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    osm: Path,
    classes: str | None,
    area: str | None,
    as_of: str | None,
    country: str,
    output: Path | None,
    overwrite: bool,
    site: Path,
    no_site: bool,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Renew the atlas from an OpenStreetMap extract of its region.

    Roads, railways, stations, exits, ports and places take the extract's geometry and keep id, plan items and
    status; ordinary roads are put in. No parameter changes. What stood before comes back with `atlas restore`.

    \b
    Example:
      atlas refresh --osm guangdong.osm.pbf -o renewed --no-site
      atlas refresh --osm guangdong.osm.pbf --classes tertiary+ --dry-run
    """
    from atlas.base.changes import changing
    from atlas.base.errors import ImportDataError
    from atlas.cli.intake.shared import report_sink, told
    from atlas.cli.work.build import write_site
    from atlas.imports.osm.layers import area_of, osm_layers
    from atlas.imports.osm.limits import country_limits
    from atlas.imports.osm.refine import counts_of
    from atlas.imports.osm.tags import DEFAULT_CLASSES, classes_of
    from atlas.imports.region.refresh import refresh
    from atlas.imports.run import Destination, put

    told_in = report_sink(report, overwrite)
    catalog = session.catalog
    if output is None and not dry_run:
        if (catalog.root / "scripts" / "build_layers.py").is_file():
            raise ImportDataError(
                f"{catalog.root} makes its layers of data/facts, which would write over a refresh; name a copy with -o"
            )
        click.get_current_context().with_resource(changing(catalog.root))
    limits = country_limits(country.strip())
    if not {"urban", "rural"} <= set(limits):
        raise ImportDataError(f"no limits are known for the country {country!r}; give another code with --country")
    asked = {*DEFAULT_CLASSES, *classes_of(classes)}
    links = catalog.layer("cross_border_links") if "cross_border_links" in catalog.specs else None
    found = osm_layers(
        osm, catalog.specs, area=area_of(area), classes=classes_of(",".join(sorted(asked))), as_of=as_of,
        crossings=links, progress=say,
    )  # fmt: skip
    renewed = refresh(
        catalog.layers(), found, (limits["urban"][0], limits["rural"][0]), register_ids=catalog.register_ids(),
        source_keys=catalog.sources, progress=say,
    )  # fmt: skip
    for note in (*found.notes, *renewed.notes):
        say(note)
    for row in counts_of(renewed.refined):
        say(", ".join(f"{name} {value}" for name, value in row.items() if value is not None))
    emit(Answer(_QUALITY, [vars(one) for one in renewed.quality], {}, "kilometres"), Sink())
    if told_in is not None:
        rows = [vars(match) for match in renewed.refined.matches]
        emit(Answer([Column(name, name) for name in rows[0]], rows, {}, "matches"), told_in)
    target = Destination(None if dry_run or output else catalog.root, None if dry_run else output, overwrite=overwrite)
    written, kept = put(renewed.layers, [found.source], catalog, target)
    told(written, kept)
    if target.into is not None and renewed.layers:
        tell("answer.undo", command=f"atlas restore {' '.join(renewed.layers)} --root {catalog.root}")
    if not (no_site or dry_run):
        write_site(Session(output or catalog.root), site)
