"""Pages that are read rather than panned: the same self-containment, palette and two languages as the maps.

A page is a template of ``maps/templates`` and values: words in both languages, tables of cells. Templates escape
whatever they are given; a value is never markup, but for the pictures of :mod:`atlas.maps.pictures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from atlas.base.style import css_variables
from atlas.base.words import LANGUAGES, Words, both, joined, say_in
from atlas.data.counting import held_by_full
from atlas.data.scenario import FULL, FULL_KNOWN
from atlas.maps.page import SCRIPTS, STYLES, allow_own, asset

__all__ = ["Cell", "Table", "fill", "heads", "held", "number", "part", "year"]

_POLICY = (
    f"default-src 'none'; script-src {SCRIPTS}; style-src {STYLES}; img-src data:; base-uri 'none'; form-action 'none'"
)
Text = Words | str


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text
        What it says.
    kind
        Its class, ``number`` for figures.
    head
        Whether it names its row.
    code
        Whether the text is an id or a hash.
    verdict
        ``inside``, ``borderline`` or ``outside``: shown before the text.
    beneath
        Lines in small type below.
    link
        Where the text leads.
    """

    text: Text = ""
    kind: str = ""
    head: bool = False
    code: bool = False
    verdict: str = ""
    beneath: tuple[Text, ...] = ()
    link: str = ""


@dataclass(frozen=True)
class Table:
    """A table: a heading a column, rows of cells, a caption; `kind` names how it is framed (``keep``, ``matrix``)."""

    heads: Sequence[Text]
    rows: Sequence[Sequence[Cell]]
    caption: Words
    kind: str = ""

    @property
    def sides(self) -> list[str]:
        """The class of each heading: it stands over its numbers, on their side."""
        columns = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.heads)
        return ["number" if cells and all(_is_number(one) for one in cells) else "" for cells in columns]


def _is_number(cell: Cell) -> bool:
    return cell.kind == "number" and not cell.verdict


def heads(*names: str) -> list[Words]:
    """Return the headings of columns by their keys."""
    return [both(f"head.{name}") for name in names]


def number(value: float, *, decimals: int = 0) -> Cell:
    """Return a cell with a number, its minus sign a minus sign; zero stands back."""
    text = f"{value:,.{decimals}f}".replace("-", "−")
    return Cell(text, kind="number zero" if not value else "number")


def held(items: pd.DataFrame) -> Words:
    """Say how many items of the plan ``full`` holds, and which it lacks and why; `items` from `item_table`."""
    full, known, lacking = held_by_full(items)
    groups = []
    for name, rows in lacking.groupby("kind", sort=False):
        kind = str(name)
        key = f"document.lacking_{kind}" if kind in ("railway", "waterway") else "document.lacking_other"
        pairs = zip(rows["name_zh"], rows["name_en"], strict=True)
        groups.append(both(key, names=joined([Words(str(zh), str(en)) for zh, en in pairs])))
    outside = int((items["counts"] == "outside").sum())
    told = both(
        "document.held",
        items=len(items) - outside, full=full, known=known, unknown=full - known, lacking=joined(groups),
        targets=int((items["counts"] == "target").sum()),
    )  # fmt: skip
    beside = both("document.outside", count=outside)
    return Words(told.zh + beside.zh, f"{told.en} {beside.en}") if outside else told


def year(name: str) -> Words:
    """Return what a scenario is called in a heading or a sentence."""
    return both(f"year.{name}") if name in (FULL, FULL_KNOWN) else Words(name, name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("atlas.maps", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"both": both, "say_in": say_in, "number": number, "asset": lambda name: Markup(asset(name))}
    return environment


def fill(
    template: str,
    *,
    title: tuple[str, str],
    lang: str = "zh",
    hash: str = "",
    home: bool = True,
    styles: Sequence[str] = (),
    **values: object,
) -> str:
    """Return a whole page.

    Parameters
    ----------
    template
        Name of a file of ``maps/templates``.
    title
        Chinese and English.
    lang
        Language the page opens in.
    hash
        The stamp of what the page was made of.
    home
        Whether to link back to the start page.
    styles
        Names of further style sheets among the assets.
    **values
        What the template shows.
    """
    sheets = "\n".join(asset(name) for name in ("document.css", *styles))
    return allow_own(
        _environment()
        .get_template(template)
        .render(
            title=Words(*title),
            lang=lang,
            tag=LANGUAGES[lang],
            hash=hash,
            home=home,
            policy=_POLICY,
            style=Markup(f"{css_variables()}\n{sheets}"),
            **values,
        )
    )


def part(template: str, **values: object) -> str:
    """Return a template that is no whole page, filled; a value is escaped.

    Examples
    --------
    >>> "en" in part("pictures.html", other="en", grow=2)
    True
    """
    return _environment().get_template(template).render(**values)
