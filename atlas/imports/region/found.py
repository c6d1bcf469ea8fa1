"""A map extract, feeds of trains and a population become an atlas of their own, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from atlas.base.errors import ImportDataError
from atlas.data.catalog import Catalog, open_catalog
from atlas.imports.gtfs.services import ADDED, MATCHED, gtfs_layers
from atlas.imports.osm.layers import About, Whole, area_of, osm_layers
from atlas.imports.osm.points import places_asked
from atlas.imports.osm.tags import classes_of
from atlas.imports.people import people_text, read_people
from atlas.imports.regions import Founding
from atlas.imports.run import Destination, Outcome, take_in
from atlas.imports.store import new_folder, store_table
from atlas.imports.vector import Origin

__all__ = ["Recipe", "found_atlas", "founding_of"]


@dataclass(frozen=True)
class Recipe:
    """What an atlas is made of.

    Attributes
    ----------
    osm
        An OpenStreetMap extract.
    gtfs
        Feeds with trains.
    population, population_year, population_column
        A raster or points with residents, their year, and of points the field that holds them.
    boundary
        ``west,south,east,north`` or a file with polygons; None: the whole extract.
    classes, places
        Road classes and kinds of places, as the user writes them; None: secondary and above, down to villages.
    core
        Names of the cities it is about; empty: the largest.
    name
        Of the region; empty: its city's when it has one, else the folder's.
    country
        Its code; empty: what the extract says.
    as_of
        ISO date of the extract, where it does not say.
    """

    osm: Path
    gtfs: tuple[Path, ...] = ()
    population: Path | None = None
    population_year: int | None = None
    population_column: str | None = None
    boundary: str | None = None
    classes: str | None = None
    places: str | None = None
    core: tuple[str, ...] = ()
    name: str = ""
    country: str = ""
    as_of: str | None = None


def founding_of(about: About | None, name: str) -> Founding | None:
    """Return what an extract is of, as the room that writes folders takes it; None for an extract of nothing.

    A region that nobody names is named after its city.

    >>> founding_of(None, "nowhere") is None
    True
    """
    if about is None:
        return None
    core = tuple((one.city, one.name_en, one.seat) for one in about.core)
    zh, en = (core[0][0], core[0][1]) if len(core) == 1 and not name else (name, name)
    return Founding(zh, en, about.box, core, about.limits)


def found_atlas(
    folder: str | Path,
    recipe: Recipe,
    home: Catalog,
    *,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Make an atlas of its own.

    Parameters
    ----------
    folder
        Where; it appears when it is complete.
    recipe
        What it is made of.
    home
        The atlas whose declarations and parameters are taken over.
    overwrite
        Whether an atlas that stands there may be replaced; it is kept beside as ``<name>.before``.
    progress
        Told what is being done.

    Raises
    ------
    ImportDataError
        A file cannot be read or holds nothing, or a population comes without its year.
    ExportError
        The folder holds something and `overwrite` is false, or cannot be written.
    """
    folder = Path(folder)
    if recipe.population is not None and recipe.population_year is None:
        raise ImportDataError(f"{recipe.population}: say of which year the population is (--population-year)")
    with new_folder(folder, overwrite) as draft:
        outcome = _mapped(draft, folder.resolve().name, recipe, home, progress)
        counts, refused = list(outcome.counts), list(outcome.refused)
        notes, layers = list(outcome.notes), dict(outcome.layers)
        for feed in recipe.gtfs:
            progress(f"reading {feed.name}")
            more = _timetabled(draft, feed, home)
            counts += more.counts
            refused += more.refused
            notes += more.notes
            layers |= more.layers
        if recipe.population is not None:
            notes += _peopled(draft, recipe)
        shutil.rmtree(draft / "data" / "backups", ignore_errors=True)
        notes += _lacking(draft, recipe)
    return Outcome(tuple(counts), tuple(refused), tuple(dict.fromkeys(notes)), layers, (folder,))


def _mapped(draft: Path, name: str, recipe: Recipe, home: Catalog, progress: Callable[[str], None]) -> Outcome:
    found = osm_layers(
        recipe.osm, home.specs, area=area_of(recipe.boundary), classes=classes_of(recipe.classes), as_of=recipe.as_of,
        whole=Whole(recipe.core, places_asked(recipe.places), recipe.country.strip().upper()), progress=progress,
    )  # fmt: skip
    progress("checking and writing")
    own = recipe.name or ("" if found.about and len(found.about.core) == 1 else name)
    target = Destination(out=draft, founding=founding_of(found.about, own))
    return take_in(found.layers, [found.source], home, target, refused=found.refused, notes=found.notes)


def _timetabled(draft: Path, feed: Path, home: Catalog) -> Outcome:
    catalog = open_catalog(draft)
    known = catalog.layers(*(key for key in MATCHED if key in catalog.specs))
    found = gtfs_layers(feed, {**home.specs, **catalog.specs}, known)
    return take_in(
        found.layers, [found.source], catalog, Destination(into=draft, add=True), adding=ADDED,
        refused=found.refused, notes=found.notes,
    )  # fmt: skip


def _peopled(draft: Path, recipe: Recipe) -> list[str]:
    assert recipe.population is not None
    assert recipe.population_year is not None
    origin = Origin(date.today().isoformat(), "own data", "not stated; ask before passing it on")
    crs = "4326" if recipe.population.suffix.lower() == ".csv" else None
    people = read_people(
        recipe.population, origin, year=recipe.population_year, column=recipe.population_column, crs=crs,
        region=open_catalog(draft).region,
    )  # fmt: skip
    store_table(draft, people_text(people), people.source)
    return [*people.notes, f"{people.total:,.0f} residents of {people.year} in {len(people.frame):,} places"]


def _lacking(draft: Path, recipe: Recipe) -> list[str]:
    """Say what the atlas does not have and what therefore stays empty."""
    catalog = open_catalog(draft)
    lacks = [
        "no plan: promises, projects and the plan's pages stay empty until data/plan is written (docs/howto/region.md)"
    ]
    if recipe.population is None:
        places = catalog.layer("places").frame
        told = int(places["population"].notna().sum()) if len(places) else 0
        lacks.append(
            f"no population: people are those of {told} of {len(places)} places, as the extract tells them; "
            "atlas import population brings others"
        )
    if not recipe.gtfs:
        lacks.append("no timetable: trains run at assumed intervals and speeds; --gtfs brings one")
    lacks.append("no measured times: atlas validate has nothing to compare with")
    return lacks
