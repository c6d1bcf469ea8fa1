"""The help of the command line speaks Chinese where the environment does, and every text has its words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from atlas.cli import cli
from atlas.cli.chinese import texts


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
