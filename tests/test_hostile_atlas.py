"""An atlas whose every free text is hostile: what its pages, its exports and its answers on a terminal make of it.

The columns are those that the declarations and tables name; what is an id, a date, a reference or one of a list of
values is checked when it is read and is left alone here.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import itertools
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_atlas import draw_atlas
from test_hostile import CONTROL, RUNS, TEXTS

from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.exports.write import write
from atlas.maps.page import asset

ALL_TEXTS = (
    *(text for text in TEXTS if "\x00" not in text),
    "javascript:alert(1)",
    "</script><script>alert(1)</script><!--",
    "' onmouseover='alert(1)",
    '"><img src=x onerror=alert(1)>',
    "=HYPERLINK(\"http://x\",\"y\")",
    "\u202edoc\u2066 {{ 7*7 }} ${7*7} %s %(x)s",
)  # fmt: skip
#: Free texts of the tables beside the layers.
TABLES = {
    "sources.csv": ("title", "publisher", "licence", "note", "title_zh", "publisher_zh"),
    "parameters.csv": ("unit", "source", "note"),
    "plan/register.csv": ("name_zh", "name_en", "wording", "reading", "reason", "note", "aliases"),
    "plan/plan_links.csv": ("how",),
    "plan/status.csv": ("source", "note"),
    "plan/sections.csv": ("title_zh", "title_en"),
}
#: Columns of texts that are read as something else: they are refused when they hold anything else.
READ = re.compile(
    r"id|kind|source|city|status_as_of|checked_on|opened|adcode|.*_ids?|upgrades|.*_point|drawn_by|elapsed.*"
)
COMMANDS = (
    "layers list", "layers describe highways", "layers validate", "layers print places", "layers print highways",
    "plan list", "plan show {plan}", "params", "network", "reach {place}", "route {place} {other}",
    "matrix --to {place}", "coverage {place}", "scenario list", "verify {page}",
)  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = draw_atlas(tmp_path_factory.mktemp("hostile") / "own")
    texts = itertools.cycle(ALL_TEXTS)
    specs = open_catalog(root).specs
    for key, spec in specs.items():
        free = [
            one for one in spec.columns if one.type == "string" and not one.allowed and not READ.fullmatch(one.name)
        ]
        assert {"name_zh", "name_en", "source_note"} <= {one.name for one in free}
        path = root / "data" / "geojson" / f"{key}.geojson"
        raw = json.loads(path.read_text("utf-8"))
        for feature in raw["features"]:
            feature["properties"] |= {one.name: next(texts) for one in free}
        path.write_text(json.dumps(raw, ensure_ascii=False), "utf-8")
    for name, columns in TABLES.items():
        path = root / "data" / name
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row |= {column: next(texts) for column in columns}
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return root


@pytest.fixture(scope="module")
def site(own: Path) -> Path:
    done = CliRunner(env={"LC_ALL": "C.UTF-8"}).invoke(
        cli, ["build", "-o", str(own.parent / "site"), "--root", str(own)]
    )
    assert done.exit_code == 0, done.output
    assert CONTROL.findall(done.output) == []
    return own.parent / "site"


class Page(HTMLParser):
    """Scripts, styles and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[tuple[str, str]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in told.items()]
        if tag == "script":
            self.scripts.append((told.get("type", ""), ""))
        if told.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = told["content"]

    def handle_data(self, data: str) -> None:
        if self.scripts and self.lasttag == "script" and not self.scripts[-1][1]:
            self.scripts[-1] = self.scripts[-1][0], data


def test_nothing_of_the_data_runs_on_a_page(site: Path) -> None:
    pages = sorted(site.glob("*.html"))
    assert len(pages) >= 5
    for path in pages:
        text = path.read_text("utf-8")
        assert CONTROL.findall(text) == [], path.name
        page = Page(text)
        scripts = page.policy.partition("script-src")[2].partition(";")[0]
        assert "unsafe" not in page.policy, path.name
        for kind, script in page.scripts:
            if kind == "application/json":
                json.loads(script)
                continue
            if kind == "text/plain":  # The explorer's worker: a bundle that stands here as text.
                assert script == asset("explore_worker.js")
                continue
            digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in scripts, f"{path.name}: {script[:80]}"
        for tag, name, value in page.attributes:
            assert not re.match("on|style$", name), (path.name, tag, name)
            assert not re.match(r"\s*(javascript|vbscript|data:text)", value), (path.name, tag, name, value)
            assert (tag, name) != ("img", "src") or value != "x"


def _cells(text: str) -> Iterator[str]:
    yield from itertools.chain.from_iterable(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("command", COMMANDS)
def test_no_answer_steers_a_terminal_or_is_a_formula(command: str, own: Path, site: Path) -> None:
    catalog = open_catalog(own)
    names = {"place": "zhongshan", "other": next(n for n in catalog.layer("places").frame["id"] if n != "zhongshan"),
             "plan": "plan-hwy-23", "page": str(site / "atlas.html")}  # fmt: skip
    line = [word.format(**names) for word in command.split()]
    for more in ([], ["--format", "csv"], ["--format", "json"]):
        done = CliRunner(env={"LC_ALL": "C.UTF-8"}).invoke(cli, [*line, "--root", str(own), *more])
        assert done.exit_code in (0, 1), done.output[-500:]
        assert CONTROL.findall(done.output) == [], more
        if "csv" in more:
            assert [x for x in _cells(done.stdout) if RUNS.match(x) and not re.fullmatch(r"-?[\d.]+", x)] == []
        if "json" in more:
            json.loads(done.stdout)


@pytest.mark.parametrize("key", [key for key in open_catalog().specs if key not in ("ferries",)])
def test_no_export_of_any_layer_is_a_formula_or_holds_a_control_character(key: str, own: Path, tmp_path: Path) -> None:
    layer = open_catalog(own).layer(key)
    for ending in (".csv", ".geojson", ".kml"):
        write(layer, tmp_path / f"o{ending}")
        text = (tmp_path / f"o{ending}").read_text("utf-8-sig")
        assert CONTROL.findall(text) == [], ending
        if ending == ".csv":
            assert [x for x in _cells(text) if RUNS.match(x) and not re.fullmatch(r"-?[\d.]+", x)] == []
