"""The help of the commands in Chinese, where the environment asks for it; the words stand in ``help_zh.toml``."""

from __future__ import annotations

import copy
import inspect
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

import click

__all__ = ["ChineseContext", "ChineseError", "in_chinese", "message", "refusals", "short_help", "texts"]

_WIDTH = 88
_EXAMPLE = "Example:"
_QUOTED = re.compile(r"(['\"`])(?:(?!\1).)*\1", re.DOTALL)


@cache
def texts() -> Mapping[str, Mapping[str, Any]]:
    """Return the tables ``headings``, ``commands`` (paragraphs by the command's path) and ``options`` (by English)."""
    table: Mapping[str, Mapping[str, Any]] = tomllib.loads(Path(__file__).with_name("help_zh.toml").read_text("utf-8"))
    return table


def short_help(path: str) -> str:
    """Return the first sentence of a command's help; empty when it has none."""
    return str(next(iter(texts()["commands"].get(path, [""]))))


class _Formatter(click.HelpFormatter):
    """Headings in Chinese, and notes such as the default."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        told = texts()["headings"]
        for english in ("[OPTIONS]", "COMMAND", "[ARGS]"):
            args = args.replace(english, str(told[english]))
        super().write_usage(prog, args, told["Usage: "] if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        super().write_heading(str(texts()["headings"].get(heading, heading)))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        notes = {word: texts()["headings"][word] for word in ("default: ", "required")}
        told = []
        for first, second in rows:
            second = str(texts()["options"].get(second, second))
            for english, chinese in notes.items():
                second = second.replace(f"[{english}", f"[{chinese}").replace(f"; {english}", f"；{chinese}")
            told.append((first, second))
        super().write_dl(told, col_max, col_spacing)


class ChineseContext(click.Context):
    """A context whose help is set in Chinese."""

    formatter_class = _Formatter


def message(text: str) -> str:
    """Return what refuses an input in Chinese: by the sentence of the tables that it is, else as it is.

    A gap ``{}`` of a sentence is said in Chinese too where it is a sentence itself; what stands in quotes is the
    user's own and stays.
    """
    for parts, found, chinese in _sentences():
        if all(part in text for part in parts) and (match := found.fullmatch(text)):
            return chinese.format(*(gap if _QUOTED.fullmatch(gap) else message(gap) for gap in match.groups()))
    return text


@cache
def refusals() -> Mapping[str, Mapping[str, str]]:
    """Return the tables ``refusals``, by the sentences that the atlas raises, and ``clauses``, parts of them."""
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(
        Path(__file__).with_name("refusals_zh.toml").read_text("utf-8")
    )
    return found


@cache
def _sentences() -> tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...]:
    """The words of each sentence between its gaps, a pattern of it, and its Chinese.

    Those of the parser stand in the order of their table, for one holds another; of the atlas's own the one with most
    words is the one meant.
    """
    own = {**refusals()["refusals"], **refusals()["clauses"]}
    ranked = sorted(own.items(), key=lambda one: -len(one[0].replace("{}", "")))
    return tuple(
        (
            tuple(part for part in english.split("{}") if part),
            re.compile(_pattern(english), re.DOTALL),
            str(chinese),
        )
        for english, chinese in (*texts()["messages"].items(), *ranked)
    )


def _pattern(english: str) -> str:
    """A gap right behind another is a hint, a bracket or nothing: it begins with a sign or a space."""
    gap = re.escape("{}")
    return re.escape(english).replace(gap * 2, "(.*?)((?:[;:,( ].*?)?)").replace(gap, "(.*?)")


class ChineseError(click.ClickException):
    """An error of the options, told in Chinese."""

    def __init__(self, error: click.ClickException) -> None:
        super().__init__(message(error.format_message()))
        self.exit_code = error.exit_code  # type: ignore[misc]
        self.ctx = error.ctx if isinstance(error, click.UsageError) else None

    def show(self, file: IO[Any] | None = None) -> None:
        """Print how the command is used, where its help is, and what is wrong."""
        told, err = texts()["headings"], file is None
        if self.ctx is not None:
            formatter = _Formatter()
            self.ctx.command.format_usage(self.ctx, formatter)
            click.echo(formatter.getvalue() + told["Try"].format(self.ctx.command_path) + "\n", file=file, err=err)
        click.echo(told["Error"].format(self.format_message()), file=file, err=err)


def in_chinese(command: click.Command, path: str) -> click.Command:
    """Return `command` with its help in Chinese, its subcommands too; what has no Chinese words stays English.

    Parameters
    ----------
    command
        The command; it is not changed.
    path
        Its name with those of the groups above it, ``plan list``.
    """
    spoken = copy.copy(command)
    spoken.context_class = ChineseContext
    spoken.params = [_option(one) for one in command.params]
    paragraphs = texts()["commands"].get(path)
    if paragraphs:
        spoken.short_help = paragraphs[0]
        spoken.help = "\n\n".join(_wrapped(text) for text in paragraphs) + _example(command.help or "")
    if command.epilog:
        spoken.epilog = str(texts()["headings"].get(command.epilog, command.epilog))
    if isinstance(spoken, click.Group):
        spoken.commands = {name: in_chinese(one, f"{path} {name}".strip()) for name, one in spoken.commands.items()}
    return spoken


def _option(parameter: click.Parameter) -> click.Parameter:
    spoken = copy.copy(parameter)
    if isinstance(spoken, click.Option) and spoken.help:
        spoken.help = str(texts()["options"].get(spoken.help, spoken.help))
    return spoken


def _example(text: str) -> str:
    _, found, lines = inspect.cleandoc(text).partition(_EXAMPLE)
    return f"\n\n\b\n{texts()['headings']['Example:']}{lines}" if found else ""


def _wrapped(text: str) -> str:
    """Break a paragraph between Chinese characters, which count two cells; click breaks at spaces alone."""
    lines, line, width = [], "", 0
    for letter in text:
        cells = 1 + (unicodedata.east_asian_width(letter) in "WF")
        if width + cells > _WIDTH and unicodedata.east_asian_width(letter) in "WF" and letter not in "，。；：、）":
            lines.append(line)
            line, width = "", 0
        line, width = line + letter, width + cells
    return "\b\n" + "\n".join([*lines, line])
