"""Pages that are read rather than panned: the same self-containment, palette and two languages as the maps."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from atlas.base.style import css_variables
from atlas.maps.page import LANGUAGES, asset

__all__ = ["cell", "document", "paragraph", "section", "table", "two"]

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_SCRIPT = """
(function () {
  var root = document.documentElement, button = document.getElementById("language");
  function speak(lang) {
    root.lang = lang === "en" ? "en" : "zh-CN";
    document.title = button.getAttribute("data-title-" + (lang === "en" ? "en" : "zh"));
    button.textContent = lang === "en" ? "中文" : "English";
  }
  var asked = /(?:^#|&)g=(zh|en)/.exec(location.hash);
  speak(asked ? asked[1] : root.lang === "en" ? "en" : "zh");
  button.addEventListener("click", function () {
    var next = root.lang === "en" ? "zh" : "en";
    speak(next);
    try { history.replaceState(null, "", "#g=" + next); } catch (error) { /* a frame without history */ }
  });
  document.body.setAttribute("data-ready", "true");
})();
"""


def two(zh: object, en: object) -> str:
    """Return HTML that shows `zh` or `en`, whichever language the page is in; both are text, not markup."""
    chinese, english = html.escape(str(zh)), html.escape(str(en))
    if chinese == english:
        return chinese
    return f'<span lang="zh-CN">{chinese}</span><span lang="en">{english}</span>'


def paragraph(zh: object, en: object, *, kind: str = "") -> str:
    """Return a paragraph in both languages."""
    return f'<p class="{html.escape(kind)}">{two(zh, en)}</p>' if kind else f"<p>{two(zh, en)}</p>"


def section(zh: str, en: str, body: Iterable[str], *, name: str = "") -> str:
    """Return a section with a heading; `body` is HTML."""
    anchor = f' id="{html.escape(name)}"' if name else ""
    return f"<section{anchor}><h2>{two(zh, en)}</h2>\n" + "\n".join(body) + "</section>"


def cell(content: str, *, kind: str = "", head: bool = False) -> str:
    """Return a table cell around HTML."""
    tag = 'th scope="row"' if head else "td"
    return f"<{tag}{f' class={chr(34)}{html.escape(kind)}{chr(34)}' if kind else ''}>{content}</{tag[:2]}>"


def table(heads: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], *, caption: tuple[str, str]) -> str:
    """Return a table; `rows` hold cells made by :func:`cell`."""
    lines = list(rows)
    # a heading stands over its numbers, on their side
    sides = ["number" if _is_number(cells) else "" for cells in zip(*lines, strict=True)] or [""] * len(heads)
    head = "".join(
        f'<th scope="col"{f" class={side}" if side else ""}>{two(*words)}</th>'
        for words, side in zip(heads, sides, strict=True)
    )
    body = "\n".join("<tr>" + "".join(row) + "</tr>" for row in lines)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{html.escape(" ".join(caption))}"><table>'
        f"<caption>{two(*caption)}</caption><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>"
    )


def _is_number(cells: Sequence[str]) -> bool:
    return all(cell.startswith('<td class="number"') and "verdict" not in cell for cell in cells)


def document(
    title: tuple[str, str],
    body: Iterable[str],
    *,
    lang: str = "zh",
    hash: str = "",
    home: bool = True,
    styles: Sequence[str] = (),
) -> str:
    """Return a whole page.

    Parameters
    ----------
    title
        Chinese and English, text.
    body
        HTML.
    lang
        Language the page opens in.
    hash
        The stamp of what the page was made of.
    home
        Whether to link back to the start page.
    styles
        Names of further style sheets among the assets.
    """
    mark = f'<meta name="atlas-hash" content="{html.escape(hash)}">\n' if hash else ""
    back = f'<a href="index.html">{two("← 图集首页", "← Start page")}</a>' if home else ""
    zh, en = (html.escape(words) for words in title)
    sheets = "\n".join(asset(name) for name in ("document.css", *styles))
    return (
        f'<!DOCTYPE html>\n<html lang="{LANGUAGES[lang]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{mark}<title>{zh if lang == 'zh' else en}</title>\n"
        f"<style>{css_variables()}\n{sheets}</style>\n</head>\n<body>\n"
        f'<header class="top">{back}<button type="button" id="language" data-title-zh="{zh}" data-title-en="{en}">'
        f"English</button></header>\n<main>\n<h1>{two(*title)}</h1>\n"
        + "\n".join(body)
        + f"\n</main>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )
