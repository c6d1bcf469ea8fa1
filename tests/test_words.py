"""Words have one home: two tables with the same keys, templates that escape, no sentence and no markup in code."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from atlas.base import words as module
from atlas.base.words import LANGUAGES, Words, both, language, parameter_words, say_in, word_table
from atlas.cli import cli
from atlas.data.parameters import read_parameters
from atlas.maps.charts import Bar, Figure, bar_chart
from atlas.maps.document import Cell, Table, fill
from atlas.maps.pages.start import Card, Shelf, Standing, draw_start

PACKAGE = Path(__file__).resolve().parent.parent / "atlas"
WORDS = PACKAGE / "base" / "words"
ROOMS = sorted(path.name for path in PACKAGE.iterdir() if path.is_dir() and list(path.rglob("*.py")))
#: Modules of `maps` that write markup themselves: the frame of folium, and small pictures as SVG.
MARKUP = {"maps/page.py", "maps/pictures.py", "maps/pages/site.py"}
#: Words of this atlas's first drafts that no planning bureau uses, but within set terms and names of others.
_NOT_OURS = re.compile(
    r"承诺|临界|未达到|最慢一程|走廊|可达圈|按规则假定|已发生|起作用的项目|若无|full ?年|定义（|at-\d{2,3}\."
    r"|(?<!最)(?<!没)有利(?!于)|居中|(?<!最)不利|综合(?!运输|交通|试验|枢纽)"
)
HOSTILE = "<script>alert(1)</script>&\"'"


@cache
def tables(lang: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((WORDS / f"{lang}.toml").read_text("utf-8"))


def keys() -> list[str]:
    return [f"{name}.{key}" for name, table in tables("zh").items() for key in table]


def no_bureau_says(text: str) -> list[str]:
    """The words of a text that a planning bureau does not use."""
    return _NOT_OURS.findall(text)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_words() -> None:
    zh, en = tables("zh"), tables("en")
    assert {name: set(table) for name, table in zh.items()} == {name: set(table) for name, table in en.items()}


def test_tables_read_line_by_line_are_what_toml_says_of_them() -> None:
    for lang in LANGUAGES:
        whole = tomllib.loads((Path(module.__file__).parent / "words" / f"{lang}.toml").read_text("utf-8"))
        assert {name: dict(module._table(lang, name)) for name in whole} == whole


def test_no_word_is_empty_or_half_translated() -> None:
    for key in keys():
        name, _, word = key.partition(".")
        zh, en = tables("zh")[name][word], tables("en")[name][word]
        assert zh
        assert en
        chinese = set(re.findall(r"[\u4e00-\u9fff]", en)) - set("粤府号中文")
        assert not chinese, f"{key}: Chinese in the English words: {en}"


def test_both_languages_fill_the_same_places_but_where_a_reading_is_of_one_language() -> None:
    own = {"reason.drive", "reason.drive_pace", "reason.trains"}
    for key in keys():
        name, _, word = key.partition(".")
        if key not in own:
            assert places(tables("zh")[name][word]) == places(tables("en")[name][word]), key


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_ALL": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_environment_chooses_the_language(environment: dict[str, str], expected: str) -> None:
    assert language(environment) == expected


def test_a_place_without_a_fact_is_refused() -> None:
    with pytest.raises(KeyError):
        say_in("zh", "claims.met", trips=3)


def test_a_bureau_reads_its_own_words() -> None:
    texts = [WORDS / "zh.toml", PACKAGE / "cli" / "help_zh.toml"]
    assert [(path.name, no_bureau_says(path.read_text("utf-8"))) for path in texts] == [(one.name, []) for one in texts]
    assert word_table("verdict")["borderline"].zh == "接近目标（结论不稳定）"
    assert word_table("mode")["multimodal"].zh == "公路、铁路取快者"
    assert [word_table("parameter_set")[one].zh for one in ("favourable", "central", "adverse")] == [
        "乐观", "基准", "保守"
    ]  # fmt: skip


@pytest.mark.parametrize("words", ["规划承诺", "走廊", "最不利条件与不利参数", "方式：综合", "若无黄茅海", "full 年"])
def test_a_word_no_bureau_uses_is_seen(words: str) -> None:
    assert no_bureau_says(words)


def test_names_and_set_terms_are_no_words_of_ours() -> None:
    assert no_bureau_says("综合运输通道、跨境电子商务综合试验区、综合交通枢纽、最不利起讫点、所列做法均不能达到") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "show", "珠阳高铁", "--no-effect"),
        ("plan", "list", "--kind", "railway"),
        ("plan", "changes"),
        ("event", "list"),
        ("compare", "2023", "2030", "--origin", "阳江"),
    ],
    ids=" ".join,
)
def test_a_terminal_in_chinese_says_what_a_bureau_says(arguments: tuple[str, ...]) -> None:
    told = answer(*arguments, lang="zh_CN.UTF-8")
    assert told.exit_code == 0
    assert no_bureau_says(told.stdout + told.stderr) == []
    codes = (
        r"\b(railway|build|concept|features|full-known|under_construction|partly_operating|indicative|gained|lost)\b"
    )
    assert re.findall(codes, told.stdout.replace("railways/", "")) == []


def test_an_english_planner_reads_no_codes_and_no_promises() -> None:
    texts = {f"{name}.{key}": text for name, table in tables("en").items() for key, text in table.items()}
    assert {key: text for key, text in texts.items() if "promis" in text.lower()} == {}
    coded = {key: text for key, text in texts.items() if re.search(r"\b(multimodal|adverse set|at-\d)\b", text)}
    assert coded == {}


def test_templates_escape_what_they_are_given() -> None:
    page = fill(
        "claims.html",
        title=(HOSTILE, HOSTILE),
        held=None,
        hash=HOSTILE,
        band_min=5.0,
        finding=(HOSTILE, "en"),
        decided=None,
        targets=[
            {
                "id": HOSTILE,
                "title": (HOSTILE, "en"),
                "wording": HOSTILE,
                "yardstick": False,
                "limit_min": 60,
                "where": (HOSTILE,),
                "verdict": "",
                "need": (HOSTILE, "en"),
                "options": None,
                "figures": (
                    Figure(
                        Words(HOSTILE, "en"),
                        bar_chart(Words(HOSTILE, "en"), [Bar(Words(HOSTILE, "en"), 1.0, Words(HOSTILE, HOSTILE))]),
                    ),
                ),
                "readings": [
                    {
                        "definition": both("claims.met", trips=HOSTILE, inside=1, near=0),
                        "table": Table([HOSTILE], [[Cell(HOSTILE, kind=HOSTILE, code=True)]], both("claims.caption")),
                        "deciding": (HOSTILE,),
                    }
                ],
            }
        ],
    )
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#34;&#39;") >= 8


def test_the_start_page_escapes_names_and_addresses() -> None:
    card = Card(HOSTILE, (HOSTILE, "en"), ("zh", HOSTILE))
    page = draw_start(
        pd.DataFrame(), Shelf([card], [card], read=[card]), Standing(["2023"], HOSTILE, HOSTILE, {HOSTILE: 1}),
    )  # fmt: skip
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 9


def test_every_parameter_and_unit_has_its_name() -> None:
    for row in read_parameters(PACKAGE.parent / "data" / "parameters.csv"):
        zh, en = parameter_words(row.name)
        assert re.search(r"[\u4e00-\u9fff]", zh), row.name
        assert "_" not in en, row.name
        assert row.unit in word_table("unit"), row.unit


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a module that is no docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", sorted((PACKAGE / "maps").rglob("*.py")), ids=lambda path: path.stem)
def test_markup_stands_in_templates(path: Path) -> None:
    if str(path.relative_to(PACKAGE)) in MARKUP:
        return
    tags = [(line, text) for line, text in strings(path) if re.search(r"</?[a-zA-Z!]", text)]
    assert not tags, f"{path}: markup in code, move it to maps/templates: {tags}"


def pairs(path: Path) -> Iterator[int]:
    """Lines with a pair of one Chinese and one English text, f-strings counted."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            zh, en = (
                "".join(
                    part.value
                    for part in ast.walk(side)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )
                for side in node.elts
            )
            for one, other in ((zh, en), (en, zh)):
                if re.search(r"[\u4e00-\u9fff]", one) and re.search(r"[a-z]{3} [a-z]", other):
                    yield node.lineno


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_says_anything_in_two_languages_but_by_the_words(room: str) -> None:
    said = {str(path): list(pairs(path)) for path in (PACKAGE / room).rglob("*.py")}
    assert not {path: lines for path, lines in said.items() if lines}


def answer(*arguments: str, lang: str) -> Result:
    environment = {"LC_ALL": "", "LANG": lang}
    return CliRunner().invoke(cli, list(arguments), env=environment)


def test_an_explanation_is_given_in_the_language_of_the_environment_and_of_the_option() -> None:
    route = ("route", "阳江", "珠海", "--mode", "rail", "--year", "2030", "--explain")
    chinese, asked, english = (
        answer(*route, lang="zh_CN.UTF-8"),
        answer(*route, "--lang", "zh", lang="C"),
        answer(*route, lang="C"),
    )
    assert chinese.exit_code == asked.exit_code == english.exit_code == 0
    assert chinese.stderr == asked.stderr
    assert chinese.stdout == asked.stdout
    assert "用时构成" in chinese.stderr
    assert "parts:" in english.stderr
    assert not re.search(r"\b(min|trains|assumed|favourable|central|adverse)\b", chinese.stderr)
    assert re.findall(r"\d+\.\d", chinese.stdout) == re.findall(r"\d+\.\d", english.stdout)


def test_json_and_csv_have_the_same_keys_in_both_languages() -> None:
    reach = ("reach", "珠海", "--within", "30", "--format", "csv")
    assert answer(*reach, lang="zh_CN").stdout == answer(*reach, lang="C").stdout


def test_what_commands_say_in_chinese_names_every_code() -> None:
    claims = answer("claims", "--year", "2026", "--target", "centres-one-hour", "--lang", "zh", lang="C")
    assert claims.exit_code == 0
    assert not re.search(r"\b(inside|outside|borderline|robust|drive|multimodal|door|station)\b", claims.stdout)


def test_every_heading_of_a_table_has_its_words() -> None:
    titles = set()
    for path in (PACKAGE / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Column":
                title = node.args[1]
                titles |= {title.value} if isinstance(title, ast.Constant) else set()
    assert titles
    assert titles == set(word_table("column"))


def test_sentences_of_commands_stand_among_the_words() -> None:
    """What is said on stderr is a key of the words, but for what libraries report and what ``--verbose`` adds."""
    for path in (PACKAGE / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                loud = any(word.arg == "level" for word in node.keywords)
                text = "".join(
                    part.value
                    for part in ast.walk(node.args[0])
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )
                assert loud or not re.search(r"[a-z]{4}", text), f"{path}:{node.lineno}: {text}"


_ASKED = re.compile(
    r"""\b(?:both|say|tell|say_in|t)\((?:"(?:zh|en)", |lang, )?f?["']([a-z_]+)\.([a-z_]+)["']""",
)


@pytest.mark.parametrize("suffix", ["py", "html"])
def test_every_sentence_asked_for_stands_in_the_table_it_is_asked_of(suffix: str) -> None:
    asked = {
        (table, key)
        for path in sorted(PACKAGE.rglob(f"*.{suffix}"))
        for table, key in _ASKED.findall(path.read_text("utf-8"))
    }
    asked = {one for one in asked if one[1] not in {"html", "py", "csv", "json", "toml"}}
    assert len(asked) > 20
    assert [one for one in sorted(asked) for lang in ("zh", "en") if one[1] not in tables(lang).get(one[0], {})] == []


def test_a_table_read_alone_is_the_table_of_the_whole_file() -> None:
    for lang in module.LANGUAGES:
        whole = tomllib.loads((WORDS / f"{lang}.toml").read_text("utf-8"))
        assert {name: dict(module._table(lang, name)) for name in whole} == whole
        assert set(module._parts(lang)) == set(whole)


def test_one_of_a_thing_is_not_told_as_several() -> None:
    """Of every English sentence that counts things, with one of each."""
    counted = {
        (name, key): words.en
        for name in tomllib.loads((WORDS / "en.toml").read_text("utf-8"))
        for key, words in word_table(name).items()
        if re.search(r"{\w+(?::[^}]*)?!", words.en)
    }
    assert len(counted) > 30
    for (name, key), sentence in counted.items():
        facts = {place: 1 for _, place, _, _ in string.Formatter().parse(sentence) if place}
        told = say_in("en", f"{name}.{key}", **facts)
        assert not re.search(r"\b1 (?!is|has|besides)[a-z]+s\b", told), told
    assert say_in("en", "decide.zero", count=1, names="x").startswith("1 project changes nothing")
    assert say_in("en", "decide.zero", count=2, names="x").startswith("2 projects change nothing")
