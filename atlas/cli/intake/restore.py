"""`atlas restore`: put a layer back as it stood before an import."""

from __future__ import annotations

import click

from atlas.cli.options import format_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, tell
from atlas.cli.session import Session

__all__ = ["command"]

_KEPT = (
    Column("layer", "layer"),
    Column("number", "number"),
    Column("features", "features"),
    Column("path", "file"),
)


@click.command(name="restore")
@click.argument("layers", nargs=-1, required=True, metavar="LAYER...")
@click.option("--number", type=int, help="Which version; the newest that differs when left out.")
@click.option("--list", "listing", is_flag=True, help="List the versions that are kept, change nothing.")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(session: Session, layers: tuple[str, ...], number: int | None, listing: bool, sink: Sink) -> None:
    """Put each LAYER back as it stood before an import, all of them or none.

    `population` is the population of your own. The layer that stands is kept in its turn, so that a restore
    can be undone.

    \b
    Example:
      atlas restore highways --list
    """
    from atlas.base.errors import LayerError
    from atlas.imports.store import POPULATION, backups, restore_all

    for layer in layers:
        if layer not in {*session.catalog.specs, POPULATION}:
            raise LayerError(f"no layer {layer!r}; there are {', '.join(session.catalog.specs)}, {POPULATION}")
    if number is not None and len(layers) > 1:
        raise click.UsageError("--number is a version of one layer; name one")
    if listing:
        rows = [
            {"layer": layer, "number": one.number, "features": one.features, "path": str(one.path)}
            for layer in layers
            for one in backups(session.folder, layer)
        ]
        emit(Answer(_KEPT, rows, {}, "versions"), sink)
        return
    for layer, chosen in restore_all(session.folder, layers, number=number).items():
        tell("answer.restored", layer=layer, number=chosen.number, features=chosen.features)
