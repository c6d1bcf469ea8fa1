"""A page that is read as a Word document for editing: headings, paragraphs, lists and real tables, in one language."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from atlas.base.doors import missing_extra
from atlas.base.errors import ExportError
from atlas.base.files import write_bytes
from atlas.base.words import LANGUAGES, say_in

__all__ = ["save_docx"]

_FONT = {"zh": "宋体", "en": "Calibri"}
#: Elements that have no end, and those whose text is not the document's.
_VOID = {"br", "col", "hr", "img", "input", "link", "meta", "wbr"}
_SILENT = {"script", "style", "svg", "header", "nav", "button", "title"}
_HEADINGS = {"h1": 0, "h2": 1, "h3": 2, "h4": 3}
_BLOCKS = {"p", "li", "blockquote", "figcaption", "caption", *_HEADINGS}
#: Points of letters in tables; of those with more columns than _MANY less, and narrower margins, twips.
_POINTS, _MANY, _FINE_POINTS, _FINE_MARGIN = 8, 14, 6.5, 20
#: A cell that is a figure, and no year, stands on its right.
_FIGURE = re.compile(r"(?!20\d\d$)[−+±<>≤≥]?\s?[\d.,\u202f ]*\d[\d.,]*\s?[%万]?|—|∞")
_PICTURE_MM = 120


class _Reader(HTMLParser):
    """What a page says in one language: (kind, text) of its blocks, and its tables as rows of texts."""

    def __init__(self, lang: str) -> None:
        super().__init__(convert_charrefs=True)
        self.other = {"zh": "en", "en": "zh-CN"}[lang]
        self.blocks: list[tuple[str, Any]] = []
        self._open: list[tuple[str, bool]] = []
        self._text: list[str] = []
        self._rows: list[list[str]] | None = None
        self._drawn = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        told_in = values.get("lang") if tag != "html" and values.get("class") != "quote" else None
        quiet = tag in _SILENT or told_in == self.other
        if tag not in _VOID:
            self._open.append((tag, quiet))
        if tag == "svg" and values.get("class") in ("chart", "event"):
            self.blocks.append(("picture", self._drawn))
            self._drawn += 1
        if tag == "table":
            self._rows = []
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif (tag in _BLOCKS and self._rows is None) or tag in ("td", "th", "caption"):
            self._text = []
        elif tag == "br" or "more" in (values.get("class") or "").split():
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _ in self._open]
        if tag not in names:
            return
        while self._open.pop()[0] != tag:
            pass
        if "main" not in names:
            return
        if tag == "b" and not "".join(self._text).rstrip().endswith("："):
            self._text.append(" ")
        text = "\n".join(line for part in "".join(self._text).split("\n") if (line := " ".join(part.split())))
        if tag in ("td", "th") and self._rows:
            self._rows[-1].append(text)
        elif tag == "caption" and text:
            self.blocks.append(("caption", text))
        elif tag == "table" and self._rows is not None:
            self.blocks.append(("table", [row for row in self._rows if row]))
            self._rows = None
        elif tag in _BLOCKS and self._rows is None and text:
            self.blocks.append((tag, text))
        else:
            return
        self._text = []

    def handle_data(self, data: str) -> None:
        if not any(quiet for _, quiet in self._open):
            self._text.append(data)


def save_docx(
    text: str, path: str | Path, *, lang: str = "zh", pictures: Sequence[bytes] = (), overwrite: bool = False
) -> Path:
    """Write a page that is read as a Word document: contents with page numbers, page numbers at the foot, tables.

    Parameters
    ----------
    text
        The page, in both languages.
    path
        Ends in ``.docx``.
    lang
        The language of the document, ``zh`` or ``en``.
    pictures
        The charts and maps of the page as PNG, as :func:`atlas.maps.sheets.browser.chart_pictures` draws them; none
        leaves them out.
    overwrite
        Whether a file that is there may be replaced.

    Raises
    ------
    ExportError
        python-docx is missing, or a file is there.
    """
    try:
        import docx
        from docx.enum.section import WD_ORIENT
        from docx.oxml.ns import qn
        from docx.shared import Mm, Pt
    except ModuleNotFoundError as reason:
        raise ExportError(missing_extra("python-docx")) from reason
    reader = _Reader(lang)
    reader.feed(text)
    document: Any = docx.Document()
    for style in ("Normal", *(f"Heading {level}" for level in (1, 2, 3)), "Title"):
        font = document.styles[style].font
        font.name = _FONT[lang]
        document.styles[style].element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT["zh"])
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(16)
    foot = section.footer.paragraphs[0]
    foot.alignment = 1
    _field(foot, "PAGE")
    document.core_properties.language = LANGUAGES[lang]
    listed, before = False, ""
    for kind, value in reader.blocks:
        if kind == "table":
            _table(document, value, Pt(_FINE_POINTS if max(map(len, value), default=0) > _MANY else _POINTS))
        elif kind == "picture":
            if pictures:
                _picture(document, pictures[value], before, Mm(_PICTURE_MM))
        elif kind in _HEADINGS:
            if kind == "h2" and not listed:
                listed = True
                document.add_heading(say_in(lang, "document.contents"), 1)
                chapters = "\n".join(str(value) for kind, value in reader.blocks if kind == "h2")
                hint = say_in(lang, "document.contents_hint")
                _field(document.add_paragraph(), 'TOC \\o "1-2" \\h \\z \\u', f"{chapters}\n\n{hint}")
                heading = document.add_heading(value, _HEADINGS[kind])
                # a break of its own would make an empty page where the contents fill theirs
                heading.paragraph_format.page_break_before = True
            else:
                document.add_heading(value, _HEADINGS[kind])
        else:
            looks = {"li": "List Bullet", "blockquote": "Intense Quote", "caption": "Caption"}.get(kind)
            paragraph = document.add_paragraph(value, style=looks)
            paragraph.paragraph_format.keep_with_next = kind == "caption"
        before = value if isinstance(value, str) else before
    written = io.BytesIO()
    document.save(written)
    return write_bytes(path, written.getvalue(), overwrite=overwrite)


def _table(document: Any, rows: list[list[str]], size: Any) -> None:
    """A table of the document; its first row is repeated at the head of each page."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    if not rows:
        return
    width = max(map(len, rows))
    table = document.add_table(rows=len(rows), cols=width, style="Light Grid Accent 1")
    cells = table._cells  # asked for once: python-docx builds the whole list each time
    for y, row in enumerate(rows):
        for x, words in enumerate(row):
            paragraph = cells[y * width + x].paragraphs[0]
            paragraph.add_run(words).font.size = size
            if y and x and _FIGURE.fullmatch(words):
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for line in table.rows:
        line._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    if width > _MANY:
        margins = OxmlElement("w:tblCellMar")
        for name in ("left", "right"):
            side = OxmlElement(f"w:{name}")
            side.set(qn("w:w"), str(_FINE_MARGIN))
            side.set(qn("w:type"), "dxa")
            margins.append(side)
        table._tbl.tblPr.append(margins)
    document.add_paragraph()


def _picture(document: Any, content: bytes, said: str, width: Any) -> None:
    """A picture that stays with its title, and for those who do not see it is called so."""
    title = document.paragraphs[-1] if document.paragraphs else None
    if title is not None and title.text == said:
        title.paragraph_format.keep_with_next = True
    shape = document.add_picture(io.BytesIO(content), width=width)
    shape._inline.docPr.set("descr", said)


def _field(paragraph: Any, code: str, shown: str = "") -> None:
    """A field that Word fills: page numbers, the table of contents."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for kind in ("begin", "instr", "separate", "text", "end"):
        run = paragraph.add_run()
        if kind == "instr":
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = code
            run._r.append(element)
        elif kind == "text":
            run.text = shown
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
            if kind == "begin" and shown:
                element.set(qn("w:dirty"), "true")
            run._r.append(element)
