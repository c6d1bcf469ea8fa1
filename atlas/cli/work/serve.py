"""`atlas serve`: the atlas as a service for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.cli.options import session_option, talk_options
from atlas.cli.output import LOUD, TALK_KEY, tell
from atlas.cli.session import Session

if TYPE_CHECKING:
    from atlas.serve.service import Limits, Service

__all__ = ["command", "service_of"]


@click.command(name="serve")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 is everywhere.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free one, which is told."
)
@click.option("--url", default="", metavar="URL", help="The address in links, where a proxy stands in front.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=4, show_default=True, help="Questions worked on at a time."
)
@click.option(
    "--seconds", type=click.FloatRange(0.1, 3600), default=30.0, show_default=True, help="Longest time an answer takes."
)
@click.option("--no-page", is_flag=True, help="Leave the explorer at / out, and start sooner.")
@session_option
@talk_options
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path | None,
    host: str,
    port: int,
    url: str,
    workers: int,
    seconds: float,
    no_page: bool,
) -> None:
    """Serve an atlas over HTTP until Ctrl-C: layers, tiles, routes, areas, times, scenarios and the explorer.

    FOLDER has layers/ and data/; the atlas's own when left out. Layers are an OGC API (Features and Tiles), which
    QGIS and GDAL read. Nothing is written, and no other file is read. Only programs on this machine can ask unless
    --host says otherwise; there is no password.

    \b
    Example:
      atlas serve
      atlas serve towns --port 8080
      atlas serve --host 0.0.0.0 --url https://atlas.example.org
    """
    from atlas.serve.running import address_of, listen, run, served_hosts
    from atlas.serve.service import Limits

    session: Session = Session(folder) if folder is not None else ctx.obj
    door = listen(host, port)
    limits = Limits(workers=workers, seconds=seconds)
    service = service_of(session, limits, page=not no_page, hosts=served_hosts(host), url=url.rstrip("/"))
    tell("answer.serving", url=address_of(door))
    run(service, door, log=ctx.meta.get(TALK_KEY) == LOUD)


def service_of(session: Session, limits: Limits, *, page: bool, hosts: tuple[str, ...] = (), url: str = "") -> Service:
    """Return what is served of a session's atlas, everything read; with `page` the explorer too."""
    from atlas.cli.work.map import explorer_page
    from atlas.data.stamp import facts_date
    from atlas.serve.service import Service

    catalog, network = session.catalog, session.network
    layers = catalog.layers()
    explorer = ""
    if page:
        known = facts_date(layer.frame for layer in layers.values())
        shared = {"plan": catalog.plan, "sources": catalog.sources, "date": known}
        explorer = explorer_page(session, layers, **shared).html()
    return Service(
        catalog=catalog,
        layers=layers,
        network=network,
        access=session.access if network.barrier is not None else None,
        parameters=catalog.parameters,
        explorer=explorer,
        hosts=hosts,
        url=url,
        limits=limits,
    )
