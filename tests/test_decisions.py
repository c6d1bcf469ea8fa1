"""Pages of decisions: the numbers of the commands, charts that say their values, both languages, nothing for axe."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from click.testing import CliRunner
from pages import DESKTOP, PHONE, opened, serious, wrong_language
from playwright.sync_api import Browser

from atlas.base.words import LANGUAGES, Words, both
from atlas.cli import cli
from atlas.data.catalog import Catalog, open_catalog
from atlas.data.scenario import load_scenario
from atlas.decide.access import fairness
from atlas.decide.events import read_events, run_event
from atlas.decide.needs import SHARE_OF_POSSIBLE
from atlas.face.decisions import STEPS, Asked, Decisions, gather_decisions
from atlas.land.ground import Ground
from atlas.maps.charts import Bar, Series, bar_chart, slope_chart, waterfall_chart
from atlas.maps.pages.claims import Beside, Weighed, draw_claims
from atlas.maps.pages.resilience import draw_resilience
from atlas.maps.sheets.browser import chart_pictures
from atlas.maps.sheets.closures import event_figure, link_figure
from atlas.maps.sheets.decided import decided
from atlas.maps.sheets.editable import save_docx
from atlas.maps.sheets.fair import fairness_figures
from atlas.maps.sheets.figures import explorer, option_words, seats_by_name, worth_figure
from atlas.network.build import Network
from atlas.plan.deciding import deciding_trips
from atlas.plan.promises import Targets, check_claims, known_targets, summarise_claims

TARGETS = ("circle-two-hours", "corridor-coast")
EVENTS = ("fog-estuary", "ragasa-2025")
LINK = {
    "scenario": "2026", "rank": 1, "link": "highways/s47_jz", "name_zh": "江珠高速", "name_en": "Jiangzhu Expwy",
    "people_lost": 1288938.1, "people_cut": 0.0, "people_delayed": 2607627.2, "person_hours": 981146.4,
    "pairs_lost": 39, "pairs_cut": 0, "pairs_delayed": 187,
}  # fmt: skip


@pytest.fixture(scope="module")
def targets(catalog: Catalog) -> Targets:
    found = known_targets(catalog)
    assert found is not None
    return found.only(TARGETS)


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def found(catalog: Catalog, network: Network, ground: Ground, targets: Targets, told: list[str]) -> Decisions:
    events = [event for event in read_events(catalog.root / "data" / "events") if event.id in EVENTS]
    gathered = gather_decisions(
        catalog, network, ground, targets, Asked(critical_in=(), orders=2), events=events,
        progress=lambda name, done, total: told.append(name),
    )  # fmt: skip
    facts = {**gathered.facts, "critical_in": ["2026"]}
    return replace(gathered, facts=facts, links=(LINK, {**LINK, "rank": 2, "people_cut": 9e4, "link": "highways/x"}))


@pytest.fixture(scope="module")
def site(
    found: Decisions, catalog: Catalog, network: Network, targets: Targets, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder, names = tmp_path_factory.mktemp("decisions"), ["2023", "2030", "2035"]
    years = [load_scenario(name) for name in names]
    summary = summarise_claims(check_claims(network, years, targets, readings=["all"]))
    trips = deciding_trips(network, years[1:2], summary, modes=("multimodal",))
    shown, places = decided(found, network), seats_by_name(network.place_layer.frame)
    claims = draw_claims(
        summary, targets, scenarios=names, hash="a", english=network.english_names,
        beside=Beside(trips, weighed=Weighed(found, places), decided=shown),
    )  # fmt: skip
    (folder / "claims.html").write_text(claims, "utf-8")
    (folder / "resilience.html").write_text(draw_resilience(found, shown, network, catalog.layers()), "utf-8")
    return folder


def answer(*arguments: str) -> dict[str, list[dict[str, object]]]:
    told = CliRunner().invoke(cli, [*arguments, "--format", "json"])
    assert told.exit_code in (0, 1), told.stderr
    return json.loads(told.stdout)  # type: ignore[no-any-return]


def test_what_is_gathered_goes_into_a_file_and_comes_back(found: Decisions, told: list[str]) -> None:
    assert Decisions.unpacked(json.loads(json.dumps(found.packed()))) == found
    assert set(told) <= set(STEPS)
    assert list(dict.fromkeys(told)) == [name for name in STEPS if name != "critical"]


def test_worth_needs_and_breaks_of_a_target_are_those_of_the_commands(found: Decisions) -> None:
    asked = ("value", "--measure", "trips", "--target", "corridor-coast", "--orders", "2")
    by_project = {row["project"]: row for row in answer(*asked)["projects"]}
    mine = found.of(found.targets, "target", "corridor-coast")
    assert len(mine) > 2
    for row in mine:
        for key in ("first_in", "last_in", "value", "standard_error"):
            assert row[key] == pytest.approx(by_project[row["project"]][key], abs=2e-6)
    solved = answer("solve", "--target", "circle-two-hours", "--year", "2030", "--top", "6")
    need = found.of(found.needs, "target", "circle-two-hours")[0]
    assert need["minutes"] == solved["minutes"]
    kept = found.of(found.options, "target", "circle-two-hours")
    assert [row["needed"] for row in kept] == [row["needed"] for row in solved["options"]]
    broken = answer("critical", "--target", "corridor-coast", "--year", "2030", "--top", "8")["links"]
    assert [(row["link"], row["later_min"]) for row in found.of(found.breaks, "target", "corridor-coast")] == [
        (row["link"], row["later_min"]) for row in broken
    ]


def test_the_spread_of_minutes_on_the_page_is_that_of_the_library(
    network: Network, ground: Ground, found: Decisions, site: Path
) -> None:
    table, curve = fairness(network, [load_scenario("2035")], ground)
    expected = table[table["centre"] == "nearest"].iloc[0]
    (row,) = [row for row in found.fairness if row["scenario"] == "2035"]
    for name in ("p10", "p50", "p90", "palma", "gini", "worst_min", "core_min", "edge_min"):
        assert row[name] == pytest.approx(expected[name], abs=1e-5)
    last = [row["share_of_minutes"] for row in found.curve if row["scenario"] == "2035"]
    assert last == pytest.approx(curve[curve["centre"] == "nearest"]["share_of_minutes"].tolist(), abs=1e-5)
    text = (site / "claims.html").read_text("utf-8")
    section = text[text.index('<section id="fairness">') : text.index('<section id="gaps">')]
    assert f"{row['palma']:.2f}" in section
    assert str(row["worst_zh"]) in section
    assert section.count("<svg") == 2


def test_where_no_core_is_named_no_spread_is_shown(found: Decisions) -> None:
    assert fairness_figures(replace(found, fairness=(), curve=())) == []


def test_the_worth_by_city_adds_up_to_that_of_all(found: Decisions) -> None:
    for row in found.projects:
        parts = sum(one["value"] for one in found.of(found.cities, "project", row["project"]))
        assert parts == pytest.approx(row["value"], abs=1e-3)
    assert sum(row["value"] for row in found.projects) == pytest.approx(found.facts["joint"], abs=1e-2)
    assert sum(found.facts["city_share"].values()) == pytest.approx(1.0)


def test_an_event_on_the_page_is_the_event_that_is_run(
    found: Decisions, network: Network, ground: Ground, site: Path
) -> None:
    event = next(one for one in read_events(open_catalog().root / "data" / "events") if one.id == "ragasa-2025")
    run = run_event(network, event, load_scenario("2026"), ground)
    mine = found.of(found.events, "id", "ragasa-2025")[0]
    assert mine["people_lost"] == pytest.approx(run.losses.people_lost, abs=1e-5)
    page = (site / "resilience.html").read_text("utf-8")
    worst = run.counties.iloc[0]
    assert f"{worst['name_zh']} {worst['dropped'] / 1e4:,.1f} 万" in page
    assert f"{worst['name_en']} {worst['dropped'] / 1e3:,.0f}k" in page


def test_who_drops_out_and_who_is_cut_off_are_told_apart_the_most_first(found: Decisions, catalog: Catalog) -> None:
    county = {"name_zh": "甲", "name_en": "A", "city": "珠海", "people": 9e5, "inside_before": 5e5, "inside_after": 4e5,
              "minutes_before": 9.0, "minutes_after": 9.0}  # fmt: skip
    losses = ((4e3, 0.0), (120.0, 0.0), (0.0, 34e3), (9e3, 40.0))
    counties = [
        {**county, "name_en": name, "dropped": dropped, "cut": cut}
        for name, (dropped, cut) in zip("ABCD", losses, strict=True)
    ]
    event = {**found.events[0], "counties": counties, "basis": "assumed"}
    note = event_figure(found, event, catalog.region, "zhuhai", "").note
    assert note.en.startswith("Out of the hour of the nearest centre: D 9k, A 4k. No route to any centre: C 34k.")
    nobody = event_figure(found, {**event, "counties": []}, catalog.region, "zhuhai", "").note
    assert nobody.en.startswith(both("figures.nobody").en)


def test_a_bar_says_nothing_of_people_too_few_to_be_said(found: Decisions) -> None:
    row = {**found.links[0], "scenario": "x", "people_cut": 120.0}
    few = link_figure(replace(found, links=[row]), "x")
    many = link_figure(replace(found, links=[{**row, "people_cut": 12_000.0}]), "x")
    said = ["".join(text.words.zh for text in figure.chart.texts) for figure in (few, many)]
    assert "中断" not in said[0].replace(both("figures.links", year="x").zh, "")
    assert "1.2 万" in said[1]


def test_every_value_of_a_chart_stands_beside_it_and_in_its_table(found: Decisions, site: Path) -> None:
    page = (site / "claims.html").read_text("utf-8")
    for row in found.of(found.targets, "target", "corridor-coast"):
        if row["value"] >= 0.05:
            assert f">{row['value']:.1f}</text>" in page
            assert f">{row['value']:.2f}<" in page
    for row in found.projects[:3]:
        assert f"{row['value'] / 1e4:,.1f} 万</text>" in page


@pytest.mark.parametrize("name", ["claims.html", "resilience.html"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pages_open_in_both_languages_and_axe_finds_nothing_serious(
    browser: Browser, site: Path, name: str, size: tuple[int, int]
) -> None:
    for lang in LANGUAGES:
        with opened(browser, site / name, size=size, fragment=f"#g={lang}") as page:
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            seen = page.eval_on_selector_all(
                "main svg text", "all => all.filter(t => t.getClientRects().length).map(t => t.textContent)"
            )
            assert seen
            if lang == "en":
                assert not [words for words in seen if re.search(r"[\u4e00-\u9fff]", words)]
            assert size != DESKTOP or serious(page) == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_planners_questions_are_answered_within_two_clicks_of_the_page(
    browser: Browser, site: Path, found: Decisions, size: tuple[int, int]
) -> None:
    """Which projects matter for 阳江, and what 黄茅海 does for ports; the start page is one click before."""
    mine = [row for row in found.cities if row["city"] == "阳江"]
    assert mine
    with opened(browser, site / "claims.html", size=size, fragment="#g=zh") as page:
        page.click("nav a[href='#cities']")
        assert page.evaluate("document.querySelector('#cities').getBoundingClientRect().top") < size[1] / 2
        figures = page.locator("#cities ~ .figures-row").first.locator("figure").all_inner_texts()
        assert any("阳江" in text for text in figures)
    ports = {row["project"] for row in found.of(found.sites, "kind_of_site", "port")}
    assert ports
    with opened(browser, site / "claims.html", size=size, fragment="#g=zh") as page:
        page.click("nav a[href='#sites']")
        figure = page.locator("#sites figure").first
        assert "港口" in figure.inner_text()
        for row in found.projects:
            # with its people in the table, or named among those that do nothing
            named = figure.locator("tr" if row["project"] in ports else "p.small", has_text=str(row["name_zh"]))
            assert named.count() >= 1, row["name_zh"]
        assert any("黄茅海" in str(row["name_zh"]) for row in found.projects)
        figure.locator("summary").click()
        assert figure.locator("tbody tr, tr").last.is_visible()


def test_charts_and_maps_go_into_a_word_document_as_pictures_in_its_language(site: Path, tmp_path: Path) -> None:
    text = (site / "resilience.html").read_text("utf-8")
    chinese, english = chart_pictures(text, lang="zh"), chart_pictures(text, lang="en")
    assert len(chinese) == len(english) == len(re.findall('class="(?:chart|event)"', text)) > 3
    assert all(one.startswith(b"\x89PNG") and len(one) > 5000 for one in [*chinese, *english])
    assert all(zh != en for zh, en in zip(chinese, english, strict=True))
    with_pictures = docx.Document(str(save_docx(text, tmp_path / "with.docx", pictures=chinese)))
    assert len(with_pictures.inline_shapes) == len(chinese)
    # a page that opens in Chinese makes an English document
    without = docx.Document(str(save_docx(text, tmp_path / "without.docx", lang="en")))
    assert len(without.inline_shapes) == 0
    assert len(without.tables) == len(with_pictures.tables) == text.count("<table>")
    words = [cell.text for table in without.tables for row in table.rows for cell in row.cells]
    assert sum(map(bool, words)) > len(words) / 2
    assert not re.search("[\u4e00-\u9fff]", "".join(words))


def test_no_sentence_of_the_pages_is_in_the_other_language(site: Path) -> None:
    for name in ("claims.html", "resilience.html"):
        assert wrong_language((site / name).read_text("utf-8")) == [], name


def test_an_option_of_all_things_at_once_beside_a_project_says_both(found: Decisions) -> None:
    row = {
        "by": "project", "name_zh": "甲", "name_en": "A", "unit": "projects", "before": 0.0, "needed": 1.0,
        "other": "", "other_zh": "各项", "other_en": "all", "other_unit": SHARE_OF_POSSIBLE, "other_before": 0.0,
        "other_needed": 0.85,
    }  # fmt: skip
    said = option_words(row)
    assert said.zh == "建成甲，各项同时改善到可能幅度的 85%"
    assert said.en == "A built, everything at once, 85% of the way to what is possible"


def test_projects_that_bring_nobody_are_named_beneath_the_chart_and_not_listed(found: Decisions) -> None:
    nothing = {**found.projects[0], "name_zh": "无", "name_en": "None", "first_in": 0.0, "last_in": 0.0, "value": 0.0}
    figure = worth_figure(replace(found, projects=(*found.projects, nothing)))
    assert figure.table is not None
    assert figure.note is not None
    assert "无" not in {row[0].text[0] for row in figure.table.rows}
    assert figure.note.zh.endswith("无。")


def test_the_explorer_is_asked_with_the_scenario_set() -> None:
    without = explorer({"o": "zhuhai", "y": "2035"}, {"o": "zhuhai", "y": "2035", "wo": "highways/hmh;railways/x"})
    assert (
        without == "explore.html#d=change&o=zhuhai&pin=o%3Dzhuhai%26wo%3Dhighways/hmh%253Brailways/x%26y%3D2035&y=2035"
    )


def test_bars_are_as_long_as_their_values_and_whiskers_as_errors() -> None:
    said = Words("1", "1")
    chart = bar_chart(
        both("figures.slope"), [Bar(said, 10.0, said, error=2.0), Bar(said, 5.0, said), Bar(said, 0, said)]
    )
    lengths = [box.width for box in chart.boxes]
    assert lengths[0] == pytest.approx(2 * lengths[1])
    assert lengths[2] < 1
    whisker = chart.lines[0]
    assert (whisker.x2 - whisker.x1) / lengths[0] == pytest.approx(0.4)
    assert bar_chart(said, []).boxes == []


def test_a_waterfall_ends_where_its_whole_does() -> None:
    said = Words("1", "1")
    parts = [Bar(said, value, said) for value in (3.0, 4.0, 5.0)]
    *own, whole = waterfall_chart(said, parts, Bar(said, 12.0, said), limit=6.0, limit_said=said).boxes
    for box, after in itertools.pairwise(own):
        assert box.x + box.width == pytest.approx(after.x)
    assert own[-1].x + own[-1].width == pytest.approx(whole.width)


def test_the_limit_of_a_waterfall_crosses_no_word_of_it() -> None:
    minutes = [Bar(Words(f"第 {i} 段行程的名称很长", "a long name"), 12.0, Words("12", "12 min")) for i in range(5)]
    chart = waterfall_chart(
        Words("", ""), minutes, Bar(Words("合计", "sum"), 60.0, Words("60", "60 min")), limit=58.0, limit_said=None
    )
    limits = [line for line in chart.lines if line.kind == "limit"]
    assert len(limits) == len(chart.boxes)
    for text in chart.texts:
        for line in limits:
            apart = line.y2 <= text.y - 11 or line.y1 >= text.y + 1
            beside = text.kind == "figure" and not text.x - 2 < line.x1 < text.x + 36
            assert apart or beside, text


def test_lines_of_a_slope_rise_with_their_values_and_skip_what_is_not_there() -> None:
    said, gap = Words("1", "1"), float("nan")
    chart = slope_chart(
        said,
        [said] * 3,
        [Series(said, (100.0, 80.0, 60.0)), Series(said, (gap, gap, gap))],
        limit=90.0,
        limit_said=said,
    )
    heights = [mark.y for mark in chart.marks]
    assert heights == sorted(heights)
    assert len(heights) == 3


def test_names_of_lines_that_end_at_the_limit_stand_above_the_years() -> None:
    said = Words("1", "1")
    chart = slope_chart(said, [said] * 2, [Series(said, (119.0, 119.0))] * 3, limit=120.0, limit_said=said)
    years = [text.y for text in chart.texts if text.anchor in ("start", "middle") and text.x < 300 and text.y > 160]
    names = [text.y for text in chart.texts if text.x > 270]
    assert len(names) == 4
    assert max(names) < min(years) - 11
