"""The plan list and the search: every item is listed, filtered, saved and found by what people type."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from pages import DESKTOP, PHONE, address, opened, violations
from playwright.sync_api import Browser, Page

from atlas.base.words import simplified
from atlas.data.catalog import Catalog
from atlas.data.register import item_table
from atlas.maps.pages.layers import draw_layers
from atlas.maps.sheets.plan import draw_plan

#: What people type → what must stand first, as ``layer/id`` or the id of an item of the plan.
TYPED = {
    "珠海": "places/zhuhai", "中山": "places/zhongshan", "江门": "places/jiangmen", "阳江": "places/yangjiang",
    "zhuhai": "places/zhuhai", "yangjiang": "places/yangjiang", "陽江": "places/yangjiang", "江門": "places/jiangmen",
    "珠海站": "plan-stn-05", "江门站": "plan-stn-02", "阳江站": "plan-stn-04", "中山站": "plan-stn-07",
    "珠海火车站": "stations/zhuhai", "江门高铁站": "plan-stn-02", "江門站": "plan-stn-02",
    "广州南站": "stations/gz_south",
    "珠海机场": "airports/zuh", "珠海機場": "airports/zuh", "ZUH": "airports/zuh", "zuh": "airports/zuh",
    "金湾机场": "airports/zuh", "白云机场": "airports/can", "宝安机场": "airports/szx", "HKG": "airports/hkg",
    "阳江机场": "plan-air-06", "江门机场": "plan-air-07", "Zhuhai Airport": "airports/zuh", "黄茅海通道": "plan-hwy-23",
    "黄茅海大桥": "plan-hwy-23", "黃茅海": "plan-hwy-23", "港珠澳大桥": "plan-hwy-26", "港珠澳大橋": "plan-hwy-26",
    "HZMB": "plan-hwy-26", "深中通道": "plan-hwy-27", "深中大桥": "plan-hwy-27", "Shenzhong Link": "plan-hwy-27",
    "深中通道 ": "plan-hwy-27", "珠阳高铁": "plan-rail-08", "珠肇高铁": "plan-rail-03", "珠江肇高铁": "plan-rail-03",
    "广珠澳高铁": "plan-rail-04",
    "广珠（澳）高铁": "plan-rail-04", "广珠城轨": "plan-rail-10", "广珠城际": "plan-rail-10",
    "深江铁路": "plan-rail-01", "深江高铁": "plan-rail-01", "深茂铁路": "plan-rail-09", "珠机城际": "plan-rail-13",
    "南珠中城际": "plan-rail-12", "南珠城际": "plan-rail-12", "shenjiangtielu": "plan-rail-01",
    "plan-rail-08": "plan-rail-08",
    "珠海隧道": "highways/zhuhai_tunnel", "阳江港": "plan-port-04", "新中山港": "plan-port-17",
    "鹤洲": "plan-stn-01", "珠海中心站": "plan-stn-01", "广湛高铁": "plan-rail-02", "中开高速": "plan-hwy-19",
    "金港大桥": "plan-hwy-32", "银洲湖高速": "plan-hwy-35", "鹤台铁路": "plan-rail-19", "伶仃洋通道": "plan-rail-16",
    "Hengqin": "places/hengqin-town", "横琴站": "plan-stn-06",
    "阳西电厂": "plan-nrg-02", "台山核电": "plan-nrg-15", "台山電廠": "plan-nrg-01", "珠海LNG": "plan-nrg-19",
    "阳江海上风电": "plan-nrg-14", "台山抽水蓄能": "plan-nrg-23", "珠三角水资源配置工程": "plan-wat-02",
    "环北部湾水资源配置": "plan-wat-03", "横琴智算": "plan-dig-01", "中山光子科学中心": "plan-dig-05",
    "中山翠亨新区": "plan-plf-004", "珠海国家高新区": "plan-plf-012", "翠亨新区": "places/nanlang-subdistrict",
    "富山工业园": "plan-plf-005",
    "翠山湖": "plan-plf-017", "江门中微子实验": "plan-plf-092", "JUNO": "plan-plf-092", "大广海湾": "plan-plf-002",
}  # fmt: skip


@pytest.fixture(scope="module")
def listed(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plan") / "plan.html"
    path.write_text(draw_plan(catalog.plan, catalog.layers(), atlas_page="atlas.html"), "utf-8")
    return path


@pytest.fixture(scope="module")
def drawn(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = draw_layers(catalog.layers(), plan=catalog.plan, sources=catalog.sources)
    return page.save(tmp_path_factory.mktemp("atlas") / "atlas.html")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_item_of_the_plan_is_listed(
    browser: Browser, listed: Path, catalog: Catalog, size: tuple[int, int]
) -> None:
    with opened(browser, listed, size=size) as page:
        assert page.locator("#list tbody tr").count() == len(catalog.plan)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert violations(page) == []


def test_a_filter_lists_what_the_register_says(browser: Browser, listed: Path, catalog: Catalog) -> None:
    items = item_table(catalog.plan, {key: layer.frame for key, layer in catalog.layers().items()})
    assumed = items[(items["opens_basis"] == "assumed") & items["opens_year"].notna()]
    with opened(browser, listed) as page:
        page.select_option("#filter-k", "railway")
        assert page.locator("#list tbody tr").count() == int((items["kind"] == "railway").sum())
        page.click("#clear")
        page.select_option("#filter-b", "assumed")
        assert page.locator("#list tbody tr").count() == len(assumed)
        page.select_option("#filter-c", "阳江")
        both = int(assumed["cities"].str.split(";").map(lambda cities: "阳江" in cities).sum())
        assert page.locator("#list tbody tr").count() == both
        assert "b=assumed" in address(page)


def test_what_has_no_known_opening_is_not_listed_under_the_first_year(browser: Browser, listed: Path) -> None:
    with opened(browser, listed, fragment="#y=2023") as page:
        bases = page.eval_on_selector_all("#list tbody tr", "rows => rows.map(row => row.cells[8].textContent)")
        assert bases
        assert set(bases) == {"事实（已通车）"}


def test_a_row_tells_the_clause_and_leads_to_the_map(browser: Browser, listed: Path, catalog: Catalog) -> None:
    with opened(browser, listed, fragment="#t=plan-hwy-23") as page:
        page.click("#list .open")
        detail = page.inner_text("#list .detail")
        assert catalog.plan["plan-hwy-23"].wording in detail
        assert page.get_attribute("#list .to-map", "href") == "atlas.html#p=plan-hwy-23&g=zh"
        page.click("#language")
        assert page.get_attribute("#list .to-map", "href") == "atlas.html#p=plan-hwy-23&g=en"
        assert "Wording" in page.inner_text("#list .detail")


def test_what_is_listed_can_be_saved_as_csv_and_as_a_workbook(browser: Browser, listed: Path, tmp_path: Path) -> None:
    with opened(browser, listed, fragment="#k=airport") as page:
        shown = page.eval_on_selector_all("#list tbody tr .open", "names => names.map(one => one.textContent)")
        tables = []
        for ending in ("csv", "xlsx"):
            with page.expect_download() as waiting:
                page.click(f"#{ending}")
            assert waiting.value.suggested_filename == f"规划项目清单.{ending}"
            waiting.value.save_as(tmp_path / f"plan.{ending}")
    text = (tmp_path / "plan.csv").read_text("utf-8-sig")
    tables.append([row["名称"] for row in csv.DictReader(io.StringIO(text))])
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx").active
    assert sheet is not None
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    tables.append([str(row[rows[0].index("名称")]) for row in rows[1:]])
    assert tables == [shown, shown]


def _hits(page: Page, texts: list[str]) -> list[list[str]]:
    """What the search offers for each text, as ``layer/id`` or the id of an item, in its order."""
    found: list[list[str]] = page.evaluate(
        """texts => texts.map(text => {
            const input = document.getElementById("search");
            input.value = text;
            input.dispatchEvent(new Event("input"));
            return Array.from(document.querySelectorAll("#hits li"), one => one.dataset.hit || "");
        })""",
        texts,
    )
    return found


def test_the_search_finds_every_item_by_number_name_and_alias(browser: Browser, drawn: Path, catalog: Catalog) -> None:
    asked = [
        (item.id, name)
        for item in catalog.plan
        for name in (item.id, item.name_zh, item.name_en, *item.aliases)
    ]  # fmt: skip
    with opened(browser, drawn) as page:
        offered = _hits(page, [name for _, name in asked])
    assert len({item for item, _ in asked}) == len(catalog.plan) >= 153
    assert [(item, name) for (item, name), hits in zip(asked, offered, strict=True) if item not in hits] == []


def test_the_search_puts_first_what_people_mean(browser: Browser, drawn: Path) -> None:
    assert len(TYPED) >= 60
    with opened(browser, drawn) as page:
        offered = _hits(page, list(TYPED))
    wrong = {text: hits[:3] for (text, meant), hits in zip(TYPED.items(), offered, strict=True) if meant != hits[0]}
    assert wrong == {}, wrong


def test_an_item_chosen_shows_its_card_and_is_a_link(browser: Browser, drawn: Path, catalog: Catalog) -> None:
    item = catalog.plan["plan-rail-08"]
    with opened(browser, drawn, fragment="#p=plan-rail-08") as page:
        assert page.inner_text(".card h2") == item.name_zh
        assert item.wording in page.inner_text(".card")
        assert page.evaluate("Atlas.page.marks.length") == len(catalog.plan.links_of(item.id))
        page.fill("#search", "黄茅海通道")
        page.press("#search", "Enter")
        assert page.inner_text(".card h2") == "黄茅海通道"
        assert "p=plan-hwy-23" in address(page)


def test_traditional_characters_are_known() -> None:
    assert simplified("黃茅海跨海通道 · 陽江站 · 珠海機場") == "黄茅海跨海通道 · 阳江站 · 珠海机场"
