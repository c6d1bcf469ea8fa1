"""How commands answer: data to stdout or a file, talk to stderr."""

from __future__ import annotations

import json
import shlex
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from atlas.base.errors import ExportError
from atlas.base.files import check_target, write_parts, write_text
from atlas.base.seals import UNSEALED
from atlas.base.tables import slots
from atlas.base.values import csv_text, form_of, plain
from atlas.base.words import Words, both, joined, language, say_in, word_table

__all__ = [
    "ARGUMENTS_KEY",
    "LANGUAGE_KEY",
    "LOUD",
    "QUIET",
    "TALK_KEY",
    "Answer",
    "Column",
    "Row",
    "Sink",
    "emit",
    "file_form",
    "rows_of",
    "say",
    "table_text",
    "tell",
    "tell_assumed",
    "tongue",
]

TALK_KEY = "atlas.talk"
LANGUAGE_KEY = "atlas.language"
ARGUMENTS_KEY = "atlas.arguments"
#: Options that say nothing of the answer itself.
_PASSING = frozenset({"--overwrite", "-q", "--quiet", "-v", "--verbose"})
QUIET, NORMAL, LOUD = -1, 0, 1
Row = Mapping[str, Any]
#: Formats of an answer that has nothing to draw.
TABULAR = ("table", "json", "csv")
_BOM = "\ufeff"


@dataclass(frozen=True)
class Column:
    """A column of a table: the key of the row's value, its heading, decimals for numbers."""

    key: str
    title: str
    decimals: int = 1


@dataclass(frozen=True)
class Answer:
    """What a command has to say, before a format is chosen.

    Attributes
    ----------
    columns
        Columns of the table shown to people; other formats give every key of the rows.
    rows
        The data.
    about
        What produced the rows (origin, scenario …): members beside the rows in JSON. The member ``hash`` is
        the last column of CSV too, so that :mod:`atlas.data.stamp` finds it; a file gets its ``seal`` besides.
    key
        Name of the rows in JSON.
    features
        GeoJSON features; needed for the format geojson only.
    """

    columns: Sequence[Column]
    rows: Sequence[Row]
    about: Mapping[str, Any]
    key: str
    features: Iterable[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Sink:
    """Where an answer goes.

    Attributes
    ----------
    form
        One of `formats`; None: by the ending of `output`, else ``table``.
    output
        A file; None: stdout.
    overwrite
        Whether an existing file may be replaced.
    precision
        Decimals of coordinates in GeoJSON; None: as they are.
    indent
        Spaces by which JSON and GeoJSON are indented; None: 2 in JSON, and a feature a line in GeoJSON.
    sequence
        Whether GeoJSON is a sequence of features, one a line.
    formats
        Formats the answer can be had in: ``table``, ``json``, ``csv``, ``geojson``, ``geojsonseq``.
    """

    form: str | None = None
    output: Path | None = None
    overwrite: bool = False
    precision: int | None = None
    indent: int | None = None
    sequence: bool = False
    formats: tuple[str, ...] = TABULAR

    def __post_init__(self) -> None:
        """Refuse a name that is of no format, and a place that cannot be written to, before anything is computed."""
        if self.output is not None:
            file_form(self.output, self._asked(), self.formats, usual=self.formats[0], overwrite=self.overwrite)

    @property
    def chosen(self) -> str:
        """The format that will be written."""
        if self.output is None:
            return self._asked() or self.formats[0]
        return form_of(self.output, self._asked(), self.formats, usual=self.formats[0])

    def _asked(self) -> str | None:
        """The format asked for by an option, be it ``--sequence``."""
        asked = "geojsonseq" if self.sequence and self.form in (None, "geojson") else self.form
        if self.sequence and asked != "geojsonseq":
            raise click.UsageError(f"--sequence is of GeoJSON, and the answer is {asked}; pass --format geojsonseq")
        return asked


def file_form(
    path: Path, form: str | None, choices: Sequence[str], *, usual: str | None = None, overwrite: bool = False
) -> str:
    """Return the format of a file that a command will write, as :func:`atlas.base.values.form_of` has it.

    A name that is of no format, and a place that cannot be written to, are refused before anything is computed.
    """
    chosen = form_of(path, form, choices, usual=usual)
    check_target(path, overwrite=overwrite)
    return chosen


def say(message: str, *, level: int = NORMAL) -> None:
    """Write a line to stderr, unless the user asked for silence (or, at level LOUD, did not ask for more)."""
    context = click.get_current_context(silent=True)
    talk = NORMAL if context is None else context.meta.get(TALK_KEY, NORMAL)
    if level <= talk:
        click.echo("\n".join(map(_steerless, message.split("\n"))), err=True)


def tongue() -> str:
    """Return the language of the answer: that of ``--lang``, else that of the environment."""
    context = click.get_current_context(silent=True)
    asked = None if context is None else context.meta.get(LANGUAGE_KEY)
    return str(asked or language())


def tell(key: str, /, **facts: object) -> None:
    """Say the sentence ``table.key`` of the words on stderr, in the language of the answer."""
    say(say_in(tongue(), key, **facts))


def tell_loud(key: str, /, **facts: object) -> None:
    """Say a sentence as :func:`tell` does, to those who asked for more (``--verbose``)."""
    say(say_in(tongue(), key, **facts), level=LOUD)


def _command(form: str) -> str:
    """Return the command that gives this answer again, without where it goes; empty outside of a command."""
    context = click.get_current_context(silent=True)
    words = iter(() if context is None else context.meta.get(ARGUMENTS_KEY, ()))
    kept = []
    for word in words:
        if word in ("-o", "--output"):
            next(words, None)
        elif not word.startswith(("--output=", "-o")) and word not in _PASSING:
            kept.append(word)
    if kept and not any(word.startswith("--format") for word in kept):
        kept += ["--format", form]
    return f"atlas {shlex.join(kept)}" if kept else ""


def tell_assumed(counts: Mapping[str, int]) -> None:
    """Say how many features each scenario holds by an inferred year: part of every answer."""
    told = [both("start.assumed_count", year=name, count=count) for name, count in counts.items()]
    tell("answer.assumed", counts=joined(told))


def emit(answer: Answer, sink: Sink) -> None:
    """Write `answer` where `sink` says.

    CSV files begin with a byte order mark, without which Excel garbles Chinese; CSV on stdout has none.

    Raises
    ------
    ExportError
        The file exists, or cannot be written.
    """
    command = _command(sink.chosen)
    if command and sink.chosen in ("json", "geojson"):
        answer = replace(answer, about={**answer.about, "command": command})
    if command:
        tell_loud("answer.again", command=command)
    if sink.output is not None and "hash" in answer.about:
        answer = replace(answer, about={**answer.about, "seal": UNSEALED})
    chosen = sink.chosen
    if chosen in ("geojson", "geojsonseq"):
        parts = _sequence_parts(answer, sink) if chosen == "geojsonseq" else _geojson_parts(answer, sink)
        if sink.output is not None:
            write_parts(sink.output, parts, overwrite=sink.overwrite)
            tell("answer.wrote", path=sink.output)
            return
        text = "".join(parts)
    else:
        text = _json(answer, sink) if chosen == "json" else {"table": _table, "csv": _csv}[chosen](answer)
    if sink.output is None:
        click.echo(_for_stdout(text, chosen), nl=False)
        return
    mark = _BOM if chosen == "csv" else ""
    write_text(sink.output, mark + text, overwrite=sink.overwrite)
    tell("answer.wrote", path=sink.output)


def _for_stdout(text: str, form: str) -> str:
    """Return `text` as stdout can hold it: JSON with escapes for what its encoding lacks, a table with stand-ins."""
    if sys.stdout is None:
        raise ExportError("there is no stdout for the answer; write it to a file with -o")
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError as reason:
        if form == "csv":
            sign = text[reason.start : reason.end][:1]
            raise ExportError(f"stdout is {encoding}, which lacks {sign!a}; write to a file with -o") from reason
        if form != "table":
            return "".join(sign if sign.isascii() else json.dumps(sign)[1:-1] for sign in text)
    return text


def _json(answer: Answer, sink: Sink) -> str:
    whole = {**answer.about, answer.key: list(answer.rows)}
    indent = 2 if sink.indent is None else sink.indent
    return json.dumps(plain(whole), ensure_ascii=False, indent=indent, allow_nan=False) + "\n"


def _geojson_parts(answer: Answer, sink: Sink) -> Iterator[str]:
    """Yield the head, then a feature at a time: a thousand areas need not be held at once."""
    about = json.dumps(plain(answer.about), ensure_ascii=False, allow_nan=False)
    yield f'{{"type": "FeatureCollection",\n"about": {about},\n"features": [\n'
    between = ""
    for feature in answer.features:
        yield between + json.dumps(_rounded(feature, sink), ensure_ascii=False, allow_nan=False, indent=sink.indent)
        between = ",\n"
    yield "\n]}\n"


def _sequence_parts(answer: Answer, sink: Sink) -> Iterator[str]:
    """Yield a feature a line (RFC 8142 without separators, as cligj writes it); each carries the hash."""
    mark = {"hash": answer.about["hash"]} if "hash" in answer.about else {}
    for feature in answer.features:
        yield json.dumps({**_rounded(feature, sink), **mark}, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(feature: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """Return a feature as JSON has it, its coordinates with no more decimals than asked for."""
    whole: dict[str, Any] = plain(feature)
    if sink.precision is None or whole.get("geometry") is None:
        return whole
    return {**whole, "geometry": _shorter(whole["geometry"], sink.precision)}


def _shorter(value: Any, decimals: int) -> Any:
    if isinstance(value, dict):
        return {
            key: _shorter(one, decimals) if key in ("coordinates", "geometries") else one for key, one in value.items()
        }
    if isinstance(value, list):
        return [_shorter(one, decimals) for one in value]
    return round(value, decimals) if isinstance(value, float) else value


def _csv(answer: Answer) -> str:
    stamp = {key: answer.about[key] for key in ("hash", "seal") if key in answer.about}
    keys = [key for row in answer.rows for key in row] or [column.key for column in answer.columns]
    keys = [key for key in dict.fromkeys(keys) if key not in stamp]
    cells = ([*(row.get(key) for key in keys), *stamp.values()] for row in answer.rows)
    return csv_text([*keys, *stamp], cells)


def rows_of(frame: Any) -> list[Row]:
    """Return the rows of a DataFrame, keys as text."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


#: Columns whose values are codes, and the words of these codes; the first table that has a code tells it.
_CODED: Mapping[str, str | tuple[str, ...]] = MappingProxyType(
    {
        "role": "role",
        "mode": "mode",
        "measure": "measure",
        "verdict": "verdict_short",
        "stability": "stability",
        "parameter_set": "parameter_set",
        "variant": "variant",
        "level": "kinds",
        "check": "check",
        "opens_basis": "opens_basis",
        "status": ("status", "item_status"),
        "before": ("status", "item_status"),
        "after": ("status", "item_status"),
        "kind": ("kinds", "item_kind"),
        "stage": "stage",
        "resolution": "resolution",
        "counts": "count_how",
        "course": "count_course",
        "by": "need_kind",
        "unit": "need_unit",
        "event_basis": "event_basis",
        "kind_of_site": "site_kind",
        "centre": "centre",
        "link": "mode",
        "change": "change",
        "what": "network_part",
        "name": "network_edges",
    }
)


def _table(answer: Answer) -> str:
    """Return the table for people: headings, codes and names in the language of the answer."""
    if tongue() == "en":
        return table_text([_english_column(column, answer.rows) for column in answer.columns], answer.rows)
    titles = word_table("column")
    columns = [
        replace(column, title=titles[column.title].zh if column.title in titles else column.title)
        for column in answer.columns
    ]
    tables = {column.key: _words_of(_CODED[column.key]) for column in columns if column.key in _CODED}
    rows = [
        {**row, **{key: table[row[key]].zh for key, table in tables.items() if row.get(key) in table}}
        for row in answer.rows
    ]
    return table_text(columns, [_with_crossings(row) for row in rows])


def _words_of(names: str | tuple[str, ...]) -> Mapping[Any, Words]:
    """The words of several tables as one, the first of a code first."""
    tables = [word_table(name) for name in ((names,) if isinstance(names, str) else names)]
    return {code: words for table in reversed(tables) for code, words in table.items()}


def _with_crossings(row: Row) -> Row:
    """The row with ``gained 60;lost 120`` in words."""
    text = row.get("crossing")
    if not isinstance(text, str) or not text:
        return row
    parts = [part.partition(" ") for part in slots(text)]
    return {**row, "crossing": "；".join(say_in("zh", f"crossing.{how}", minutes=most) for how, _, most in parts)}


def _english_column(column: Column, rows: Sequence[Row]) -> Column:
    """Return the column of English names beside a column of Chinese ones, where every row with a name has one."""
    other = column.key.removesuffix("_zh") + "_en"
    if rows and all(other in row and (row[other] or not row.get(column.key)) for row in rows):
        return replace(column, key=other)
    return column


def table_text(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Return `rows` as aligned text; a Chinese character counts two cells, numbers stand to the right."""
    cells = [[_cell(row.get(column.key), column) for column in columns] for row in rows]
    heads = [column.title for column in columns]
    widths = [max(map(_width, texts)) for texts in zip(heads, *cells, strict=True)]
    right = [
        bool(rows) and all(isinstance(plain(row.get(c.key)), (int, float, type(None))) for row in rows) for c in columns
    ]
    lines = [heads, ["-" * width for width in widths], *cells]
    return "".join(_line(line, widths, right) + "\n" for line in lines)


def _line(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        " " * (width - _width(text)) + text if end else text + " " * (width - _width(text))
        for text, width, end in zip(texts, widths, right, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _cell(value: Any, column: Column) -> str:
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return say_in(tongue(), "kinds.true" if value else "kinds.false").lower()
    if isinstance(value, float):
        return f"{value:.{column.decimals}f}"
    return _steerless(str(value))


def _steerless(text: str) -> str:
    """Return a line without control characters: a name must not steer the terminal."""
    return "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in text)


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text
    )
