"""A page as PDF, or a map's sheet as PNG: drawn by a headless browser where the machine has one."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from atlas.base.errors import ExportError
from atlas.base.files import write_bytes
from atlas.base.values import form_of
from atlas.maps.document import part

__all__ = ["SHEETS", "anchor_pages", "chart_pictures", "find_browser", "save_sheet"]

#: Formats of a sheet's file.
SHEETS = ("pdf", "png")
#: Paper → width and height across, CSS px at 96 to the inch.
PAPERS = {"A4": (1123, 794), "A3": (1587, 1123), "A1": (3179, 2245)}
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome")
_FROM = "ATLAS_BROWSER"
#: How long the page may take by its own clock, ms, and the browser by ours, s.
_BUDGET_MS, _LIMIT_S = 30_000, 180
_MARGIN_PX = 38
#: Px of a picture to one of its chart, which is 340 wide.
_GROWN = 4
#: A chart or a map of a page that is read, and its picture in what the browser prints.
_CHART = re.compile(r'[<]svg class="(?:chart|event)"')
_PICTURE = re.compile(r'data-png="data:image/png;base64,([^"]+)"')
#: Where a table of contents wants the page of an anchor.
_PAGE_OF = re.compile(r'class="page" data-of="([\w-]+)">')


def find_browser() -> str:
    """Return the path of a Chromium, Chrome or Edge: the one ``ATLAS_BROWSER`` names, else the first on the path.

    Raises
    ------
    ExportError
        There is none.
    """
    asked = os.environ.get(_FROM, "")
    found = shutil.which(asked) if asked else next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        missing = f"{_FROM}={asked} is no program" if asked else f"none of {', '.join(_PROGRAMS)} is installed"
        raise ExportError(
            f"a PDF or PNG is drawn by a browser, and {missing}; install chromium, or set {_FROM} to its path, "
            "or write the page with -o NAME.html and print it from any browser"
        )
    return found


def chart_pictures(text: str, *, lang: str = "zh") -> list[bytes]:
    """Return the charts and maps of a page that is read as PNG, in their order.

    Parameters
    ----------
    text
        The page, in both languages.
    lang
        The language of the pictures, ``zh`` or ``en``.

    Raises
    ------
    ExportError
        There is no browser, or it draws less than all of them.
    """
    program = find_browser()
    # the page lends its looks and takes one script more than it allows itself
    behind = part("pictures.html", other={"zh": "en", "en": "zh-CN"}[lang], grow=_GROWN)
    page = text.replace('http-equiv="Content-Security-Policy"', 'name="policy"') + behind
    with tempfile.TemporaryDirectory(prefix="atlas-sheet-") as folder:
        source = Path(folder) / "page.html"
        source.write_text(page, "utf-8")
        told = _run(program, [*_options(program, folder), "--dump-dom", source.as_uri()])
    found = [base64.b64decode(one) for one in _PICTURE.findall(told)]
    if len(found) != len(_CHART.findall(text)):
        raise ExportError(f"the browser {program} drew {len(found)} of {len(_CHART.findall(text))} charts")
    return found


def save_sheet(
    text: str,
    path: str | Path,
    *,
    form: str | None = None,
    paper: str = "A4",
    sheet: bool = True,
    overwrite: bool = False,
) -> Path:
    """Write a page as PDF, or as PNG, by the ending of `path`.

    Parameters
    ----------
    text
        The page.
    path
        Ends in ``.pdf`` or ``.png``, unless `form` says what it is.
    form
        ``pdf`` or ``png``; None: by the ending.
    paper
        A4, A3 or A1, landscape.
    sheet
        Whether the page is a map, which has a sheet for print; a page that is read has its own paper, and no PNG.
    overwrite
        Whether a file that is there may be replaced.

    Raises
    ------
    ExportError
        Another ending, no browser, a browser that makes no file, or a file that is there.
    """
    target = Path(path)
    form = form_of(target, form, SHEETS if sheet else SHEETS[:1])
    if target.exists() and not overwrite:
        raise ExportError(f"{target} exists; --overwrite replaces it")
    program = find_browser()
    with tempfile.TemporaryDirectory(prefix="atlas-sheet-") as folder:
        source, made = Path(folder) / "page.html", Path(folder) / f"sheet.{form}"
        width, height = PAPERS[paper]
        command = [*_options(program, folder), f"--window-size={width - 2 * _MARGIN_PX},{height - 2 * _MARGIN_PX}"]
        if form == "pdf":
            command += ["--no-pdf-header-footer", f"--print-to-pdf={made}"]
        else:
            command += ["--force-device-scale-factor=2", f"--screenshot={made}"]
        command.append(source.as_uri() + (f"#sheet={paper}" if sheet else ""))
        source.write_text(text, "utf-8")
        _run(program, command, made)
        if form == "pdf" and _PAGE_OF.search(text):
            # a table of contents learns its page numbers from a first print
            source.write_text(_numbered(text, anchor_pages(made.read_bytes())), "utf-8")
            _run(program, command, made)
        return write_bytes(target, made.read_bytes(), overwrite=overwrite)


def _options(program: str, folder: str) -> list[str]:
    command = [
        program, "--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
        f"--user-data-dir={folder}/profile", f"--virtual-time-budget={_BUDGET_MS}",
    ]  # fmt: skip
    # a browser refuses to be boxed in by root
    return [*command, "--no-sandbox"] if os.geteuid() == 0 else command


def _run(program: str, command: Sequence[str], made: Path | None = None) -> str:
    """What the browser prints; with `made`, the file that it is to leave."""
    try:
        told = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as reason:
        raise ExportError(f"the browser {program} made no file: {reason}; write -o NAME.html instead") from reason
    if made is not None and not made.is_file():
        last = (told.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ExportError(f"the browser {program} made no file: {last}; write -o NAME.html instead")
    return told.stdout


def _numbered(text: str, pages: Mapping[str, int]) -> str:
    """The page with the numbers of its pages in its table of contents."""
    return _PAGE_OF.sub(lambda found: f"{found[0]}{pages.get(found[1], '')}", text)


def anchor_pages(content: bytes) -> dict[str, int]:
    """Return on which page of a PDF, as the browser writes it, each anchor of the page stands; the first page is 1.

    Examples
    --------
    >>> kids = b"1 0 obj\\n<</Type /Pages\\n/Kids [2 0 R 3 0 R]>>\\nendobj\\n"
    >>> anchor_pages(kids + b"4 0 obj\\n<</a [3 0 R /XYZ 0 700 0]>>")
    {'a': 2}

    The outline and the structure of a document have kids too, which are no pages.

    >>> outline = b"8 0 obj\\n<</Type /StructTreeRoot\\n/Kids [7 0 R]>>\\nendobj\\n"
    >>> anchor_pages(outline + kids + b"4 0 obj\\n<</a [3 0 R /XYZ 0 700 0]>>")
    {'a': 2}
    """
    kids = {
        int(number): [int(one) for one in re.findall(rb"(\d+) 0 R", inside)]
        for number, inside in re.findall(rb"(\d+) 0 obj\s*<<(?=[^>]*/Type /Pages)[^>]*?/Kids\s*\[([^\]]*)\]", content)
    }
    below = {one for some in kids.values() for one in some}
    order: list[int] = []

    def walk(number: int) -> None:
        if number in kids:
            for one in kids[number]:
                walk(one)
        else:
            order.append(number)

    for root in kids.keys() - below:
        walk(root)
    places = re.findall(rb"/([\w-]+) \[(\d+) 0 R /XYZ [-\d.]+ ([-\d.]+) [-\d.]+\]", content)
    # what was pushed over the foot of a page stands below it, on the next
    return {
        name.decode("ascii"): order.index(int(page)) + 1 + (float(height) < 0)
        for name, page, height in places
        if int(page) in order
    }
