"""`atlas report`: the plan, its years and its promises on one page."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.cli.options import overwrite_option, session_option, talk_options
from atlas.cli.output import tell
from atlas.cli.session import Session

__all__ = ["command"]


@click.command(name="report")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default="report.html",
    show_default=True,
    help="The page.",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Opening language.")
@overwrite_option
@session_option
@talk_options
@click.pass_obj
def command(session: Session, output: Path, lang: str, overwrite: bool) -> None:
    """Write the report: one HTML page, to be read offline or printed on A4.

    It holds the plan in numbers, status, kilometres, scenarios with what they assume, every promise with its
    definition, minutes, margin, verdict and stability, the changes year by year, minutes between all seats,
    method, parameters and sources, in Chinese and English; print shows the language chosen on the page.

    \b
    Example:
      atlas report -o report.html
    """
    from atlas.base.files import write_text
    from atlas.maps.pages.report import draw_report
    from atlas.plan.summary import make_report

    page = draw_report(make_report(session.catalog, session.network), lang=lang, home=False)
    write_text(output, page, overwrite=overwrite)
    tell("answer.wrote", path=output)
