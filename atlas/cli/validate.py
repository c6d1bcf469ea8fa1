"""`atlas validate`: the model against measured times."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.cli.options import format_options, scenario_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, say
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_SUMMARY = (
    Column("check", "check"),
    Column("pairs", "pairs"),
    Column("median_error_min", "median, min"),
    Column("p90_error_min", "P90, min"),
    Column("median_percent", "median, %"),
    Column("p90_percent", "P90, %"),
    Column("bias_percent", "bias, %"),
)


@click.command(name="validate")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write the validation page too.")
@scenario_options
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(session: Session, page: Path | None, choice: Choice, sink: Sink) -> None:
    """Compare the model with the calibration tables.

    Rail: station pairs as ridden, and the run-time formula on services and pairs it was not fitted on. Roads: the
    measured drives, and again with speed factors fitted on the other drives. The ten worst are named with a
    reason; JSON and CSV hold every comparison.

    \b
    Example:
      atlas validate
      atlas validate --format json
    """
    from atlas.files import write_text
    from atlas.maps.validation import draw_validation
    from atlas.rules import require_valid, trains_off_their_lines
    from atlas.stamp import stamp
    from atlas.validation import summary, validate, worst

    catalog = session.catalog
    scenario = session.scenario(choice)
    require_valid(tuple(trains_off_their_lines(catalog.layers())))
    found = validate(session.network, scenario, session.folder / "data" / "facts", catalog.layer("railways").frame)
    rows = [
        {**row, **{f"{name}_percent": 100 * row[key] for name, key in _PERCENT.items()}}
        for row in rows_of(summary(found.errors))
    ]
    for row in rows_of(worst(found.errors)):
        say(
            f"{row['check']}: {row['from_zh']} → {row['to_zh']} {row['measured_min']:.0f} min measured, "
            f"{row['modelled_min']:.0f} modelled ({100 * row['error']:+.0f} %): {row['why']}"
        )
    about = {
        "scenario": scenario.name,
        "hash": stamp(session.network.hash, [scenario]),
        "errors": rows_of(found.errors),
        "lines_left_out": rows_of(found.lines),
        "formula_fitted": vars(found.formula),
        "road_factors_fitted": dict(found.road_factors),
        "parameters": dict(scenario.parameters.values),
    }
    if sink.chosen == "csv":
        emit(Answer(_SUMMARY, rows_of(found.errors), {"hash": about["hash"]}, "errors"), sink)
    else:
        emit(Answer(_SUMMARY, rows, about if sink.chosen == "json" else {}, "summary"), sink)
    if page is not None:
        write_text(page, draw_validation(found, hash=str(about["hash"])), overwrite=sink.overwrite)
        say(f"wrote {page}")


_PERCENT = {"median": "median_error", "p90": "p90_error", "bias": "bias"}
