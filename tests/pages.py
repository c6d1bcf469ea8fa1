"""Pages opened in headless Chromium with the network cut: any request, error or blank map fails."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright

DESKTOP, PHONE = (1366, 768), (390, 844)
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
