"""Take the pictures that the documents show, of a built site, into docs/pictures: scripts/pictures.py [SITE]."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
#: Picture, page with what it opens on, and what must be there before it is taken.
PICTURES = {
    "start": ("index.html", "main"),
    "atlas": ("atlas.html", ".leaflet-container"),
    "explore": ("explore.html", ".leaflet-container"),
}
_SETTLED_MS = 4000


def main(site: Path) -> None:
    """Take all pictures."""
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        for name, (address, waited) in PICTURES.items():
            page.goto("about:blank")
            page.goto(f"file://{site.resolve()}/{address}")
            page.wait_for_selector(waited)
            page.get_by_role("button", name="English").first.click()
            page.wait_for_timeout(_SETTLED_MS)
            page.screenshot(path=ROOT / "docs" / "pictures" / f"{name}.jpg", type="jpeg", quality=80)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site")
