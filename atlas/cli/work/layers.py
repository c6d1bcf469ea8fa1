"""`atlas layers`: what layers there are, what is in them, and whether they are sound."""

from __future__ import annotations

from typing import Any

import click

from atlas.base.tables import listing
from atlas.base.words import Words
from atlas.cli.options import format_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, tell
from atlas.cli.session import Session
from atlas.data.declaration import QUALITIES

__all__ = ["command"]

_LIST = (
    Column("key", "layer"),
    Column("title_zh", "title"),
    Column("title_en", "in English"),
    Column("geometry", "geometry"),
    Column("features", "features"),
    Column("group", "group"),
    Column("surveyed_km", "surveyed km", 0),
    Column("traced_km", "traced km", 0),
    Column("sketched_km", "sketched km", 0),
    Column("indicative_km", "indicative km", 0),
)
_DESCRIBE = (
    Column("name", "column"),
    Column("type", "type"),
    Column("unit", "unit"),
    Column("null", "null"),
    Column("filled", "filled"),
    Column("about", "about"),
)
_VIOLATIONS = (
    Column("layer", "layer"),
    Column("feature_id", "feature"),
    Column("rule", "rule"),
    Column("message", "what"),
    Column("remedy", "what to do"),
)
_BOUNDS = (Column("key", "layer"), *(Column(edge, edge, 6) for edge in ("west", "south", "east", "north")))
_FEATURES = (
    Column("id", "id"),
    Column("name_zh", "name"),
    Column("name_en", "in English"),
    Column("kind", "kind"),
    Column("status", "status"),
    Column("opens_year", "from"),
    Column("city", "city"),
)


@click.group(name="layers", invoke_without_command=True)
@session_option
@talk_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """List, describe, validate or print the layers.

    Without a sub-command: list them.

    \b
    Example:
      atlas layers
      atlas layers describe stations
      atlas layers validate
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_layers)


@command.command(name="list")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def list_layers(session: Session, sink: Sink) -> None:
    """List all layers with the number of their features.

    Roads and railways say how many of their kilometres are surveyed, traced
    (read off a course), sketched (straight between known points) and
    indicative (only the ends are known).

    \b
    Example:
      atlas layers list --format json
    """
    catalog = session.catalog
    rows = []
    for spec in catalog.specs.values():
        layer = catalog.layer(spec.key)
        known = layer.km_by_quality
        rows.append(
            {
                "key": spec.key,
                "title_zh": spec.title_zh,
                "title_en": spec.title_en,
                "geometry": spec.geometry,
                "features": len(layer),
                "group": spec.group,
                **{f"{name}_km": round(known[name], 1) if known else None for name in QUALITIES},
                "role": spec.role,
                "sources": listing(spec.sources),
            }
        )
    emit(Answer(_LIST, rows, {}, "layers"), sink)


@command.command()
@click.argument("key")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def describe(session: Session, key: str, sink: Sink) -> None:
    """Describe the layer KEY: its columns with type and unit, and how many features fill them.

    \b
    Example:
      atlas layers describe highways
    """
    layer = session.catalog.layer(key)
    spec = layer.spec
    rows = [
        {
            "name": column.name,
            "type": column.type,
            "unit": column.unit,
            "null": column.null,
            "filled": int(layer.frame[column.name].notna().sum()),
            "allowed": listing(column.allowed),
            "about": column.about,
        }
        for column in spec.columns
    ]
    bounds = [float(edge) for edge in layer.frame.total_bounds] if len(layer) else []
    about: dict[str, Any] = {
        "key": spec.key,
        "title_zh": spec.title_zh,
        "title_en": spec.title_en,
        "about": spec.about,
        "access": spec.access,
        "geometry": spec.geometry,
        "features": len(layer),
        "bounds": bounds,
        "crs": "EPSG:4326",
        "sources": list(spec.sources),
    }
    tell("answer.layer", title=Words(spec.title_zh, spec.title_en), about=spec.about)
    tell("answer.features", count=len(layer), geometry=spec.geometry, sources=", ".join(spec.sources))
    emit(Answer(_DESCRIBE, rows, about, "columns"), sink)


@command.command()
@click.argument("keys", nargs=-1)
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def validate(session: Session, keys: tuple[str, ...], sink: Sink) -> None:
    """Check the layers KEYS, or all, and report every violation at once.

    Exit code 1 means there are violations.

    \b
    Example:
      atlas layers validate
      atlas layers validate highways interchanges --format csv
    """
    catalog = session.catalog
    for key in keys:
        catalog.layer(key)
    found = catalog.check(*keys)
    rows = [
        {
            "layer": one.layer,
            "feature_id": one.feature_id,
            "rule": one.rule,
            "message": one.message,
            "remedy": one.remedy,
        }
        for one in found
    ]
    tell(f"answer.violations_{min(len(rows), 2)}", layers=len(keys or catalog.specs), count=len(rows))
    if rows or sink != Sink():
        emit(Answer(_VIOLATIONS, rows, {}, "violations"), sink)
    if rows:
        click.get_current_context().exit(1)


@command.command(name="print")
@click.argument("key")
@format_options("table", "json", "csv", "geojson", "geojsonseq")
@session_option
@talk_options
@click.pass_obj
def print_layer(session: Session, key: str, sink: Sink) -> None:
    """Print the features of the layer KEY.

    \b
    Example:
      atlas layers print ports
      atlas layers print stations --format geojson -o stations.geojson
      atlas layers print highways --sequence --precision 5
    """
    layer = session.catalog.layer(key)
    frame = layer.frame
    rows = frame.drop(columns="geometry").to_dict("records")
    features = (
        {"type": "Feature", "properties": row, "geometry": shape.__geo_interface__ if shape else None}
        for row, shape in zip(rows, frame.geometry, strict=True)
    )
    about = {"layer": key, "title_zh": layer.spec.title_zh, "title_en": layer.spec.title_en}
    emit(Answer(_FEATURES, rows, about, "features", features), sink)


@command.command()
@click.argument("keys", nargs=-1)
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def bounds(session: Session, keys: tuple[str, ...], sink: Sink) -> None:
    """Give the bounds of the layers KEYS, or of all: west, south, east, north in degrees.

    Layers without a feature have none. JSON holds the bounds of all of them together (`bounds`).

    \b
    Example:
      atlas layers bounds
      atlas layers bounds highways railways --format json
    """
    catalog = session.catalog
    rows: list[dict[str, Any]] = []
    for key in keys or tuple(catalog.specs):
        layer = catalog.layer(key)
        box = [float(edge) for edge in layer.frame.total_bounds] if len(layer) else [None] * 4
        rows.append({"key": key, **dict(zip(("west", "south", "east", "north"), box, strict=True))})
    known = [row for row in rows if row["west"] is not None]
    whole = [min(row[edge] for row in known) for edge in ("west", "south") if known]
    whole += [max(row[edge] for row in known) for edge in ("east", "north") if known]
    emit(Answer(_BOUNDS, rows, {"bounds": whole, "crs": "EPSG:4326"}, "layers"), sink)
