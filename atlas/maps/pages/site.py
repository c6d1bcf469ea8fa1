"""The site: a folder of pages that need nothing but a browser."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from atlas.base.changes import HOLDER, changing
from atlas.base.errors import ExportError
from atlas.base.files import code_hash, content_hash, replacing_all, write_text
from atlas.base.seals import intact
from atlas.base.words import Words, both
from atlas.data.catalog import Catalog
from atlas.data.layer import Layer
from atlas.data.scenario import BUILT_IN, Scenario, load_scenario
from atlas.data.stamp import facts_date, stamp
from atlas.evidence.accuracy import validate
from atlas.face.decisions import Decisions
from atlas.land.ground import Ground
from atlas.maps.courses import Courses, courses_of
from atlas.maps.imprint import Links
from atlas.maps.pages.claims import Beside, Weighed, draw_claims
from atlas.maps.pages.explore import draw_explorer
from atlas.maps.pages.layers import draw_layers
from atlas.maps.pages.matrix import draw_matrix
from atlas.maps.pages.report import draw_report
from atlas.maps.pages.resilience import draw_resilience
from atlas.maps.pages.start import Card, Shelf, Standing, draw_start
from atlas.maps.pages.validation import draw_validation
from atlas.maps.pictures import change_picture, land_picture, lines_picture, matrix_picture, reach_picture
from atlas.maps.sheets.decided import decided
from atlas.maps.sheets.figures import seats_by_name
from atlas.maps.sheets.plan import draw_plan
from atlas.network.build import Network
from atlas.plan.promises import check_claims, known_targets, summarise_claims
from atlas.plan.summary import make_report
from atlas.travel.comparison import seats
from atlas.travel.status import scenario_header

__all__ = ["Edition", "build_site"]

_KEY = "<!-- atlas-build {} -->\n"
#: Where a site is drawn up, in its own folder, and what says of what.
_DRAFT, _OF = ".atlas-site", ".key"
#: Where the atlas page walks through corridors and axes.
_STORY = "atlas.html#s=1"
_LINKS: Links = (("index.html", both("site.start")),)


@dataclass(frozen=True)
class Job:
    """One file of the site: its name, what it is for the reader, and how it is made."""

    card: Card
    make: Callable[[], str]

    @property
    def name(self) -> str:
        """File name."""
        return self.card.address


def site_jobs(
    catalog: Catalog,
    layers: Mapping[str, Layer],
    network: Network,
    scenarios: Sequence[Scenario],
    ground: Ground | None = None,
    *,
    county_lines: bool = False,
) -> Iterator[Job]:
    """Yield the maps of the site; county lines, which may not be passed on, where they are asked for."""
    date = facts_date(layer.frame for layer in layers.values())
    known = set(layers["places"].frame["id"].astype(str))
    boundaries = catalog.boundaries() if county_lines else None
    cities = [one.seat for one in network.region.core if one.seat in known]

    def atlas_page() -> str:
        return draw_layers(
            layers, plan=catalog.plan, sources=catalog.sources, date=date, links=_LINKS, boundaries=boundaries
        ).html()

    yield Job(Card("atlas.html", both("site.atlas"), both("site.atlas_about")), atlas_page)
    if known:

        def explorer() -> str:
            return draw_explorer(
                network, layers, catalog.parameters, ground=ground, targets=known_targets(catalog),
                origin=cities[0] if cities else None, plan=catalog.plan, sources=catalog.sources, date=date,
                links=_LINKS, boundaries=boundaries,
            ).html()  # fmt: skip

        yield Job(Card("explore.html", both("site.explore"), both("site.explore_about")), explorer)
    if not seats(network):
        return
    card = Card("matrix.html", both("site.matrix"), both("site.matrix_about"))
    yield Job(card, lambda: draw_matrix(network, scenarios))


def _hour(seat: str) -> str:
    """Where the explorer shows the hour around a core city."""
    return f"explore.html#o={quote(seat)}"


def _change(seat: str) -> str:
    """Where the explorer shows what the plan changes by 2035 from a core city."""
    seat = quote(seat)
    return f"explore.html#d=change&o={seat}&pin=y%3D2023%26o%3D{seat}&y=2035"


def site_views(catalog: Catalog, scenarios: Sequence[Scenario]) -> list[Card]:
    """Return cards that open the explorer on a question: the hour of each core city, and what the plan changes."""
    known = set(catalog.layer("places").frame["id"].astype(str))
    cards = []
    core = [one for one in catalog.region.core if one.seat in known]
    for one in core:
        city = Words(one.city, one.name_en)
        cards.append(Card(_hour(one.seat), both("site.reach", city=city), both("site.reach_about", city=city)))
    if core and {"2023", "2035"} <= {scenario.name for scenario in scenarios}:
        cards.append(Card(_change(core[-1].seat), both("site.compare"), both("site.compare_about")))
    if catalog.plan.axes:
        cards.append(Card(_STORY, both("site.story"), both("site.story_about")))
    return cards


@dataclass(frozen=True)
class Edition:
    """How a site is made.

    Attributes
    ----------
    lang
        Language the pages open in.
    county_lines
        Whether maps show the county lines kept on this machine: pages with them may not be passed on.
    """

    lang: str = "zh"
    county_lines: bool = False


_PLAIN = Edition()


def build_site(
    catalog: Catalog,
    network: Network,
    folder: str | Path,
    *,
    say: Callable[[str], None] = lambda text: None,
    edition: Edition = _PLAIN,
    ground: Ground | None = None,
    offer: Callable[[Path], Sequence[Card]] | None = None,
    decisions: Callable[[], Decisions | None] | None = None,
) -> Path:
    """Write the site into `folder` and return the start page.

    A page whose inputs have not changed since it was written is left alone. All that is new is drawn up beside and
    takes its place at the end, the start page last: a build that is killed leaves the site that stood, and the next
    goes on with the pages it made.

    Parameters
    ----------
    catalog, network
        What is drawn.
    folder
        Where to write; made when missing. Other files in it are left alone.
    say
        Called with a line for each page.
    edition
        In which language, and with which lines.
    ground
        The access table and the people on it, for areas and people inside; None: neither.
    offer
        Writes further files into the folder it is given and returns their cards, for the downloads.
    decisions
        Gives worth, needs, closures and events, asked for when a page has to be made; None: no page has them.

    Raises
    ------
    ExportError
        The folder cannot be written, or another build is at work in it.
    """
    target, lang, county_lines = Path(folder), edition.lang, edition.county_lines
    table = catalog.parameters
    scenarios = [load_scenario(name, table=table) for name in BUILT_IN]
    people = ground.people.people.tobytes() if ground is not None else b""
    key = _build_key(catalog, network, scenarios, f"{lang} {county_lines} {decisions is not None}", people)
    layers = catalog.layers()
    jobs = list(site_jobs(catalog, layers, network, scenarios, ground, county_lines=county_lines))
    targets = known_targets(catalog)
    claims, broken, checks, told = (
        Card(f"{name}.html", both(f"site.{name}"), both(f"site.{name}_about"))
        for name in ("claims", "resilience", "validation", "report")
    )
    # an atlas of other places has neither this plan's promises nor its calibration tables
    read = [claims, told, checks] if targets is not None else []
    if decisions is not None and targets is not None:
        read.insert(1, broken)
    if len(catalog.plan):
        listed = Card("plan.html", both("plan_list.title"), both("site.plan_about", count=len(catalog.plan)))
        read = [listed, *read]
    wanted = [*(job.name for job in jobs), *(card.address for card in read), "index.html"]
    if all(_is_current(target / name, key) for name in wanted):
        say("nothing has changed")
        return target / "index.html"
    with _drawing_up(target, key) as draft:
        for job in jobs:
            if not any(_is_current(place / job.name, key) for place in (target, draft)):
                say(job.name)
                _write(draft / job.name, job.make(), key)
        if len(catalog.plan):
            say("plan.html")
            _write(draft / "plan.html", draw_plan(catalog.plan, layers, atlas_page="atlas.html"), key)
        names = [scenario.name for scenario in scenarios]
        summary, items = pd.DataFrame(), None
        if targets is not None:
            say(claims.address)
            trips = check_claims(network, scenarios, targets, readings=["all"])
            summary = summarise_claims(trips)
            report = make_report(catalog, network, scenarios, claims=trips)
            items = report.items
            found = decisions() if decisions is not None else None
            shown = weighed = None
            if found is not None:
                weighed = Weighed(found, seats_by_name(network.place_layer.frame))
                shown = decided(found, network)
                say(broken.address)
                _write(draft / broken.address, draw_resilience(found, shown, network, layers, lang=lang), key)
            page = draw_claims(
                summary, targets, scenarios=names, hash=report.hash, lang=lang, english=report.english,
                beside=Beside(report.deciding, report.items, weighed, shown),
            )  # fmt: skip
            _write(draft / claims.address, page, key)
            say(told.address)
            page = draw_report(report, lang=lang, found=found, network=network, layers=layers)
            _write(draft / told.address, page, key)
            say(checks.address)
            _write(draft / checks.address, _validation_page(catalog, network, lang), key)
        say("index.html")
        downloads = [*(offer(draft) if offer else ()), *_downloads(catalog, target, draft)]
        cards = _pictured(
            [*(job.card for job in jobs), *site_views(catalog, scenarios)], catalog, layers, network, scenarios
        )
        standing = Standing(
            names, facts_date(layer.frame for layer in layers.values()), stamp(network.hash, scenarios),
            {scenario.name: scenario_header(network, scenario)["assumed"] for scenario in scenarios},
            network.english_names, items, network.region, county_lines and catalog.boundaries() is not None,
        )  # fmt: skip
        start = draw_start(summary, Shelf(cards, downloads, read, land_picture(layers)), standing, lang=lang)
        _write(draft / "index.html", start, key)
    return target / "index.html"


@contextmanager
def _drawing_up(target: Path, key: str) -> Iterator[Path]:
    """Give a folder for what is new in a site; when the block ends well it takes its place, the start page last.

    What a killed build of the same `key` left in it is there; what is of another is thrown away.

    Raises
    ------
    ExportError
        Another build is at work, or the system refuses.
    """
    draft = target / _DRAFT
    try:
        draft.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise ExportError(f"cannot write {target}: {reason.strerror or reason}") from reason
    with changing(draft):
        mark = draft / _OF
        if not mark.is_file() or mark.read_text("utf-8") != key:
            for old in draft.iterdir():
                if old.name != HOLDER:
                    shutil.rmtree(old) if old.is_dir() else old.unlink()
            write_text(mark, key, overwrite=True)
        yield draft
        made: dict[Path, list[Path]] = defaultdict(list)
        for path in sorted(path for path in draft.rglob("*") if path.is_file() and path.name not in (HOLDER, _OF)):
            made[path.relative_to(draft).parent].append(path)
        # Pages come after what they offer, and the start page after all.
        for folder in sorted(made, key=lambda one: one == Path()):
            files = sorted(made[folder], key=lambda path: path.name == "index.html")
            with replacing_all([target / path.relative_to(draft) for path in files], overwrite=True) as places:
                for path, place in zip(files, places, strict=True):
                    shutil.copyfile(path, place)
        shutil.rmtree(draft)


def _pictured(
    cards: Sequence[Card],
    catalog: Catalog,
    layers: Mapping[str, Layer],
    network: Network,
    scenarios: Sequence[Scenario],
) -> list[Card]:
    """Return the cards with a small picture each."""
    by_name = {scenario.name: scenario for scenario in scenarios}
    now = by_name.get("2026", scenarios[0])
    courses = courses_of(layers)
    pictures: dict[str, Callable[[], str]] = {
        "atlas.html": lambda: lines_picture(layers),
        "explore.html": lambda: explorer_picture(catalog, network, now, courses),
        "matrix.html": lambda: matrix_picture(network, now),
        _STORY: lambda: lines_picture(layers),
    }
    for one in catalog.region.core:
        pictures[_hour(one.seat)] = partial(reach_picture, network, one.seat, now, courses)
        pictures[_change(one.seat)] = lambda: change_picture(network, by_name["2023"], by_name["2035"], courses)
    return [replace(card, picture=pictures[card.address]()) for card in cards]


def explorer_picture(catalog: Catalog, network: Network, scenario: Scenario, courses: Courses) -> str:
    """A picture of the explorer's answer for the first core city, else for the first place."""
    known = catalog.layer("places").frame["id"].astype(str).tolist()
    return reach_picture(
        network, next((one.seat for one in network.region.core if one.seat in known), known[0]), scenario, courses
    )


def _validation_page(catalog: Catalog, network: Network, lang: str) -> str:
    scenario = load_scenario("2026", table=catalog.parameters)
    found = validate(network, scenario, catalog.root / "data" / "facts", catalog.layer("railways").frame)
    return draw_validation(found, hash=stamp(network.hash, [scenario]), lang=lang, english=network.english_names)


def _downloads(catalog: Catalog, target: Path, draft: Path) -> list[Card]:
    """Copy the layers that do not stand beside the pages of `target` into `draft`, as they are read by the network."""
    cards = []
    for spec in catalog.specs.values():
        text = catalog.path(spec.key).read_text("utf-8")
        name = f"data/{spec.key}.geojson"
        if not (target / name).is_file() or (target / name).read_text("utf-8") != text:
            write_text(draft / name, text, overwrite=True)
        cards.append(Card(name, (spec.title_zh, spec.title_en), both("site.layer_about")))
    return cards


def _build_key(catalog: Catalog, network: Network, scenarios: Sequence[Scenario], lang: str, people: bytes) -> str:
    """Return the hash of everything the site is made of: code, declarations, layers, tables, scenarios, people.

    All tables count: a page may come to show any of them, and scenarios know the central parameters alone.
    """
    data = catalog.root / "data"
    facts = sorted(path for ending in ("csv", "toml") for path in data.rglob(f"*.{ending}"))
    facts = [path for path in facts if path.relative_to(data).parts[0] not in ("backups", "own")]
    facts += sorted((catalog.root / "layers").glob("*.toml"))
    if catalog.boundaries_path.is_file():
        facts.append(catalog.boundaries_path)
    parts = [part for path in facts for part in (path.name, path.read_bytes())]
    return content_hash(network.hash, lang, people, code_hash(), *(scenario.hash for scenario in scenarios), *parts)


def _is_current(path: Path, key: str) -> bool:
    if not path.is_file():
        return False
    content = path.read_bytes()
    # A page that was edited is made anew, whatever its key says.
    return content.endswith(_KEY.format(key).encode()) and intact(content) is not False


def _write(path: Path, text: str, key: str) -> None:
    write_text(path, text + _KEY.format(key), overwrite=True)
