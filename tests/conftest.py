"""What holds for every test: under CI a skipped test is a failed one, and what is kept is kept for this run alone."""

from __future__ import annotations

import os
import tempfile
from collections import OrderedDict
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pages import headless_browser
from playwright.sync_api import Browser
from xdist.scheduler import LoadFileScheduling

from atlas.cli.session import Session
from atlas.data.catalog import Catalog, open_catalog
from atlas.kept.store import Store, user_store
from atlas.land.ground import Ground
from atlas.land.ground import ground as ground_of
from atlas.land.links import access_table
from atlas.land.population import spread_people
from atlas.network.build import Network, build_network

#: Files whose tests share no costly fixture: a worker that is free takes them one by one.
_ONE_BY_ONE = {"test_cli.py", "test_cli_plan.py"}
#: Files that share the costly pages of another, which stands first: they stay on its worker.
_WITH = {
    "test_page_atlas_controls.py": "test_page_atlas.py", "test_page_explore_answers.py": "test_page_explore.py",
}  # fmt: skip
#: What `scripts/test --quick` leaves out: whole commands, sites and browsers, second programs, long draws.
SLOW = {
    "test_cli.py", "test_cli_plan.py", "test_decisions.py", "test_docs.py", "test_ending.py", "test_engine.py",
    "test_examples.py", "test_export_at_home.py", "test_export_formats.py", "test_export_network.py",
    "test_faults.py", "test_front_end.py", "test_fuzz.py", "test_gaps.py", "test_hostile_atlas.py",
    "test_import_fuzz.py", "test_import_gtfs.py", "test_import_intake.py", "test_import_people.py",
    "test_import_refine.py", "test_import_roundtrip.py", "test_kept.py", "test_map_tiles.py", "test_new_region.py",
    "test_od.py", "test_packaging.py", "test_page_atlas.py", "test_page_atlas_controls.py", "test_page_compare.py",
    "test_page_explore.py", "test_page_explore_answers.py", "test_page_journeys.py", "test_page_plan.py",
    "test_page_reach.py", "test_refresh.py", "test_report.py", "test_serve.py", "test_sheet.py", "test_site.py",
    "test_situations.py", "test_stations.py", "test_surface.py", "test_times.py", "test_trip.py",
    "test_uncertainty.py", "test_validation.py", "test_verify.py",
}  # fmt: skip
#: The files that take longest, in that order.
LONG = (
    "test_site.py", "test_page_atlas.py", "test_page_journeys.py", "test_page_explore.py", "test_decisions.py",
    "test_report.py", "test_examples.py", "test_import_fuzz.py", "test_trip.py", "test_import_intake.py",
    "test_export_formats.py", "test_page_reach.py", "test_validation.py", "test_page_plan.py", "test_docs.py",
)  # fmt: skip
#: Words of single tests that take longest.
_LONG_EXAMPLES = ("atlas report", "atlas value", "atlas critical", "network export", "vertex")
# Tests are never timed: what loads or compiles within the first example would fail it on a busy machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
UNDER_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def _turn(unit: str, tests: int) -> tuple[int, int]:
    """Where a unit of work stands in the queue."""
    file, _, name = unit.partition("::")
    if name:
        return 2, 0 if any(word in name for word in _LONG_EXAMPLES) else 1
    file = file.rpartition("/")[2]
    return (0, LONG.index(file)) if file in LONG else (1, -tests)


class ByFile(LoadFileScheduling):
    """Keep the tests of a file on one worker, so that its fixtures are made once, but for :data:`_ONE_BY_ONE`.

    Files of :data:`_WITH` go with the one whose pages they share. Files of :data:`LONG` come first, the longest before
    the others, then those with most tests; single tests fill the end, whole reports and rankings before the rest, so
    that the workers end together.
    """

    def _assign_work_unit(self, node: Any) -> None:
        if not self.assigned_work or not any(self.assigned_work.values()):
            first = sorted(self.workqueue.items(), key=lambda unit: _turn(unit[0], len(unit[1])))
            self.workqueue = OrderedDict(first)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        folder, _, name = nodeid.partition("::")[0].rpartition("/")
        return nodeid if name in _ONE_BY_ONE else f"{folder}/{_WITH.get(name, name)}"


class Everything(Store):
    """A store that forgets nothing: drawn atlases do not drive out the shipped one, which all workers share."""

    def _forget(self, kind: str) -> None:
        pass


def _store(session: Session) -> Store:
    return Everything(user_store().folder)


def pytest_configure(config: pytest.Config) -> None:
    """Keep networks and the like in a folder of this run: neither to find the user's nor to leave any behind."""
    if not hasattr(config, "workerinput"):  # Workers are handed the environment of who starts them.
        kept = tempfile.TemporaryDirectory(prefix="atlas-kept-", ignore_cleanup_errors=True)
        os.environ["XDG_CACHE_HOME"] = kept.name
        config.add_cleanup(kept.cleanup)
    Session._store = property(_store)  # type: ignore[assignment]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Deal the tests out to the workers; the largest files come first and single tests fill the end."""
    return ByFile(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take `--quick`."""
    parser.addoption("--quick", action="store_true", help="leave out the files that take long; see SLOW")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what is slow when asked for the quick part."""
    return True if config.getoption("--quick") and collection_path.name in SLOW else None


def _no_skip(report: Any) -> Any:
    if UNDER_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: skipped, and CI skips nothing: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Turn a test skipped at run time into a failure."""
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """Turn a module skipped while it is collected into a failure."""
    return _no_skip((yield))


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The shipped atlas."""
    return open_catalog()


@pytest.fixture(scope="session")
def network(catalog: Catalog) -> Network:
    """The network of the shipped atlas, one for all tests of a worker: a value, never written to."""
    return build_network(catalog.layers())


@pytest.fixture(scope="session")
def ground(network: Network) -> Ground:
    """Its land in cells of 4 km, with people."""
    table = access_table(network, cell_km=4.0)
    return Ground(table, spread_people(table.grid, network.place_layer.frame))


@pytest.fixture(scope="session")
def land(network: Network) -> Ground:
    """Its land in full, which `atlas.ground` answers with from then on; the links are made once for all workers."""
    session = Session()
    session.__dict__["_of_layers"] = network
    links = session.access
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("atlas.land.ground.access_table", lambda of: links)
        return ground_of(network)


@pytest.fixture(scope="session")
def atlas_page(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of all layers of the shipped atlas."""
    from atlas.maps.pages.layers import draw_layers  # A second to load, and few tests draw pages.

    page = draw_layers(catalog.layers(), plan=catalog.plan, sources=catalog.sources)
    return page.save(tmp_path_factory.mktemp("page") / "atlas.html")


@pytest.fixture(scope="session")
def explorer(catalog: Catalog, network: Network, land: Ground, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The explorer of the shipped atlas, over its land in full."""
    from atlas.maps.pages.explore import draw_explorer
    from atlas.plan.promises import read_targets

    page = draw_explorer(
        network, catalog.layers(), catalog.parameters, ground=land, origin="珠海", plan=catalog.plan,
        targets=read_targets(catalog.root / "data" / "plan" / "targets.toml"), sources=catalog.sources,
    )  # fmt: skip
    return page.save(tmp_path_factory.mktemp("explore") / "explore.html")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless browser for all tests of a worker."""
    with headless_browser() as found:
        yield found
