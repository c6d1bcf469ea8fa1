"""Pages opened in headless Chromium with the network cut: any request, error or blank map fails."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, sync_playwright

DESKTOP, PHONE = (1366, 768), (390, 844)
#: What the explorer is asked where a test says nothing else.
PLAIN = {
    "combine": "any", "towards": False, "year": 2026, "known": False, "mode": "multimodal", "set": "central",
    "period": "typical", "timetable": "ordinary", "overrides": {}, "with": [], "without": [], "close": [], "links": [],
    "cutoffs": [60, 120],
}  # fmt: skip
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def headless_browser() -> Iterator[Browser]:
    program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    assert program is not None, f"none of {', '.join(_PROGRAMS)} is installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, path: Path, *, size: tuple[int, int] = DESKTOP, fragment: str = "") -> Iterator[Page]:
    """Yield the page once it is ready; afterwards assert that it asked for nothing and complained of nothing."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []

    def guard(route: Route) -> None:
        if route.request.url.split("#")[0].split("?")[0] == path.resolve().as_uri():
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    page.route(lambda url: not url.startswith(("data:", "blob:")), guard)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(path.resolve().as_uri() + fragment)
    page.wait_for_selector("body[data-ready]", timeout=20_000)
    yield page
    page.wait_for_timeout(50)
    context.close()
    assert asked == [], f"{path.name} asked for {asked}"
    assert wrong == [], f"{path.name}: {wrong}"


#: English that is no name in a Chinese sentence, and Chinese in an English one.
_ENGLISH, _CHINESE = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}"), re.compile("[\u4e00-\u9fff]")
_SPOKEN = re.compile(r'<(?:span|text) lang="(zh-CN|en)"[^>]*>(.*?)</(?:span|text)>', re.DOTALL)


def wrong_language(text: str) -> list[str]:
    """What a page that is read says in the other language than it should: Chinese names in English, English prose."""
    return [
        words
        for lang, words in _SPOKEN.findall(text)
        if (_CHINESE if lang == "en" else _ENGLISH).search(words) and "OpenStreetMap" not in words
    ]


def address(page: Page) -> str:
    """The address as the page itself has it: the driver's copy follows a replaced state only after a while."""
    return str(page.evaluate("location.href"))


def becomes(page: Page, read: Callable[[], object], wanted: object, *, within_s: float = 10.0) -> bool:
    """Whether what is read comes to be what is wanted: a slow machine takes longer and is no fault of the page."""
    ends = time.monotonic() + within_s
    while read() != wanted:
        if time.monotonic() > ends:
            return False
        page.wait_for_timeout(20)
    return True


def colours_on(page: Page, pane: str) -> int:
    """Number of different colours painted on the canvas of a map pane; 0 when there is nothing."""
    found = page.evaluate(
        """pane => {
            const canvas = document.querySelector(`.leaflet-${pane}-pane canvas`);
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Set();
            for (let i = 0; i < data.length; i += 4 * 37)
                if (data[i + 3]) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
            return seen.size;
        }""",
        pane,
    )
    return int(found)


#: Marks one visible element with words of its own for every look there is: tag, classes, colour, size, weight, shadow,
#: what is painted beneath, and the part of the page it stands in. Contrast follows from the look; a table of 10,000
#: cells has few.
_ONE_OF_EACH_LOOK = """() => {
  const seen = new Set(), grounds = new Map();
  document.querySelectorAll("[data-look]").forEach(one => one.removeAttribute("data-look"));
  const ground = one => {
    if (!one) return "";
    if (!grounds.has(one)) {
      const look = getComputedStyle(one), above = ground(one.parentElement);
      const clear = look.backgroundImage === "none" && look.backgroundColor === "rgba(0, 0, 0, 0)";
      const own = clear ? "" : look.backgroundColor + look.backgroundImage;
      grounds.set(one, own || look.opacity !== "1" ? [own, look.opacity, above].join() : above);
    }
    return grounds.get(one);
  };
  for (const one of document.body.querySelectorAll("*")) {
    const words = [...one.childNodes].some(child => child.nodeType === 3 && child.data.trim());
    if (!(words || one.matches("input, select, textarea")) || !one.checkVisibility()) continue;
    const look = getComputedStyle(one), part = one.closest("dialog, [role], header, main, aside, nav, footer");
    const key = [part && part.tagName + part.id + part.className, one.tagName, one.className, look.color, look.fill,
      look.fontSize, look.fontWeight, look.textShadow, look.position, ground(one)].join("|");
    if (!seen.has(key)) one.setAttribute("data-look", "");
    seen.add(key);
  }
}"""


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe finds wrong: every rule looks at the whole page, but contrast at one element of each look."""
    page.evaluate(_ONE_OF_EACH_LOOK)
    page.evaluate(Axe().axe_script)
    page.evaluate("axe.configure({rules: [{id: 'color-contrast', selector: '[data-look]'}]})")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert any(one["id"] == "color-contrast" for kind in ("passes", "violations", "incomplete") for one in found[kind])
    return list(found["violations"])


def serious(page: Page) -> list[str]:
    """What of :func:`violations` is serious or critical, with the first place it is found at."""
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in violations(page)
        if one["impact"] in ("serious", "critical")
    ]
