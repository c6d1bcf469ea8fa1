"""The documents: every link leads somewhere, every answer shown is the answer given, every public name is listed."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

import atlas

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "DATA_LICENSE.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    """What `#` may name in a page: its headings as GitHub and mkdocs spell them."""
    heads = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", PAGES, ids=label)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    for link in _LINK.findall(text):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_the_contents_of_the_site_and_nothing_else() -> None:
    listed = set(re.findall(r": ([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), flags=re.MULTILINE))
    assert listed == {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}


def test_every_public_name_is_in_the_reference() -> None:
    listed = re.findall(r"^::: (atlas\.[\w.]+)$", (ROOT / "docs" / "api.md").read_text("utf-8"), flags=re.MULTILINE)
    assert sorted(name.rpartition(".")[2] for name in listed) == sorted(set(atlas.__all__) - {"__version__"})
    for name in listed:
        module, _, own = name.rpartition(".")
        assert getattr(importlib.import_module(module), own) is getattr(atlas, own)


@pytest.mark.parametrize("name", ["README.md", "docs/tutorial.md"])
def test_every_answer_shown_is_the_answer_given(name: str, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("shown", ROOT / "scripts" / "shown.py")
    assert spec is not None
    assert spec.loader is not None
    shown = sys.modules["shown"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shown)
    text = (ROOT / name).read_text("utf-8")
    assert text.count("$ atlas ") >= 6
    assert shown.renewed(text, tmp_path) == text, f"an answer is stale; run scripts/shown.py {name}"
