"""The site: pages open offline, links lead somewhere, a second build changes nothing, axe finds nothing serious."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from pages import DESKTOP, PHONE, opened, serious
from playwright.sync_api import Browser, Page
from small_atlas import draw_atlas, promise

from atlas.base.errors import MapError
from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.data.stamp import find_stamps
from atlas.land.ground import ground
from atlas.maps.basemaps import basemap_of, displayed
from atlas.maps.pages.layers import draw_layers
from atlas.maps.pages.site import Edition, _build_key, build_site
from atlas.network.build import Network, build_network
from atlas.plan.promises import check_claims, read_targets, summarise_claims

PAGES = (
    "index.html", "atlas.html", "explore.html", "matrix.html", "claims.html", "report.html", "validation.html",
)  # fmt: skip
#: What the start page opens the explorer on.
VIEWS = [*(f"explore.html#o={city}" for city in ("zhuhai", "zhongshan", "jiangmen", "yangjiang"))]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as the command makes it, with the line that its help shows."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made = CliRunner().invoke(cli, shlex.split("atlas build -o site")[1:], prog_name="atlas")
    assert made.exit_code == 0, made.output
    return folder / "site"


def change_places(root: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write what `change` gives for each place of an atlas; a second seat, say, for the matrix has pairs of them."""
    path = root / "data" / "geojson" / "places.geojson"
    content = json.loads(path.read_text("utf-8"))
    for feature in content["features"]:
        feature["properties"] |= change(feature["properties"])
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


@contextmanager
def page_of(browser: Browser, site: Path, name: str, size: tuple[int, int] = DESKTOP) -> Iterator[Page]:
    with opened(browser, site / name, size=size) as page:
        yield page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_opens_offline_in_both_languages(
    browser: Browser, site: Path, name: str, size: tuple[int, int]
) -> None:
    with page_of(browser, site, name, size) as page:
        assert page.title()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        before = page.inner_text("h1") if size == DESKTOP else page.title()
        page.click("#language")
        assert page.evaluate("document.documentElement.lang") == "en"
        assert (page.inner_text("h1") if size == DESKTOP else before) != before or size == PHONE


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(browser: Browser, site: Path, name: str) -> None:
    with page_of(browser, site, name) as page:
        assert serious(page) == []


def test_sizes_are_in_the_budget(site: Path) -> None:
    assert (site / "index.html").stat().st_size <= 300_000
    assert max((site / name).stat().st_size for name in PAGES) <= 3_000_000


def test_every_link_of_the_site_leads_to_a_file(site: Path) -> None:
    for name in PAGES:
        for address in re.findall(r'<a href="(?!https?:)([^"#]+)"', (site / name).read_text("utf-8")):
            assert (site / address).is_file(), f"{name} links to {address}"


def test_every_map_has_a_picture_on_the_start_page_and_a_way_back_to_it(browser: Browser, site: Path) -> None:
    with page_of(browser, site, "index.html") as page:
        cards = page.eval_on_selector_all(".pictures a", "all => all.map(a => a.href.split('/').pop())")
        boxes = page.eval_on_selector_all(
            ".pictures svg",
            "all => all.map(svg => [...svg.querySelectorAll('path, rect')].filter(e => e.getBBox().width > 9).length)",
        )
        land = page.evaluate("document.querySelector('#ground path').getBBox().width")
    maps = ["atlas.html", "explore.html", "matrix.html"]
    assert cards[:3] == [f"{name}#g=zh" for name in maps]
    assert cards[3:7] == [f"{view}&g=zh" for view in VIEWS]
    assert cards[7].startswith("explore.html#d=change")
    assert len(boxes) == len(cards)
    assert min(boxes) >= 2
    assert land > 200
    for name in maps:
        with page_of(browser, site, name) as page:
            assert page.eval_on_selector("header a", "a => a.pathname").endswith("/index.html")


@pytest.mark.parametrize(
    "name", ["data/parameters.csv", "data/facts/road_priors.csv", "data/region.toml", "layers/a.toml"]
)
def test_a_site_is_stale_when_any_table_it_could_show_changes(name: str, tmp_path: Path) -> None:
    path, catalog = tmp_path / name, SimpleNamespace(root=tmp_path, boundaries_path=tmp_path / "none")
    path.parent.mkdir(parents=True)
    keys = set()
    for text in ("a,low,1\n", "a,low,2\n"):
        path.write_text(text, "utf-8")
        keys.add(_build_key(catalog, SimpleNamespace(hash=""), [], "zh", b""))
    assert len(keys) == 2


def test_the_spots_of_a_legend_are_as_large_as_its_letters(browser: Browser, site: Path) -> None:
    with page_of(browser, site, "validation.html") as page:
        sizes = page.evaluate(
            "[...document.querySelectorAll('.spot')].map(one => { const box = one.getBoundingClientRect(); "
            "return [box.width, box.height]; })"
        )
    assert len(sizes) >= 3
    assert all(8 <= wide <= 16 and wide == tall for wide, tall in sizes)


def test_every_page_carries_its_hash(site: Path) -> None:
    for name in PAGES:
        assert find_stamps(site / name), name


def test_a_second_build_leaves_every_byte(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in site.glob("*.html")}
    monkeypatch.chdir(site.parent)
    again = CliRunner().invoke(cli, ["build", "-o", "site"], prog_name="atlas")
    assert "nothing has changed" in again.stderr
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in site.glob("*.html")} == before


def test_a_fresh_build_makes_the_same_bytes(tmp_path: Path) -> None:
    root = draw_atlas(tmp_path / "town")
    promise(root)
    change_places(root, lambda told: {"level": "county"} if told["id"] == "gangkou-town" else {})
    made = CliRunner().invoke(cli, ["build", "--root", str(root), "-o", str(tmp_path / "site")], prog_name="atlas")
    assert made.exit_code == 0, made.output
    catalog = open_catalog(root)
    network = build_network(catalog.layers())
    fresh = build_site(catalog, network, tmp_path / "fresh", ground=ground(network)).parent
    # The library was asked for neither downloads nor decisions: the mark of what went in knows of them.
    mark = re.compile(rb'atlas-seal" content="\w+"|<!-- atlas-build \w+ -->')
    for name in ("atlas.html", "explore.html", "matrix.html", "validation.html"):
        assert mark.sub(b"", (fresh / name).read_bytes()) == mark.sub(b"", (tmp_path / "site" / name).read_bytes())


def test_the_start_page_gives_the_verdicts_of_the_library(site: Path, network: Network) -> None:
    catalog = open_catalog()
    targets = read_targets(catalog.root / "data" / "plan" / "targets.toml")
    summary = summarise_claims(check_claims(network, [load_scenario("2026")], targets))
    chosen = summary[(summary["mode"] == "multimodal") & (summary["measure"] == "door")]
    text = (site / "index.html").read_text("utf-8")
    for row in chosen.to_dict("records"):
        title = f'<span lang="zh-CN">{escape(row["title_zh"])}</span><span lang="en">{escape(row["title_en"])}</span>'
        line = next(line for line in text.split("<tr>") if title in line and 'scope="row"' in line)
        cells = re.findall(r'class="verdict (\w+)".*?</span></span>\D*?(\d+)', line)
        assert cells[1][0] == row["verdict"]
        assert cells[1][1] == f"{row['minutes']:.0f}"


def test_tiles_change_the_policy_and_the_datum_but_not_the_data(tmp_path: Path) -> None:
    layers = open_catalog().layers("ports")
    for name, host in (("osm", "https://tile.openstreetmap.org"), ("amap", "autonavi.com")):
        page = draw_layers(layers, basemap=basemap_of(name)).html()
        assert host in re.search(r"img-src ([^;]+);", page)[1]  # type: ignore[index]
    shifted = displayed(layers, basemap_of("amap"))["ports"].frame.geometry
    moved = shifted.to_crs(32649).distance(layers["ports"].frame.geometry.to_crs(32649))
    assert ((moved > 300) & (moved < 900)).all()
    assert displayed(layers, basemap_of("osm"))["ports"].frame.geometry.equals(layers["ports"].frame.geometry)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("mars", {}, "builtin, osm"),
        ("tianditu", {}, "--key"),
        ("tianditu", {"key": "a&b"}, "--key"),
        ("xyz", {"url": "http://tiles.example.org/{z}/{x}/{y}.png"}, "https"),
        ("xyz", {"url": "https://tiles.example.org/{z}/{x}.png"}, "{y}"),
    ],
)
def test_a_basemap_that_cannot_be_is_refused_with_the_remedy(name: str, options: dict[str, str], words: str) -> None:
    with pytest.raises(MapError, match=re.escape(words)):
        basemap_of(name, **options)


def test_an_atlas_of_other_places_has_a_site_without_this_plans_promises(tmp_path: Path) -> None:
    root = draw_atlas(tmp_path / "own")
    change_places(
        root,
        lambda told: {
            "id": f"other-{told['id']}",
            "level": "county" if told["id"] == "gangkou-town" else told["level"],
        },
    )
    catalog = open_catalog(root)
    start = build_site(catalog, build_network(catalog.layers()), tmp_path / "site")
    made = {page.name for page in start.parent.glob("*.html")}
    assert made == {"index.html", "atlas.html", "explore.html", "matrix.html", "plan.html"}
    assert "verdict" not in start.read_text("utf-8").partition("<body>")[2]


def test_a_build_that_is_killed_leaves_the_site_that_stood_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog, site = open_catalog(draw_atlas(tmp_path / "town")), tmp_path / "site"
    network = build_network(catalog.layers())
    said: list[str] = []

    def built(lang: str) -> dict[str, bytes]:
        said.clear()
        build_site(catalog, network, site, say=said.append, edition=Edition(lang))
        return held()

    def held() -> dict[str, bytes]:
        return {path.relative_to(site).as_posix(): path.read_bytes() for path in shown()}

    def shown() -> list[Path]:
        return [path for path in site.rglob("*") if path.is_file() and ".atlas-site" not in path.parts]

    before = built("zh")
    with monkeypatch.context() as patched:
        patched.setattr("atlas.maps.pages.site.draw_matrix", lambda *given: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            built("en")
    assert held() == before
    (site / ".atlas-site" / ".atlas-holder").write_text("process 1", "utf-8")
    after = built("en")
    assert said[0] == "matrix.html"
    assert after != before
    assert after.keys() == before.keys()
    assert not (site / ".atlas-site").exists()
    assert built("en") == after
    assert said == ["nothing has changed"]
