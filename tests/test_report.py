"""The report: the library's own numbers, offline, both languages, no table cut in print."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from pages import opened, wrong_language
from playwright.sync_api import Browser
from pypdf import PdfReader

from atlas.base.words import both
from atlas.data.catalog import Catalog
from atlas.data.stamp import find_stamps, stamp
from atlas.maps.pages.report import draw_report
from atlas.maps.sheets.browser import anchor_pages
from atlas.maps.sheets.editable import save_docx
from atlas.network.build import Network
from atlas.plan.lengths import stretches, total_kilometres
from atlas.plan.promises import check_claims
from atlas.plan.summary import MATRIX_MODES, Report, make_report
from atlas.travel.reach import od_matrix
from atlas.travel.status import scenario_header

A4_PX = (794 - 106, 1123 - 106)


@pytest.fixture(scope="module")
def report(catalog: Catalog, network: Network) -> Report:
    return make_report(catalog, network)


@pytest.fixture(scope="module")
def page(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(draw_report(report, home=False), "utf-8")
    return path


def rows_of(text: str, chapter: str, until: str) -> list[str]:
    part = text.split(f'<section id="{chapter}">')[1].split(f'<section id="{until}">')[0]
    return re.findall(r"<tr>(.*?)</tr>", part, flags=re.DOTALL)


def test_items_are_counted_once_and_the_four_counts_add_up(report: Report) -> None:
    assert sum(report.resolutions.values()) == len(report.register)
    for table in (report.items, report.items_at_issue):
        assert int(report.status_by_kind(table).to_numpy().sum()) == len(report.register)


def test_matrix_is_that_of_the_library(report: Report, network: Network) -> None:
    ids = list(report.seats["id"])
    found = od_matrix(network, ids, ids[:4], report.scenarios[2:3], MATRIX_MODES)
    for k, mode in enumerate(MATRIX_MODES):
        own = report.minutes[2, k][:, :4].ravel()
        assert own == pytest.approx(found.loc[found["mode"] == mode, "travel_time_min"].to_numpy(), nan_ok=True)


def test_kilometres_claims_and_assumed_counts_are_those_of_the_library(
    report: Report, network: Network, catalog: Catalog
) -> None:
    table = total_kilometres(stretches({key: layer.frame for key, layer in catalog.layers().items()}))
    assert report.kilometres["km"].sum() == pytest.approx(table["km"].sum())
    assert report.cities["km"].sum() == pytest.approx(table["km"].sum())
    assert report.trips.equals(check_claims(network, report.scenarios, report.targets, readings=["all"]))
    headers = [scenario_header(network, scenario) for scenario in report.scenarios]
    assert [row["assumed"] for row in report.headers] == [row["assumed"] for row in headers]
    assert len(report.assumed) == headers[-1]["assumed"]


def test_what_opens_is_closed_before_and_every_project_opens(report: Report) -> None:
    for step in report.steps:
        opened_then = set(step.opened["name"])
        assert set(step.opened["first"]) <= {"not open"}
        for change in step.changes.values():
            assert set(change.projects["project"]) <= opened_then | {
                name for name in change.projects["project"] if name.startswith(("highways/acc_", "stations/"))
            }


def test_the_page_says_every_promise_with_its_minutes_and_verdict(report: Report, page: Path) -> None:
    text = page.read_text("utf-8")
    for target in report.targets:
        assert target.wording in text
        assert f'id="{target.id}"' in text
    for trip in report.deciding:
        assert f"{trip.minutes:.0f} min, most of them for" in text
        assert f"{trip.parts[0].minutes:.0f} min" in text
    assert text.count("most of them for") == len(report.deciding) > 0
    rows = "\n".join(rows_of(text, "promises", "years"))
    for row in report.summary.itertuples():
        assert f">{float(str(row.minutes)):.0f} min<" in rows or str(row.minutes) == "nan"
    assert rows.count('class="verdict inside"') >= int((report.summary["verdict"] == "inside").sum())


def test_every_scenario_stands_with_its_number_of_assumed_features_and_hash(
    report: Report, page: Path, network: Network
) -> None:
    rows = rows_of(page.read_text("utf-8"), "scenarios", "promises")
    for scenario, header in zip(report.scenarios, report.headers, strict=True):
        row = next(row for row in rows if stamp(network.hash, [scenario]) in row)
        assert f">{header['assumed']}<" in row
        assert f">{header['features']}<" in row


def test_no_sentence_is_in_the_other_language_but_the_plans_own_name(page: Path) -> None:
    wrong = wrong_language(page.read_text("utf-8"))
    assert [words for words in wrong if not words.startswith("珠江口西岸都市圈发展规划")] == []


def test_features_of_one_name_are_told_apart_by_their_ends(report: Report) -> None:
    for step in report.steps:
        names = step.opened["name_zh"].tolist()
        assert {name for name in names if names.count(name) > 1} == set()


def test_the_stamp_is_found(report: Report, page: Path) -> None:
    assert find_stamps(page) == (report.hash,)


def test_the_same_report_is_the_same_page(report: Report, page: Path) -> None:
    assert draw_report(report, home=False) == page.read_text("utf-8")


def test_what_the_tables_hold_stays_text(report: Report) -> None:
    hostile = "<script>alert(1)</script>"
    sources = {
        key: replace(one, title=hostile, title_zh=hostile, publisher=hostile) for key, one in report.sources.items()
    }
    page = draw_report(
        replace(report, sources=sources, seats=report.seats.assign(name_en=hostile), as_of=hostile, hash=hostile)
    )
    assert hostile not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 3 * len(sources)


def test_it_opens_offline_in_both_languages(browser: Browser, page: Path) -> None:
    with opened(browser, page) as shown:
        chinese = shown.inner_text("h1")
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shown.click("#language")
        assert shown.inner_text("h1") != chinese
        assert not re.search("[\u4e00-\u9fff]", shown.inner_text("h1"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_table_is_wider_than_the_paper_and_heads_are_repeated(
    browser: Browser, report: Report, page: Path, lang: str
) -> None:
    path = page.with_name(f"{lang}.html")
    path.write_text(draw_report(report, lang=lang, home=False), "utf-8")
    with opened(browser, path, size=A4_PX) as shown:
        shown.emulate_media(media="print")
        wide = shown.evaluate(
            """landscape => [...document.querySelectorAll("table")].filter(table => {
                const room = table.closest(".matrix") ? landscape : document.body.clientWidth;
                return table.scrollWidth > room + 1 || table.parentElement.scrollWidth > room + 1;
            }).map(table => table.caption.textContent)""",
            1123 - 91,
        )
        assert wide == []
        heads = shown.evaluate("[...document.querySelectorAll('thead')].map(h => getComputedStyle(h).display)")
        assert set(heads) == {"table-header-group"}
        breaks = shown.evaluate("[...document.querySelectorAll('tr')].map(r => getComputedStyle(r).breakInside)")
        assert set(breaks) == {"avoid"}


def test_the_report_is_a_word_document_with_contents_page_numbers_and_real_tables(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    written = docx.Document(str(save_docx(text, tmp_path / "report.docx")))
    chapters = [one.text for one in written.paragraphs if one.style is not None and one.style.name == "Heading 1"]
    assert chapters == ["目录", *(both(f"report.{name}").zh for name in re.findall(r'<section id="(\w+)"><h2>', text))]
    assert len(written.tables) == text.count("<table>")
    rows = sum(len(table.rows) for table in written.tables)
    assert rows == len(re.findall(r"<tr>", text))
    xml = written.element.xml
    assert "TOC " in xml
    # the first chapter begins a page, and no page is empty for it
    assert 'w:type="page"' not in xml
    heads = [one for one in written.paragraphs if one.style is not None and one.style.name == "Heading 1"]
    assert [one.text for one in heads if one.paragraph_format.page_break_before] == chapters[1:2]
    assert "PAGE" in written.sections[0].footer.paragraphs[0]._p.xml
    shown = "\n".join(one.text for one in written.paragraphs)
    assert "Promises" not in shown
    assert not any(re.fullmatch(r"[a-z]+-[a-z]+-\d+", one.text) for one in written.paragraphs)


def test_printed_pages_of_the_report_bear_numbers(browser: Browser, page: Path) -> None:
    with opened(browser, page) as shown:
        content = shown.pdf(prefer_css_page_size=True)
    sheets = PdfReader(io.BytesIO(content))
    assert len(sheets.pages) > 10
    assert f"3 / {len(sheets.pages)}" in sheets.pages[2].extract_text()
    # and the table of contents can say on which page a chapter begins
    pages = anchor_pages(content)
    for name in ("scenarios", "promises", "years", "sources"):
        # a reader of PDFs may give radicals for characters
        assert both(f"report.{name}").zh in unicodedata.normalize("NFKC", sheets.pages[pages[name] - 1].extract_text())
