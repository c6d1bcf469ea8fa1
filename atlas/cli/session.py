"""Where commands get their catalogue, network and scenario; the one place that keeps a cache."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.base.doors import did_you_mean
from atlas.base.errors import ExportError, PlanError, ScenarioError
from atlas.base.files import code_hash, content_hash
from atlas.base.tables import listed
from atlas.base.words import both
from atlas.cli.output import LOUD, say, tell
from atlas.data.region import find_root, read_region
from atlas.kept.store import Kept, Store, user_store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from atlas.data.catalog import Catalog
    from atlas.data.scenario import DrawnLink, Scenario
    from atlas.face.decisions import Decisions
    from atlas.land.links import AccessTable
    from atlas.land.population import Population
    from atlas.network.build import Network
    from atlas.ways.kept import KeptTrip

__all__ = ["DEFAULT_YEAR", "EVERY_S", "Choice", "Session"]

DEFAULT_YEAR = "2026"
#: Seconds between two lines of progress.
EVERY_S = 5.0
#: The rooms that a network is made by (tests hold it): theirs is the code that its kept file is keyed by.
_NETWORK_ROOMS = ("base", "data", "kept", "network", "notebook")
#: … and those that it is travelled by besides.
_TRAVEL_ROOMS = ("travel", "ways")
_GEOMETRY = ("numpy-", "pyproj-", "scipy-", "shapely-")


@dataclass(frozen=True)
class Choice:
    """The scenario a user asked for: a year or a file, what is put in, parameters, traffic, boarding."""

    year: str | None = None
    scenario: str | None = None
    parameter_set: str | None = None
    settings: tuple[tuple[str, float], ...] = ()
    period: str | None = None
    boarding: str | None = None
    with_: tuple[str, ...] = ()
    close: tuple[str, ...] = ()


@dataclass(frozen=True)
class Session:
    """One run of a command: the atlas under `root`, read when first asked for.

    ``requested`` gathers the lines without a known alignment that scenarios put in, and ``drawn`` the links of one's
    own that they draw: the network holds no others of these kinds.
    """

    root: Path | None = None
    requested: set[str] = field(default_factory=set, compare=False)
    drawn: dict[str, DrawnLink] = field(default_factory=dict, compare=False)

    @cached_property
    def folder(self) -> Path:
        """The folder with ``layers/`` and ``data/``."""
        return find_root(self.root)

    @cached_property
    def catalog(self) -> Catalog:
        """The catalogue."""
        from atlas.data.catalog import open_catalog

        return open_catalog(self.folder)

    @cached_property
    def network(self) -> Network:
        """The network of all layers, with the links that scenarios draw."""
        if not self.drawn:
            return self._of_layers
        from atlas.land.drawn import with_links

        return with_links(self._of_layers, tuple(self.drawn.values()), self._streets)

    @property
    def _streets(self) -> AccessTable | None:
        return None if self._of_layers.barrier is None else self.access

    @cached_property
    def _of_layers(self) -> Network:
        """The network of all layers: from the store when nothing it is made of has changed, else built."""
        from atlas.network.value import network_of

        key = self._network_key
        kept = self._kept("network", key)
        if kept is not None:
            return network_of(kept, lambda: self.catalog.specs["places"], lambda: read_region(self.folder))
        say("building the network ...", level=LOUD)
        start = time.perf_counter()
        from atlas.network.build import build_network
        from atlas.network.value import packed_network

        catalog = self.catalog
        layers = catalog.layers()
        network = build_network(layers, on_request=self.requested)
        say(f"network built in {time.perf_counter() - start:.1f} s", level=LOUD)
        # What was read is what the key says, or nothing is kept: a layer may change while the network is made.
        read = {f"{name}.geojson": layer.digest for name, layer in layers.items()}
        if read.items() <= self._inputs().items() and self._key_of(self._inputs()) == key:
            self._keep("network", key, *packed_network(network))
        return network

    @cached_property
    def _network_key(self) -> str:
        return self._key_of(self._inputs())

    def _inputs(self) -> dict[str, str]:
        """Hashes of the files a network is made of, by name."""
        files = sorted((self.folder / "layers").glob("*.toml"))
        files += sorted((self.folder / "data" / "geojson").glob("*.geojson"))
        files += [path for name in ("region.toml", "sides.geojson") if (path := self.folder / "data" / name).exists()]
        return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}

    def _key_of(self, inputs: dict[str, str]) -> str:
        told = (part for item in inputs.items() for part in item)
        return content_hash(*sorted(self.requested), *_made_with(), code_hash(*_NETWORK_ROOMS), *told)

    @cached_property
    def access(self) -> AccessTable:
        """The access table of the land grid: from the store when nothing it is made of has changed, else computed."""
        from atlas.land.links import access_of, access_table, inputs_hash, packed_access

        region = self._of_layers.region
        where = repr(region.land_box), region.metric.to_wkt()
        key = content_hash(*_made_with(), *where, inputs_hash(self._of_layers), code_hash())
        kept = self._kept("access", key)
        if kept is not None:
            return access_of(kept, region.metric)
        tell("answer.linking")
        table = access_table(self._of_layers)
        self._keep("access", key, *packed_access(table))
        return table

    @cached_property
    def decisions(self) -> Decisions | None:
        """Worth, needs, closures and events for pages: from the store, else computed; None without targets."""
        from atlas.face.decisions import Decisions, gather_decisions
        from atlas.land.ground import Ground
        from atlas.plan.promises import known_targets

        targets = known_targets(self.catalog)
        if targets is None or not self.catalog.region.core:
            return None
        ground = Ground(self.access, self.population)
        folders = [self.folder / "data" / name for name in ("plan", "events")]
        files = [self.folder / "data" / "parameters.csv", *(one for folder in folders for one in folder.glob("*.*"))]
        told = [part for path in sorted(files) for part in (path.name, path.read_bytes())]
        key = content_hash(self._network_key, *_made_with(), code_hash(), ground.people.people.tobytes(), *told)
        kept = self._kept("decisions", key)
        if kept is not None:
            return Decisions.unpacked(kept.facts)
        try:
            found = gather_decisions(self.catalog, self.network, ground, targets, progress=_progress())
        except PlanError as reason:
            # a plan without projects between the years, say: the pages do without
            tell("answer.no_decisions", why=str(reason))
            return None
        self._keep("decisions", key, {}, found.packed())
        return Decisions.unpacked(found.packed())

    def kept_trip(self, scenario: Scenario, mode: str, searches: int) -> KeptTrip | None:
        """Return the network under a scenario and mode in plain lists, for a few searches; kept for the next run.

        None where links of one's own are drawn, nothing can be kept, or the work is so large that arrays pay.
        """
        if self.drawn:
            return None
        from atlas.ways.heap import pays
        from atlas.ways.kept import KeptTrip

        key = content_hash(self._network_key, scenario.hash, mode, code_hash(*_TRAVEL_ROOMS))
        kept = self._kept("trip", key)
        if kept is None:
            from atlas.travel.trip import Trip, packed_trip

            trip = Trip(self.network, scenario, mode)
            if not pays(trip.graph.states, len(trip.graph.heads), searches):
                return None
            self._keep("trip", key, *packed_trip(trip))
            kept = self._kept("trip", key)
        found = None if kept is None else KeptTrip(kept, scenario, mode, lambda: self.network)
        return found if found is not None and pays(found.graph.states, len(found.graph.head), searches) else None

    @property
    def _store(self) -> Store:
        return user_store()

    def _kept(self, kind: str, key: str) -> Kept | None:
        kept = self._store.get(kind, key)
        if kept is not None:
            say(f"read {self._store.path(kind, key)}", level=LOUD)
        return kept

    def _keep(self, kind: str, key: str, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
        """Keep something for the next run, when there is somewhere to keep it."""
        try:
            self._store.put(kind, key, arrays, facts)
        except ExportError as reason:
            say(f"the {kind} could not be kept for next time: {reason}", level=LOUD)

    @cached_property
    def population(self) -> Population:
        """Residents on the land grid: the user's own when there is one, else those of the layer places."""
        from atlas.land.population import own_population, spread_people

        places = self.catalog.layer("places").frame
        own = self.folder / "data" / "own" / "population.csv"
        if own.is_file():
            tell("answer.people_own", path=own)
            return own_population(self.access.grid, own, places)
        return spread_people(self.access.grid, places)

    def scenario(self, choice: Choice) -> Scenario:
        """Return the scenario that the shared options describe.

        Raises
        ------
        ScenarioError
            Both a year and a scenario are given, or what is given cannot be read.
        """
        from atlas.data.parameters import read_parameters
        from atlas.data.scenario import load_scenario

        if choice.year is not None and choice.scenario is not None:
            raise ScenarioError("give --year or --scenario, not both; a scenario file has its own year")
        table = read_parameters(self.folder / "data" / "parameters.csv")
        if choice.scenario is None:
            found = load_scenario(choice.year or DEFAULT_YEAR, table=table)
        else:
            found = load_scenario(choice.scenario, table=table, known_ids=self.known_ids)
            self.request(found.with_)
            self.draw(found.links)
        overrides = dict(choice.settings)
        if choice.with_:
            self.check_ids(choice.with_, self.known_ids)
            self.request(choice.with_)
        if choice.close:
            self.check_ids(choice.close, self.known_ids)
        if overrides or choice.with_ or choice.close or choice.parameter_set or choice.period or choice.boarding:
            return found.but(
                with_=choice.with_,
                close=choice.close,
                parameter_set=choice.parameter_set,
                overrides=overrides,
                period=choice.period,
                boarding=choice.boarding,
            )
        return found

    def assumed(self, *scenarios: Scenario) -> dict[str, int]:
        """Return by scenario the number of features that are open in it by an assumed year: part of every answer."""
        from atlas.travel.status import assumed_features

        return {one.name: assumed_features(self.network, one) for one in scenarios}

    def request(self, names: Collection[str]) -> None:
        """Take into the network what `names` asks for of the lines that have no known alignment."""
        asked = {name for name in names if name in self.drawn_only and name not in self.requested}
        if asked:
            self.requested.update(asked)
            for kept in ("network", "_of_layers", "_network_key", "access", "population"):
                self.__dict__.pop(kept, None)
            tell("answer.straight", names=", ".join(sorted(asked)))
        arrays = self.network.arrays
        unsure = arrays.feature_id[arrays.named(names) & arrays.indicative]
        if len(unsure):
            told = ", ".join(sorted({str(name).removesuffix("~f").removesuffix("~b") for name in unsure}))
            tell("answer.indicative", names=told)
        without_line = {name for name in names if not self.network.arrays.named([name]).any()}
        if without_line:
            tell("answer.no_line", names=", ".join(sorted(without_line)))

    def draw(self, links: Sequence[DrawnLink]) -> None:
        """Take links of one's own into the network, and say of each what joins nothing and what crosses a border."""
        from atlas.land.drawn import crosses_border, loose_points

        for link in links:
            if link.id not in self.drawn:
                self.drawn[link.id] = link
                self.__dict__.pop("network", None)
            loose = loose_points(self._of_layers, link, self._streets)
            kind = both(f"answer.drawn_{link.kind}")
            tell("answer.drawn", kind=kind, kmh=link.speed_kmh, points=len(link.points), loose=loose)
            if crosses_border(self._of_layers, link):
                tell("answer.drawn_over_border", kind=kind)

    @cached_property
    def drawn_only(self) -> set[str]:
        """Ids and plan ids of roads and railways that are drawn between named ends and kept out of the network."""
        from atlas.network.build import lines_on_request

        names: set[str] = set()
        for key in ("highways", "railways"):
            frame = self.catalog.layer(key).frame
            rows = frame[lines_on_request(frame)]
            names |= {*rows["id"], *(f"{key}/{name}" for name in rows["id"])}
            names |= {part for text in rows["plan_ids"] for part in listed(str(text or ""))}
        return names

    def choice_of(self, text: str) -> Choice:
        """Return the choice that a bare word stands for: a scenario file when there is one, else a year."""
        from atlas.data.scenario import is_scenario_file

        return Choice(scenario=text) if is_scenario_file(text) else Choice(year=text)

    def check_ids(self, ids: Iterable[str], known: Collection[str]) -> None:
        """Raise ScenarioError, with the nearest, for an id that is no feature and no plan item."""
        for name in ids:
            if name not in known:
                raise ScenarioError(f"{name!r} is no feature or plan item{did_you_mean(name, known)}")

    @cached_property
    def known_ids(self) -> set[str]:
        """What a scenario may name: features, lines, plan items, and the words ``ferries`` and ``coaches``."""
        known = set(self.network.arrays.rows_by_id)
        if self.catalog.register_path.is_file():
            known |= self.catalog.register_ids()
        return (known | self.drawn_only) - {"", "nan", "None"}


def _progress() -> Callable[[str, int, int], None]:
    """Return a reporter that tells each step once, and how far it is every few seconds."""
    said: dict[str, float] = {}

    def report(name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if name not in said or now - said[name] >= EVERY_S:
            said[name] = now
            tell("decide.step", name=both(f"decide.step_{name}"), done=done, total=total)

    return report


def _made_with() -> list[str]:
    """Names and versions of the packages that lengths and shapes come from; none of them is imported for it."""
    found = find_spec("shapely")
    if found is None or found.origin is None:
        return []
    there = os.listdir(Path(found.origin).parent.parent)
    return sorted(name for name in there if name.startswith(_GEOMETRY) and name.endswith(".dist-info"))
