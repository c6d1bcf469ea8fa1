"""`atlas scenario`: years and scenario files, what they hold and how they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from atlas.base.words import both
from atlas.cli.options import (
    SETS,
    Setting,
    format_options,
    overwrite_option,
    scenario_options,
    session_option,
    talk_options,
)
from atlas.cli.output import Answer, Column, Sink, emit, file_form, rows_of, tell
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_LIST = (
    Column("name", "scenario"),
    Column("year", "year"),
    Column("features", "features"),
    Column("announced", "announced"),
    Column("assumed", "assumed"),
    Column("hash", "hash"),
)
_OPEN = (
    Column("layer", "layer"),
    Column("feature_id", "feature"),
    Column("name_zh", "name"),
    Column("status", "status"),
    Column("opens_year", "from"),
    Column("opens_basis", "basis"),
    Column("plan_ids", "plan items"),
)
_DIFFERENCE = (
    Column("what", "what"),
    Column("name", "id"),
    Column("name_zh", "name"),
    Column("first", "first"),
    Column("second", "second"),
    Column("opens_year", "from"),
    Column("opens_basis", "basis"),
)


@click.group(name="scenario", invoke_without_command=True)
@session_option
@talk_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """List scenarios, show one, compare two, or write a new one.

    Without a sub-command: list the built-in ones.

    \b
    Example:
      atlas scenario
      atlas scenario show --year 2030
      atlas scenario diff 2026 2030
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_scenarios)


@command.command(name="list")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def list_scenarios(session: Session, sink: Sink) -> None:
    """List the built-in scenarios with the number of features that are open and that are assumed.

    \b
    Example:
      atlas scenario list --format json
    """
    from atlas.data.scenario import BUILT_IN
    from atlas.travel.status import scenario_header

    rows = [scenario_header(session.network, session.scenario(Choice(year=name))) for name in BUILT_IN]
    for row in rows:
        row["year"] = row["year"] or "all"
    emit(Answer(_LIST, rows, {}, "scenarios"), sink)


@command.command()
@scenario_options
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def show(session: Session, choice: Choice, sink: Sink) -> None:
    """Show one scenario: its switches, and every feature that is open in it.

    \b
    Example:
      atlas scenario show --year 2035 --format csv
    """
    from atlas.travel.status import open_features, scenario_header

    chosen = session.scenario(choice)
    header = scenario_header(session.network, chosen)
    settings = {name: both(f"{name}.{header[name]}") for name in ("parameter_set", "boarding", "period", "timetable")}
    tell("answer.scenario", **{**header, **settings})
    emit(Answer(_OPEN, rows_of(open_features(session.network, chosen)), header, "open"), sink)


@command.command()
@click.argument("first")
@click.argument("second")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def diff(session: Session, first: str, second: str, sink: Sink) -> None:
    """Show what the scenario SECOND has and FIRST has not, and the other way round.

    FIRST and SECOND are years or scenario files.

    \b
    Example:
      atlas scenario diff 2026 2030
    """
    from atlas.data.stamp import stamp
    from atlas.travel.status import scenario_difference

    one, other = (session.scenario(session.choice_of(text)) for text in (first, second))
    frame = scenario_difference(session.network, one, other)
    about = {"first": one.name, "second": other.name, "hash": stamp(session.network.hash, [one, other])}
    tell("answer.differences", before=one.name, after=other.name, count=len(frame))
    emit(Answer(_DIFFERENCE, rows_of(frame), about, "differences"), sink)


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--base", default="2026", show_default=True, help="Built-in scenario to start from.")
@click.option("--name", help="What readers see; default: the file's name.")
@click.option("--year", type=int, help="Year, when not that of the base.")
@click.option("--with", "with_", multiple=True, metavar="ID", help="Feature or plan item opened, ferries or coaches.")
@click.option("--without", multiple=True, metavar="ID", help="Feature or plan item left out; may be repeated.")
@click.option("--close", multiple=True, metavar="ID", help="Feature shut; may be repeated.")
@click.option("--parameters", "parameter_set", type=click.Choice(SETS), help="Which end of each parameter's range.")
@click.option("--set", "settings", type=Setting(), multiple=True, help="One parameter's value; may be repeated.")
@click.option("--period", type=click.Choice(["free", "typical", "peak"]), help="Road traffic.")
@click.option("--boarding", type=click.Choice(["planned", "headway"]), help="How trains are boarded.")
@overwrite_option
@session_option
@talk_options
@click.pass_obj
def new(session: Session, /, file: Path, overwrite: bool, **wanted: Any) -> None:
    """Write a scenario file (TOML) that says all that it stands for.

    \b
    Example:
      atlas scenario new no-link.toml --base 2030 --without hmh --name "2030 without the link"
    """
    from atlas.base.files import write_text
    from atlas.data.scenario import refuse_contradiction, scenario_text

    file_form(file, None, ("toml",), usual="toml", overwrite=overwrite)
    known = session.known_ids
    start = session.scenario(Choice(year=wanted["base"]))
    session.check_ids([*wanted["with_"], *wanted["without"], *wanted["close"]], known)
    refuse_contradiction(str(file), wanted["with_"], wanted["without"])
    session.request(wanted["with_"])
    made = start.but(
        name=wanted["name"] or file.stem,
        year=wanted["year"] if wanted["year"] is not None else "same",
        with_=wanted["with_"],
        without=wanted["without"],
        close=wanted["close"],
        parameter_set=wanted["parameter_set"],
        overrides=dict(wanted["settings"]),
        period=wanted["period"],
        boarding=wanted["boarding"],
    )
    write_text(file, scenario_text(made), overwrite=overwrite)
    tell("answer.scenario_written", path=file)
