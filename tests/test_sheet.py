"""A map goes out as a sheet, PDF or PNG, by a browser, or a refusal says what to do; never HTML by another name."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from atlas.cli import cli


def written(*arguments: str, browser: str | None = None) -> tuple[int, str]:
    env = {} if browser is None else {"ATLAS_BROWSER": browser}
    result = CliRunner().invoke(cli, ["map", *arguments], env=env)
    return result.exit_code, result.output


@pytest.mark.parametrize(("paper", "width_mm"), [("A4", 297), ("A3", 420), ("A1", 841)])
def test_a_map_goes_out_as_one_page_of_its_paper_with_its_title_block(
    tmp_path: Path, paper: str, width_mm: int
) -> None:
    target = tmp_path / "sheet.pdf"
    code, told = written(
        "layers",
        "--layers",
        "places,railways",
        "--paper",
        paper,
        "--author",
        "某局",
        "--number",
        "7-1",
        "-o",
        str(target),
    )
    assert code == 0, told
    (page,) = PdfReader(target).pages
    assert float(page.mediabox.width) / 72 * 25.4 == pytest.approx(width_mm, abs=1.5)
    text = page.extract_text()
    for words in ("某局", "7-1", f"（{paper}"):
        assert words in text


def test_a_map_goes_out_as_a_picture(tmp_path: Path) -> None:
    target = tmp_path / "sheet.png"
    code, told = written("layers", "--layers", "places,railways", "-o", str(target))
    assert code == 0, told
    content = target.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 100_000


def test_without_a_browser_the_remedy_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    target = tmp_path / "sheet.pdf"
    code, told = written("layers", "-o", str(target), browser="no-such-browser")
    assert code == 2
    assert "ATLAS_BROWSER" in told
    assert ".html" in told
    assert not target.exists()


@pytest.mark.parametrize("ending", ["svg", "jpg", "docx"])
def test_no_page_is_written_under_another_name(tmp_path: Path, ending: str) -> None:
    code, told = written("layers", "-o", str(tmp_path / f"map.{ending}"))
    assert code == 2
    assert all(known in told for known in (".html", ".pdf", ".png"))
    assert list(tmp_path.iterdir()) == []
