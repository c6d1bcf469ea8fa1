"""`atlas report`: the plan, its years and its promises on one page."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.cli.options import ending_option, overwrite_option, session_option, talk_options
from atlas.cli.output import file_form, tell
from atlas.cli.session import Session

__all__ = ["command"]


@click.command(name="report")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="NAME.html, NAME.docx or NAME.pdf. Default: report.html, or report with the ending of --format.",
)
@ending_option("html", "docx", "pdf")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Opening language.")
@click.option("--brief", is_flag=True, help="Leave out worth, needs, closures and events: some minutes the first time.")
@overwrite_option
@session_option
@talk_options
@click.pass_obj
def command(session: Session, output: Path | None, form: str | None, lang: str, brief: bool, overwrite: bool) -> None:
    """Write the report: one HTML page, to be read offline or printed on A4, a Word document or a PDF.

    It holds the plan in numbers, status, kilometres, scenarios with what they assume, every promise with its
    definition, minutes, margin, verdict and stability, what it needs and what breaks it, the worth of projects, events
    and who drops out, corridors, the changes year by year, minutes between all seats, method, parameters and sources,
    in Chinese and English; print shows the language chosen on the page.

    \b
    Example:
      atlas report -o report.html
      atlas report -o report.docx
      atlas report -o report.pdf
    """
    from atlas.base.errors import ExportError
    from atlas.base.files import write_text
    from atlas.maps.pages.report import draw_report
    from atlas.maps.sheets.browser import chart_pictures, find_browser, save_sheet
    from atlas.maps.sheets.editable import save_docx
    from atlas.plan.summary import make_report

    output = output or Path(f"report.{form or 'html'}")
    form = file_form(output, form, ("html", "docx", "pdf"), usual="html", overwrite=overwrite)
    if form == "pdf":
        find_browser()
    report = make_report(session.catalog, session.network)
    found = None if brief else session.decisions
    layers = session.catalog.layers()
    page = draw_report(report, lang=lang, home=False, found=found, network=session.network, layers=layers)
    if form == "docx":
        try:
            find_browser()
        except ExportError as reason:
            tell("answer.no_pictures", reason=reason)
            pictures = []
        else:
            pictures = chart_pictures(page, lang=lang)
        save_docx(page, output, lang=lang, pictures=pictures, overwrite=overwrite)
    elif form == "pdf":
        save_sheet(page, output, form="pdf", sheet=False, overwrite=overwrite)
    else:
        write_text(output, page, overwrite=overwrite)
    tell("answer.wrote", path=output)
