"""PMTiles under a map: raster and vector tiles go into the page, which still asks nothing of the net."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner
from pages import becomes, opened
from playwright.sync_api import Browser, Page
from pmtiles.tile import TileType
from tile_files import INKS, archive, vectors

from atlas.base.errors import MapError
from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.maps.basemaps import basemap_of
from atlas.maps.pages.layers import draw_layers
from atlas.maps.tiles import read_tiles

BOX = (112.9, 22.0, 113.7, 22.7)


def inked(page: Page, x: int, y: int) -> list[int]:
    """Colour of the ground pane at a point of the map."""
    return list(
        page.evaluate(
            """([x, y]) => {
                const canvas = document.querySelector('.leaflet-ground-pane canvas');
                const box = canvas.getBoundingClientRect(), grow = canvas.width / box.width;
                const copy = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
                copy.drawImage(canvas, (box.left - x) * grow, (box.top - y) * grow);
                return [...copy.getImageData(0, 0, 1, 1).data];
            }""",
            [x, y],
        )[:3]
    )


def test_raster_tiles_are_drawn_at_the_level_of_the_view_and_leave_with_it(browser: Browser, tmp_path: Path) -> None:
    basemap = basemap_of("pmtiles", url=str(archive(tmp_path / "own.pmtiles")), box=BOX)
    page_path = draw_layers(open_catalog().layers("ports", "land"), basemap=basemap, bounds=BOX).save(
        tmp_path / "map.html"
    )
    text = page_path.read_text("utf-8")
    assert text.count("data:image/png") == len(INKS), "each image stands once"
    with opened(browser, page_path, fragment="#v=8.00/22.3500/113.3000") as page:
        assert becomes(page, lambda: inked(page, 700, 300), list(INKS[8]))
        page.evaluate("Atlas.page.map.setView([22.35, 113.3], 10, {animate: false})")
        assert becomes(page, lambda: inked(page, 700, 300), list(INKS[10]))
        assert "own.pmtiles（Survey & Co）" in page.inner_text(".foot")
        assert "<image " in page.evaluate("Atlas.toSvg(600, 400)")
        sheet = page.evaluate(
            "[...Atlas.toCanvas(600, 400, 1).getContext('2d').getImageData(300, 150, 1, 1).data].slice(0, 3)"
        )
        assert sheet in [list(ink) for ink in INKS.values()]


def test_vector_tiles_are_drawn_and_boundaries_and_names_are_not(browser: Browser, tmp_path: Path) -> None:
    square = shapely.box(113.0, 22.1, 113.5, 22.6)
    lake = vectors(tmp_path / "lake.pmtiles", "water", [square])
    border = vectors(tmp_path / "border.pmtiles", "admin_boundaries", [square.boundary])
    layers = open_catalog().layers("ports")
    page_path = draw_layers(layers, basemap=basemap_of("pmtiles", url=str(lake), box=BOX), bounds=BOX).save(
        tmp_path / "lake.html"
    )
    with opened(browser, page_path, fragment="#v=10.00/22.3500/113.2500") as page:
        assert inked(page, 683, 384) == [0xCF, 0xDF, 0xE8]
    with pytest.raises(MapError, match="no tiles"):
        basemap_of("pmtiles", url=str(border), box=BOX)


def test_the_finest_level_that_fits_the_budget_is_taken(tmp_path: Path) -> None:
    path = archive(tmp_path / "own.pmtiles")
    levels = [set(read_tiles(path, BOX, budget=budget)[0]["raster"]["levels"]) for budget in (10_000, 2_500, 1_500)]
    assert levels[0] == {"8", "9", "10"}
    assert levels[0] > levels[1] > levels[2] >= {"8"}
    with pytest.raises(MapError, match="--bbox"):
        read_tiles(path, BOX, budget=100)


def test_an_archive_without_attribution_is_said_to_have_none(tmp_path: Path) -> None:
    basemap = basemap_of("pmtiles", url=str(archive(tmp_path / "own.pmtiles", about={})), box=BOX)
    assert basemap is not None
    assert "来源未注明" in basemap.note[0]
    assert basemap.hosts == []


def test_what_is_no_archive_of_the_area_is_refused_with_the_remedy(tmp_path: Path) -> None:
    whole = archive(tmp_path / "own.pmtiles").read_bytes()
    broken = {"text": b"no tiles here", "empty": b"", "half": whole[:140]}
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(MapError, match="get it again"):
            read_tiles(tmp_path / name, BOX)
    with pytest.raises(MapError, match="cannot be read"):
        read_tiles(tmp_path / "absent.pmtiles", BOX)
    with pytest.raises(MapError, match="AVIF"):
        read_tiles(archive(tmp_path / "avif.pmtiles", TileType.AVIF), BOX)
    with pytest.raises(MapError, match="no tiles of the map's area"):
        read_tiles(tmp_path / "own.pmtiles", (2.0, 48.0, 3.0, 49.0))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--basemap", "mars"], "'mars' is not one of"),
        (["--basemap", "tianditu"], "give it with --key"),
        (["--basemap", "xyz"], "needs a template"),
        (["--basemap", "pmtiles"], "--tiles FILE.pmtiles"),
        (["--basemap", "pmtiles", "--tiles", "absent.pmtiles"], "absent.pmtiles cannot be read"),
    ],
)
def test_a_basemap_without_what_it_needs_ends_with_2_and_writes_nothing(
    options: list[str], words: str, tmp_path: Path
) -> None:
    out = tmp_path / "map.html"
    result = CliRunner().invoke(cli, ["map", "layers", "--layers", "ports", *options, "-o", str(out)])
    assert result.exit_code == 2
    assert words in result.output
    assert not out.exists()


def test_the_command_puts_the_tiles_of_the_opening_view_into_the_page(tmp_path: Path) -> None:
    out, tiles = tmp_path / "map.html", archive(tmp_path / "own.pmtiles")
    box = ",".join(map(str, BOX))
    command = ["map", "layers", "--layers", "ports", "--bbox", box, "--basemap", "pmtiles", "--tiles", str(tiles)]
    result = CliRunner().invoke(cli, [*command, "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert out.read_text("utf-8").count("data:image/png") == len(INKS)


def test_a_heavy_page_is_said_to_be_heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["map", "layers", "--layers", "ports", "-o"]
    light = CliRunner().invoke(cli, [*command, str(tmp_path / "light.html")], env={"LANG": "zh_CN"})
    monkeypatch.setattr("atlas.cli.work.map._LARGE", 100_000)
    heavy = CliRunner().invoke(cli, [*command, str(tmp_path / "heavy.html")], env={"LANG": "zh_CN"})
    size = (tmp_path / "heavy.html").stat().st_size / 1e6
    assert "网页为" not in light.stderr
    told = re.search(r"网页为 ([\d.]+) MB", heavy.stderr)
    assert told is not None
    assert float(told[1]) == pytest.approx(size, rel=0.3)
    assert "--bbox" in heavy.stderr
