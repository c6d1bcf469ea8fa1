"""`atlas claims`: the plan's promises of travel time, computed."""

from __future__ import annotations

import click

from atlas.base.errors import PlanError
from atlas.base.words import Words
from atlas.cli.options import format_options, scenarios_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, tell, tell_assumed
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_SUMMARY = (
    Column("title_zh", "target"),
    Column("reading", "reading"),
    Column("limit_min", "limit", decimals=0),
    Column("scenario", "year"),
    Column("mode", "mode"),
    Column("measure", "measure"),
    Column("worst_from_zh", "worst trip"),
    Column("worst_to_zh", "to"),
    Column("minutes", "min", decimals=0),
    Column("margin_min", "margin", decimals=0),
    Column("verdict", "verdict"),
    Column("stability", "stability"),
)
_TRIPS = (
    Column("target_id", "target"),
    Column("from_zh", "from"),
    Column("to_zh", "to"),
    Column("scenario", "year"),
    Column("mode", "mode"),
    Column("measure", "measure"),
    Column("variant", "parameters"),
    Column("minutes", "min"),
    Column("margin_min", "margin"),
    Column("verdict", "verdict"),
    Column("stability", "stability"),
)


@click.command(name="claims")
@click.option("--target", "wanted", multiple=True, metavar="ID", help="Only this target; may be repeated.")
@click.option("--reading", "readings", multiple=True, metavar="ID", help="Another reading than the default; or all.")
@scenarios_options(every=True)
@click.option("--trips", is_flag=True, help="Every trip and parameter set, not the worst trip only.")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    wanted: tuple[str, ...],
    readings: tuple[str, ...],
    choices: tuple[Choice, ...],
    trips: bool,
    sink: Sink,
) -> None:
    """Compute the plan's promises: definition, minutes by year and mode, margin, verdict, stability.

    The plan does not define its circles: each target states the definition used, and --reading chooses another.
    A target holds as far as its worst trip does. Stability compares favourable, central and adverse parameters.

    \b
    Example:
      atlas claims --year 2026
      atlas claims --target circle-two-hours --reading all --format json
      atlas claims --trips --format csv
    """
    from atlas.data.stamp import stamp
    from atlas.plan.promises import check_claims, read_targets, summarise_claims

    targets = read_targets(session.folder / "data" / "plan" / "targets.toml")
    targets = targets.only(wanted) if wanted else targets
    scenarios = [session.scenario(choice) for choice in choices]
    if len({scenario.name for scenario in scenarios}) < len(scenarios):
        raise PlanError("two scenarios bear the same name; give each its own")
    frame = check_claims(session.network, scenarios, targets, readings=readings)
    shown = frame if trips or sink.chosen != "table" else summarise_claims(frame)
    for target in targets:
        for reading in target.chosen(readings):
            title, read_as = Words(target.title_zh, target.title_en), Words(reading.about_zh, reading.about_en)
            tell("claims.told", title=title, target=target.id, reading=reading.id, about=read_as)
    assumed = session.assumed(*scenarios)
    tell_assumed(assumed)
    about = {
        "scenarios": [scenario.name for scenario in scenarios],
        "assumed_features": assumed,
        "band_min": targets.band_min,
        "band_basis": targets.band_basis,
        "summary": rows_of(summarise_claims(frame)),
        "hash": stamp(session.network.hash, scenarios),
    }
    if sink.chosen == "csv":
        about = {}
    emit(Answer(_TRIPS if trips else _SUMMARY, rows_of(shown), about, "claims"), sink)
