"""`atlas verify`: whether a file still matches the layers at hand."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.cli.options import format_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, tell
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_CONTENT = {True: "intact", False: "altered", None: "untold"}
_COLUMNS = (
    Column("hash", "hash"),
    Column("layers", "layers match"),
    Column("scenario", "made with"),
)


@click.command(name="verify")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--scenario", "files", multiple=True, metavar="FILE", help="A scenario file that may have made it.")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(session: Session, file: Path, files: tuple[str, ...], sink: Sink) -> None:
    """Say whether FILE was made of the layers at hand, and with which scenario.

    FILE is any output of atlas: a page, table, GeoJSON, GeoPackage, archive, geodatabase, or one of the
    files of a Shapefile, which are looked at together. Exit code 1 means that the
    layers, the parameters or the program have changed since, that the scenario is not among those known, or
    that the file itself was changed after it was written.

    \b
    Example:
      atlas verify zhuhai.json
    """
    from atlas.data.scenario import BUILT_IN
    from atlas.data.stamp import check_stamp, layers_hash, read_marks

    marks = read_marks(file)
    layers = session.catalog.layers()
    # A file is of all layers, of one, or of those its data package lists.
    selections = [tuple(layers), *((key,) for key in layers), tuple(key for key in layers if key in marks.tables)]
    hashes = {layers_hash({key: layers[key] for key in keys}) for keys in selections if keys}
    named = [session.scenario(Choice(scenario=one)) for one in files]
    named += [session.scenario(Choice(year=year)) for year in BUILT_IN]
    central = [*named, *(session.scenario(Choice(year=str(year))) for year in range(2023, 2036))]
    sets = [one.but(parameter_set=name) for one in named for name in ("favourable", "central", "adverse")]
    at_peak = [one.but(period="peak") for one in named]
    found = []
    for text in marks.stamps:
        finding = check_stamp(text, hashes, sets)
        if finding.scenario is None:
            finding = check_stamp(text, hashes, central)
        if finding.scenario is None:
            finding = check_stamp(text, hashes, at_peak)
        found.append(finding)
    rows = [
        {"hash": one.stamp, "layers": one.layers, "scenario": one.made_with or "not known: give it with --scenario"}
        for one in found
    ]
    good = all(one.layers and one.scenario for one in found)
    emit(Answer(_COLUMNS, rows, {"file": file.name, "matches": good, "unchanged": marks.intact}, "hashes"), sink)
    tell("answer.matches" if good else "answer.matches_not", path=file)
    tell(f"answer.{_CONTENT[marks.intact]}", path=file)
    if not good or marks.intact is False:
        click.get_current_context().exit(1)
