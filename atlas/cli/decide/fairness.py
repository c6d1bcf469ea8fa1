"""`atlas fairness`: how evenly minutes are spread over people."""

from __future__ import annotations

import click

from atlas.base.words import Words, both
from atlas.cli.decide.shared import centres_option, ground_of, limit_option
from atlas.cli.options import format_options, mode_option, scenarios_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, tell, tell_assumed
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_TABLE = (
    Column("scenario", "year"),
    Column("centre", "to"),
    Column("within", "people within", decimals=0),
    Column("no_way", "no way", decimals=0),
    Column("mean_min", "mean min"),
    Column("p10", "p10"),
    Column("p50", "p50"),
    Column("p90", "p90"),
    Column("p95", "p95"),
    Column("palma", "Palma", decimals=2),
    Column("gini", "Gini", decimals=3),
    Column("worst_zh", "worst off"),
    Column("worst_min", "min"),
    Column("core_min", "core"),
    Column("edge_min", "edge"),
    Column("gap_min", "gap"),
)
_CURVE = (
    Column("scenario", "year"),
    Column("centre", "to"),
    Column("share_of_people", "share of people", decimals=2),
    Column("share_of_minutes", "share of minutes", decimals=3),
    Column("minutes", "min"),
)


@click.command(name="fairness")
@centres_option
@limit_option
@click.option("--curve", is_flag=True, help="The Lorenz curve in place of the table.")
@mode_option
@scenarios_options(every=True)
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    centres: tuple[str, ...],
    limit_min: float,
    curve: bool,
    mode: str,
    choices: tuple[Choice, ...],
    sink: Sink,
) -> None:
    """Say how evenly minutes to the centres are spread over the residents of the four cities, by year.

    Quantiles of minutes over people, the Palma ratio (mean of the farthest tenth over that of the nearest four tenths),
    the Gini coefficient and the Lorenz curve, the county that is worst off, and the gap between the counties that hold
    a centre and all others; to the nearest centre and to each. Method: docs/decisions.md.

    \b
    Example:
      atlas fairness
      atlas fairness --to 珠海 --year 2023 --year 2035 --mode drive
      atlas fairness --curve --format csv
    """
    from atlas.data.stamp import stamp
    from atlas.decide.access import fairness

    scenarios = [session.scenario(choice) for choice in choices]
    table, lorenz = fairness(
        session.network, scenarios, ground_of(session), centres=centres, mode=mode, limit_min=limit_min
    )
    tell("decide.fairness", mode=both(f"mode.{mode}"))
    first, last = table.iloc[0], table[table["scenario"] == scenarios[-1].name].iloc[0]
    if len(scenarios) > 1:
        name = Words(str(last["worst_zh"]), str(last["worst_en"]))
        facts = {"before": first["gap_min"], "after": last["gap_min"], "minutes": last["worst_min"]}
        tell("decide.fairness_change", first=scenarios[0].name, last=scenarios[-1].name, worst=name, **facts)
    assumed = session.assumed(*scenarios)
    tell_assumed(assumed)
    about = {
        "scenarios": [scenario.name for scenario in scenarios], "mode": mode, "limit_min": limit_min,
        "assumed_features": assumed, "hash": stamp(session.network.hash, scenarios),
    }  # fmt: skip
    if sink.chosen == "json":
        about["table" if curve else "curve"] = rows_of(table if curve else lorenz)
    columns, frame, key = (_CURVE, lorenz, "curve") if curve else (_TABLE, table, "fairness")
    emit(Answer(columns, rows_of(frame), about, key), sink)
