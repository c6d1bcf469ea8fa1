"""One self-contained HTML file: a ``folium.Map`` that asks nothing of the net.

Folium's default scripts and styles come from four hosts; here they are taken out and Leaflet is written into
the page from the package ``xstatic-leaflet``. A content security policy forbids the page any request, so
that what slips through is blocked rather than sent. Ids are fixed: the same input gives the same bytes.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import branca.element
import folium
from folium.template import Template
from xstatic.pkg import leaflet

from atlas.base.errors import MapError
from atlas.base.files import write_text
from atlas.base.seals import UNSEALED, own_hash
from atlas.base.style import GROUND, css_variables
from atlas.base.values import fit
from atlas.base.words import LANGUAGES, both
from atlas.maps.basemaps import Basemap
from atlas.maps.imprint import Imprint

__all__ = ["SCRIPTS", "STYLES", "Page", "allow_own", "asset", "embed_json"]

#: Stand for the hashes of a page's scripts and style sheets until all of them are written.
SCRIPTS, STYLES = "atlas-scripts", "atlas-styles"
_POLICY = (
    f"default-src 'none'; script-src {SCRIPTS}; style-src {STYLES}; "
    "img-src data: blob:{images};{workers} base-uri 'none'; form-action 'none'"
)

#: Pages that compute beside what they show → the bundle of their worker, which stands in the page as text.
_WORKERS = {"explore": "explore_worker.js"}


@lru_cache(maxsize=64)
def asset(name: str) -> str:
    """Return the text of a style sheet of ``atlas/maps/assets/css`` or a bundle of ``atlas/maps/assets/dist``."""
    folder = "css" if name.endswith(".css") else "dist"
    return resources.files("atlas.maps").joinpath("assets", folder, name).read_text("utf-8")


@lru_cache(maxsize=1)
def _leaflet() -> tuple[str, str]:
    """Return Leaflet's script and style sheet, without their references to other files."""
    folder = Path(leaflet.BASE_DIR)
    script = (folder / "leaflet.js").read_text("utf-8")
    style = (folder / "leaflet.css").read_text("utf-8")
    script = re.sub(r"^//# sourceMappingURL=.*$", "", script, flags=re.MULTILINE)
    style = re.sub(r"url\([^)]*\)", "none", style)
    return script.strip(), style.strip()


def embed_json(value: Any) -> str:
    """Return `value` as JSON that can stand inside a ``<script>``: no ``<``, no U+2028, no U+2029.

    Raises
    ------
    ValueError
        A number is not finite.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    # A lone surrogate cannot be written as UTF-8
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def allow_own(text: str) -> str:
    """Return a whole page whose policy allows its own scripts and style sheets, each by its SHA-256, and no other.

    Own scripts stand behind ``</main>`` and own style sheets before ``</head>``; whatever data brought into the page
    stands between the two and is not allowed, nor is any ``style`` attribute.

    Parameters
    ----------
    text
        The page; its policy has :data:`SCRIPTS` and :data:`STYLES` where the hashes are to stand. Control characters
        become spaces.
    """
    text = fit(text)
    for stands_for, tag, part in (
        (STYLES, "style", text.partition("</head>")[0]),
        (SCRIPTS, "script", text.rpartition("</main>")[2]),
    ):
        written = re.findall(rf"<{tag}>(.*?)</{tag}>", part, flags=re.DOTALL)
        text = text.replace(stands_for, " ".join(dict.fromkeys(map(own_hash, written))) or "'none'", 1)
    return text


class _Sheet(branca.element.Figure):
    """The document round the map: language, title, policy, hash, styles, scripts."""

    _template = Template(
        '<!DOCTYPE html>\n<html lang="{{ this.lang }}">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{{ this.policy }}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '{% if this.hash %}<meta name="atlas-hash" content="{{ this.hash }}">\n'
        f'<meta name="atlas-seal" content="{UNSEALED}">\n{{% endif %}}'
        "<title>{{ this.heading }}</title>\n"
        "<style>{{ this.style }}</style>\n{{ this.header.render(**kwargs) }}\n</head>\n"
        '<body class="page-{{ this.kind }}">\n{{ this.html.render(**kwargs) }}\n'
        "<script>\n{{ this.code }}\n{{ this.script.render(**kwargs) }}\n</script>\n</body>\n</html>\n"
    )

    def __init__(self) -> None:
        super().__init__()
        self._id = "atlas"
        self.header._children.clear()
        self.lang = self.policy = self.hash = self.heading = self.style = self.code = self.kind = ""

    def render(self, **kwargs: Any) -> str:
        """Return the document, its scripts and style sheets named in its policy."""
        return allow_own(super().render(**kwargs))


class _Payload(branca.element.MacroElement):
    """The packed data and the call that brings them onto the map."""

    _template = Template(
        "{% macro html(this, kwargs) %}\n"
        '<script type="application/json" id="atlas-data">{{ this.text }}</script>\n'
        '{% if this.worker %}<script type="text/plain" id="atlas-worker">{{ this.worker }}</script>\n{% endif %}'
        "<noscript>{{ this.without_script }}</noscript>\n{% endmacro %}\n"
        "{% macro script(this, kwargs) %}\n"
        'Atlas.start({{ this._parent.get_name() }}, JSON.parse(document.getElementById("atlas-data").textContent));\n'
        "{% endmacro %}"
    )

    def __init__(self, text: str, without_script: str, worker: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._id = "Payload", "atlas"
        self.text, self.without_script, self.worker = text, without_script, worker


class Page(folium.Map):
    """A map page.

    Parameters
    ----------
    kind
        Which page it is; the bundle ``<kind>.js`` holds its scripts.
    data
        What the scripts are given, plain JSON values; see :mod:`atlas.maps.pages.layers`.
    imprint
        Language the page opens in, and the links of its footer.
    title
        (Chinese, English) title, text.
    styles
        Files of ``atlas/maps/assets/css`` in the order in which they are to stand.
    bounds
        West, south, east, north of the opening view, degrees.
    hash
        The stamp of what the page was made of.
    basemap
        Tiles under the map, the only thing a page may ask the net for; None for none.

    Raises
    ------
    MapError
        The bounds are no box.

    Notes
    -----
    A ``folium.Map`` like any other: further folium elements can be added before it is written, though most
    of them load files from the net, which the page's policy will block.
    """

    _template = Template(
        "{% macro html(this, kwargs) %}\n"
        '<main id="app"><div class="folium-map" id="{{ this.get_name() }}"></div></main>\n{% endmacro %}\n'
        "{% macro script(this, kwargs) %}\n"
        'var {{ this.get_name() }} = L.map("{{ this.get_name() }}", {{ this.options|tojavascript }});\n'
        "{% endmacro %}"
    )

    def __init__(
        self,
        kind: str,
        data: dict[str, Any],
        imprint: Imprint,
        *,
        title: tuple[str, str],
        styles: Sequence[str],
        bounds: tuple[float, float, float, float],
        hash: str = "",
        basemap: Basemap | None = None,
    ) -> None:
        lang = imprint.lang
        west, south, east, north = bounds
        if not (west <= east and south <= north):
            raise MapError(f"bounds {bounds} are no box; give west, south, east, north in degrees")
        super().__init__(location=[(south + north) / 2, (west + east) / 2], tiles=None, zoom_start=9)
        self._id = "atlas"
        self.default_js, self.default_css = [], []
        self.options = {"zoomControl": False, "attributionControl": False, "zoomSnap": 0.25, "zoomDelta": 0.5}
        self.options |= {"minZoom": 7, "maxZoom": 16, "maxBoundsViscosity": 0.8, "keyboard": True}
        self.page_title = title
        sheet = _Sheet()
        sheet.add_child(self, name="map")
        script, style = _leaflet()
        sheet.lang, sheet.kind, sheet.hash = LANGUAGES[lang], html.escape(kind), html.escape(hash)
        sheet.heading = html.escape(title[0 if lang == "zh" else 1])
        worker = asset(_WORKERS[kind]) if kind in _WORKERS else ""
        sheet.policy = _POLICY.format(
            images="".join(f" https://{host}" for host in basemap.hosts) if basemap else "",
            workers=" worker-src blob:;" if worker else "",
        )
        sheet.style = "\n".join([style, css_variables(), *map(asset, styles)])
        sheet.code = f"{script}\n{asset(f'{kind}.js')}"
        under = {"basemap": basemap.page_data()} if basemap else {}
        content = {
            **data,
            **under,
            "links": [[address, list(words)] for address, words in imprint.links],
            "kind": kind,
            "lang": lang,
        }
        content |= {"title": list(title), "bounds": list(bounds), "hash": hash}
        without = " ".join(both("document.no_script"))
        self.add_child(_Payload(embed_json(content), without, worker), name="payload")

    def html(self) -> str:
        """Return the whole page as text."""
        text: str = self.get_root().render()
        return text

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:  # type: ignore[override]
        """Write the page and return its path.

        Raises
        ------
        ExportError
            The file exists and `overwrite` is false, or the folder refuses the write.
        """
        return write_text(path, self.html(), overwrite=overwrite)

    def _repr_html_(self) -> str:  # type: ignore[override]
        """Return a frame that shows the page in a notebook."""
        return (
            f'<iframe srcdoc="{html.escape(self.html())}" title="{html.escape(self.page_title[0])}" '
            f'style="width:100%;height:640px;border:1px solid {GROUND["hairline"]}" allowfullscreen></iframe>'
        )
