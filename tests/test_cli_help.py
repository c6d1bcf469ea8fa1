"""The help of the command line speaks Chinese where the environment does, and every text has its words."""

from __future__ import annotations

import ast
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

import atlas
from atlas.base import errors
from atlas.cli import cli
from atlas.cli.chinese import message, refusals, texts

ATLAS = Path(atlas.__file__).parent


def commands(command: click.Command = cli, path: str = "") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, f"{path} {name}".strip())


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> dict[str, click.Command]:
    monkeypatch.setenv("LC_ALL", "C")
    return dict(commands())


def said(path: str, lang: str) -> str:
    result = CliRunner().invoke(cli, [*path.split(), "--help"], env={"LC_ALL": lang}, prog_name="atlas")
    assert result.exit_code == 0
    return result.output


def test_every_command_and_option_has_chinese_words_and_no_words_are_left_over(
    english: dict[str, click.Command],
) -> None:
    assert set(texts()["commands"]) == set(english)
    options = {
        one.help for command in english.values() for one in command.params if isinstance(one, click.Option) and one.help
    }
    assert options | {"Show this message and exit."} == set(texts()["options"])
    assert cli.epilog in texts()["headings"]


def test_help_in_chinese_has_the_same_options_and_examples_and_no_english_sentence(
    english: dict[str, click.Command],
) -> None:
    for path, command in english.items():
        chinese, told = said(path, "zh_CN.UTF-8"), said(path, "C")
        assert chinese.startswith("用法：atlas")
        assert re.findall(r"^  (?:-\w, )?--[\w-]+", chinese, flags=re.MULTILINE) == re.findall(
            r"^  (?:-\w, )?--[\w-]+", told, flags=re.MULTILINE
        )
        examples = [line.strip() for line in (command.help or "").partition("Example:")[2].splitlines() if line.strip()]
        assert all(line in chinese for line in examples), path
        prose = re.sub(r"`[^`]*`", "", chinese.partition("示例：")[0])
        assert not re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b", prose.partition("\n")[2]), path


def test_help_leaves_the_commands_themselves_alone(english: dict[str, click.Command]) -> None:
    before = said("route", "C")
    said("route", "zh_CN.UTF-8")
    assert said("route", "C") == before


def test_lines_of_chinese_help_fit_a_terminal() -> None:
    for line in said("indicators", "zh_CN.UTF-8").splitlines():
        assert sum(2 if ord(letter) > 0x2E7F else 1 for letter in line) <= 100, line


@pytest.mark.parametrize(
    ("words", "typed", "offered"),
    [
        (["reach"], "珠", "珠海"),
        (["route", "珠海"], "Yangj", "Yangjiang"),
        (["matrix", "--from"], "jiangm", "jiangmen"),
        (["solve", "珠海"], "阳", "阳江"),
    ],
)
def test_the_shell_completes_names_of_places(words: list[str], typed: str, offered: str) -> None:
    found = ShellComplete(cli, {}, "atlas", "_ATLAS_COMPLETE").get_completions(words, typed)
    assert offered in [one.value for one in found]


WRONG = [
    "rech", "--foo", "reach", "reach --foo", "reach 江门 --mode boat", "reach 江门 --within x", "reach 江门 --set a",
    "matrix --draws 0", "matrix --draws x", "matrix --pairs /nope", "matrix --pairs nope.csv --from 江门", "plan foo",
    "claims extra", "build --root", "build --quiet=3", "map foo -o x.html", "map layers",
    "map layers -o x.html --bbox 1", "import people", "serve --port 99999999", "restore --number 1",
    "plan count --by height", "layers print places --sequence --format csv",
]  # fmt: skip


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_with_the_options_is_said_in_chinese(words: str) -> None:
    def told(lang: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, words.split(), env={"LC_ALL": lang}, prog_name="atlas")
        return done.exit_code, done.stderr

    (code, english), (same, chinese) = told("C"), told("zh_CN.UTF-8")
    assert code == same == 2, chinese
    assert "Error: " in english
    line = next(line for line in chinese.splitlines() if line.startswith("错误："))
    plain = re.sub(r"'[^']*'|--[\w-]+|[{<][^>}]*", "", line)
    assert not re.search(r"[A-Za-z]{3,} [a-z]{2,}", plain), line
    assert not re.search("Usage|Try|Error", chinese)


def test_every_sentence_that_refuses_an_option_has_its_chinese() -> None:
    refusals, said = ("click.UsageError", "click.BadParameter", "click.ClickException", "self.fail"), []
    for path in (ATLAS / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in refusals:
                parts = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else [node.args[0]]
                said.append("".join(str(one.value) if isinstance(one, ast.Constant) else "那" for one in parts))
    assert len(said) > 10
    assert [text for text in said if message(text) == text] == []


#: What is called to refuse: the errors themselves, and the doors' and tables' own ways to raise them.
_REFUSING = {name for name in errors.__all__ if name.endswith("Error")} | {"error", "refuse"}


def sentence(node: ast.expr) -> str:
    """A text with {} for what is filled in; empty where the code does not say it."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return "".join(sentence(one) or "{}" for one in (node.left, node.right))
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.fixture(scope="module")
def raised() -> set[str]:
    """Every sentence that the code refuses with."""
    found = set()
    for path in ATLAS.rglob("*.py"):
        text = path.read_text("utf-8")
        if not any(f"{name}(" in text for name in _REFUSING):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and node.args:
                name = ast.unparse(node.func).rpartition(".")[2]
                if name in _REFUSING and sentence(node.args[0]).replace("{}", ""):
                    found.add(sentence(node.args[0]))
    return found


def test_everything_the_atlas_refuses_has_its_chinese_and_the_chinese_names_all_that_the_english_does(
    raised: set[str],
) -> None:
    assert len(raised) > 350
    for english in sorted(raised):
        names = [f"甲{i}" for i in range(english.count("{}"))]
        text = english
        for name in names:
            text = text.replace("{}", name, 1)
        chinese = message(text)
        assert chinese != text, f"no Chinese in cli/refusals_zh.toml: {english}"
        assert all(name in chinese for name in names), chinese


def test_no_refusal_in_chinese_is_left_over_from_a_sentence_that_nobody_raises_any_more(raised: set[str]) -> None:
    assert set(refusals()["refusals"]) - raised == set()


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("no place answers to 'xx'; did you mean 珠海?", "找不到place：'xx'；是否指 珠海？"),
        ("a.csv line 3: opened is 'x', which is no whole number", "a.csv 第 3 行：opened 为 'x'，不是整数"),
        (
            "1 finding(s) in the layers, the first: ports/x: the id stands 2 times [id]; give each its own id",
            "图层中有 1 处问题，第一处：ports/x：编号出现 2 次 [id]；请各用各的编号",
        ),
        ("'a: b' is no place; give a name, an id, or lon, lat", "'a: b' 不是地点；请给名称、编号或“经度,纬度”"),
    ],
)
def test_hints_reasons_and_remedies_in_a_refusal_are_chinese_too_and_quoted_names_stay(
    english: str, chinese: str
) -> None:
    assert message(english) == chinese


def test_no_refusal_in_chinese_is_left_over_from_a_sentence_that_nobody_says_any_more() -> None:
    files = [path for folder in (ATLAS, Path(click.__file__).parent) for path in folder.rglob("*.py")]
    system = ["[Errno ", *map(os.strerror, errno.errorcode)]
    # texts that are broken over lines are joined again
    whole = re.sub(r'"\n\s*f?"', "", "\n".join([*(path.read_text("utf-8") for path in files), *system]))
    for text in (*texts()["messages"], *refusals()["clauses"]):
        parts = re.split(r"{}|\n\t|; (?:did you mean|the nearest names are)", text)
        assert all(part.strip(" .()?:,;[]") in whole for part in parts if len(part) > 4), text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("reach 江门 --year 2050", "年份 2050 不在 2023—2035 之内"),
        ("reach 江门 --set local_speed_kmh=0", "参数 local_speed_kmh：0.0 超出范围"),
        ("plan show foo", "规划中没有项目 'foo'"),
        ("layers --root /nope/nope", "atlas：错误：/nope/nope 不是图集"),
    ],
)
def test_what_the_atlas_refuses_is_said_in_chinese_where_the_terminal_is(words: str, told: str) -> None:
    done = CliRunner().invoke(cli, words.split(), env={"LC_ALL": "zh_CN.UTF-8"}, prog_name="atlas")
    assert done.exit_code == 2
    assert told in done.stderr
