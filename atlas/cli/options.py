"""Options shared by commands, so that one name means one thing everywhere."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from atlas.base.words import LANGUAGES
from atlas.cli.output import LANGUAGE_KEY, LOUD, QUIET, TALK_KEY, Sink
from atlas.cli.session import DEFAULT_YEAR, Choice, Session
from atlas.data.parameters import SETS
from atlas.data.scenario import MODES

__all__ = [
    "EXPORTS",
    "MODES",
    "SETS",
    "Minutes",
    "Place",
    "Setting",
    "changes_options",
    "ending_option",
    "format_options",
    "mode_option",
    "overwrite_option",
    "parameters_option",
    "scenario_options",
    "scenarios_options",
    "session_option",
    "talk_options",
    "to_here_option",
    "within_option",
]

Command = TypeVar("Command", bound=Callable[..., Any])


class Place(click.Path):
    """A file or folder, or a database (``postgresql://…``), which is handed on as the text it is."""

    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a path, or the address of a database."""
        from atlas.base.doors import is_database

        return value if is_database(value) else super().convert(value, param, ctx)


class Minutes(click.ParamType[tuple[float, ...]]):
    """Cut-offs such as `60,120`: positive minutes, given back in rising order."""

    name = "minutes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Parse the text."""
        if isinstance(value, tuple):
            return value
        try:
            minutes = {float(part) for part in str(value).replace("，", ",").split(",")}
        except ValueError:
            self.fail(f"{value!r} is not a list of minutes such as 60,120", param, ctx)
        if not all(0 < minute < float("inf") for minute in minutes):
            self.fail(f"{value!r}: cut-offs are minutes greater than 0", param, ctx)
        return tuple(sorted(minutes))


class Setting(click.ParamType[tuple[str, float]]):
    """One parameter's value, as `name=number`."""

    name = "name=number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        """Parse the text."""
        if isinstance(value, tuple):
            return value
        name, _, number = str(value).partition("=")
        try:
            return name.strip(), float(number)
        except ValueError:
            self.fail(f"{value!r} is not of the form name=number", param, ctx)


def _together(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _talk(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[TALK_KEY] = QUIET if param.name == "quiet" else LOUD


def _gathered(name: str, make: Callable[..., object], *keys: str) -> Callable[[Any], Any]:
    """Hand a command the values of the options `keys` as one argument `name`."""

    def add(command: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(command)
        def gathered(*args: Any, **options: Any) -> object:
            options[name] = make(**{key: options.pop(key) for key in keys})
            return command(*args, **options)

        return gathered

    return add


talk_options = _together(
    click.option("-v", "--verbose", is_flag=True, expose_value=False, callback=_talk, help="Say more on stderr."),
    click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_talk, help="Say nothing on stderr."),
)


def _speak(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta[LANGUAGE_KEY] = value


#: ``--lang``; what people read is in this language, keys of JSON and columns of CSV are not.
_lang_option = click.option(
    "--lang",
    type=click.Choice(list(LANGUAGES)),
    expose_value=False,
    callback=_speak,
    help="Language of the answer. Default: zh where LC_ALL or LANG is Chinese, else en.",
)


def _open(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
    if value is not None or ctx.obj is None:
        ctx.obj = Session(value)


#: ``--root``; makes the session that ``click.pass_obj`` hands to the command.
session_option = click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    expose_value=False,
    callback=_open,
    help="Folder with layers/ and data/ of your own; the atlas's own when left out.",
)

#: Which scenario: one argument `choice` for the command.
_CHANGES = (
    click.option(
        "--with",
        "with_",
        metavar="ID",
        multiple=True,
        help="Put in a feature or plan item, ferries or coaches; may be repeated.",
    ),
    click.option("--close", metavar="ID", multiple=True, help="Shut a feature or plan item; may be repeated."),
    click.option("--set", "settings", type=Setting(), multiple=True, help="One parameter's value; may be repeated."),
    click.option("--period", type=click.Choice(["free", "typical", "peak"]), help="Road traffic. Default typical."),
    click.option("--boarding", type=click.Choice(["planned", "headway"]), help="How trains are boarded."),
)
parameters_option = click.option(
    "--parameters", "parameter_set", type=click.Choice(SETS), help="Which end of each parameter's range."
)
#: One scenario, handed on as ``choice``.
scenario_options = _together(
    click.option(
        "--year",
        metavar="YEAR",
        help="2023 to 2035, full or full-known. Default 2026, unless the command says another.",
    ),
    click.option("--scenario", metavar="FILE", help="A scenario file (TOML) in place of a year."),
    parameters_option,
    *_CHANGES,
    _gathered(
        "choice", Choice, "year", "scenario", "with_", "close", "parameter_set", "settings", "period", "boarding"
    ),
)
#: What is changed of two scenarios that are compared, handed on as ``changes``.
changes_options = _together(*_CHANGES, _gathered("changes", Choice, "with_", "close", "settings", "period", "boarding"))
to_here_option = click.option("--to-here", is_flag=True, help="Minutes to ORIGIN instead of from it.")


def scenarios_options(*, every: bool = False) -> Callable[[Command], Command]:
    """Return the options for several scenarios, handed on as ``choices``.

    None asked for means 2026, or `every` built-in year.
    """

    def choices(years: tuple[str, ...], files: tuple[str, ...], **changes: Any) -> tuple[Choice, ...]:
        from atlas.data.scenario import BUILT_IN

        years = years or (() if files else tuple(BUILT_IN) if every else (DEFAULT_YEAR,))
        by_year = (Choice(year=year, **changes) for year in years)
        return (*by_year, *(Choice(scenario=file, **changes) for file in files))

    default = "all built-in years" if every else DEFAULT_YEAR
    return _together(
        click.option("--year", "years", multiple=True, metavar="YEAR", help=f"May be repeated. Default: {default}."),
        click.option("--scenario", "files", multiple=True, metavar="FILE", help="A scenario file; may be repeated."),
        *_CHANGES,
        _gathered("choices", choices, "years", "files", "with_", "close", "settings", "period", "boarding"),
    )


mode_option = click.option(
    "--mode",
    type=click.Choice(MODES),
    default="multimodal",
    show_default=True,
    help="By road, by train, or by the faster of both.",
)

within_option = click.option(
    "--within",
    type=Minutes(),
    default="60,120",
    show_default=True,
    help="Cut-offs in minutes, inclusive.",
)

#: Formats that things are exported in: the keys of :data:`atlas.exports.write.FORMATS`, which is slow to load.
EXPORTS = (
    "gpkg", "shp", "gdb", "fgb", "parquet", "geojson", "geojsonseq", "kml", "csv", "xlsx", "tab", "dxf", "gtfs",
    "pmtiles", "qgz", "lyrx",
)  # fmt: skip


def ending_option(*formats: str) -> Callable[[Command], Command]:
    """Return `--format` of commands that always write a file."""
    return click.option("--format", "form", type=click.Choice(formats), help="Default: by the ending.")


overwrite_option = click.option("--overwrite", is_flag=True, help="Replace files that exist.")

#: What cligj and the tools built on it call these.
_shape_options = (
    click.option("--precision", type=click.IntRange(0, 15), help="Decimals of coordinates in GeoJSON."),
    click.option("--sequence", is_flag=True, help="GeoJSON as a sequence of features, one a line."),
)
_indent_options = (click.option("--indent", type=click.IntRange(0, 8), help="Spaces that indent JSON and GeoJSON."),)


def format_options(*formats: str) -> Callable[[Command], Command]:
    """Return `--format` with these choices, `-o` and `--overwrite`: one argument `sink`; and `--lang`."""
    return _together(
        click.option(
            "--format",
            "form",
            type=click.Choice(formats),
            help=f"Default: by the name given with -o, else {formats[0]}.",
        ),
        click.option(
            "-o",
            "--output",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write to this file instead of stdout.",
        ),
        overwrite_option,
        *(_shape_options if "geojsonseq" in formats else ()),
        *(_indent_options if "json" in formats else ()),
        _lang_option,
        _gathered("sink", functools.partial(Sink, formats=formats), "form", "output", "overwrite", *_keys(formats)),
    )


def _keys(formats: tuple[str, ...]) -> tuple[str, ...]:
    shape = ("precision", "sequence") if "geojsonseq" in formats else ()
    return (*shape, *(("indent",) if "json" in formats else ()))
