"""Everything found under one root: declarations, layers, sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from atlas.base.changes import heal, reading
from atlas.base.errors import LayerError
from atlas.base.foreign import apart, only_drivers
from atlas.base.tables import read_table
from atlas.data.checks import Known, Violation, check_layers, read_known_findings
from atlas.data.declaration import LayerSpec, read_specs
from atlas.data.layer import Layer, read_layer, region_of
from atlas.data.parameters import ParameterTable, read_parameters
from atlas.data.region import Region, find_root, read_region
from atlas.data.register import Register, read_register
from atlas.data.sources import Source, read_sources

__all__ = ["Catalog", "open_catalog"]


@dataclass(frozen=True)
class Catalog:
    """What an atlas holds.

    Attributes
    ----------
    root
        The folder with ``layers/`` and ``data/``.
    specs
        Declarations by layer key, in drawing order (lowest first).
    sources
        The ledger ``data/sources.csv`` by key.
    """

    root: Path
    specs: dict[str, LayerSpec]
    sources: dict[str, Source]

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        return f"<Catalog of {len(self.specs)} layers in {self.root}>"

    @property
    def region(self) -> Region:
        """The region this atlas is of, its box about the places where it declares none."""
        return region_of(self.layers("places")) if "places" in self.specs else read_region(self.root)

    def layer(self, key: str) -> Layer:
        """Read the layer `key`.

        Raises
        ------
        LayerError
            No such layer is declared, or its file breaks the contract.
        """
        if key not in self.specs:
            raise LayerError(f"no layer {key!r}; there are {', '.join(self.specs)}")
        return read_layer(self.path(key), self.specs[key])

    def layers(self, *keys: str) -> dict[str, Layer]:
        """Read the layers named, or all of them, by key."""
        with reading(self.root):
            return {key: self.layer(key) for key in (keys or self.specs)}

    def path(self, key: str) -> Path:
        """Return where the GeoJSON file of layer `key` stands."""
        return self.root / "data" / "geojson" / f"{key}.geojson"

    @property
    def plan(self) -> Register:
        """The plan's items with their links to features and their history, read anew."""
        return read_register(self.root / "data" / "plan")

    @property
    def parameters(self) -> ParameterTable:
        """The parameter table of the model, read anew."""
        return read_parameters(self.root / "data" / "parameters.csv")

    @property
    def known_findings(self) -> tuple[Known, ...]:
        """Findings known and explained, which :meth:`check` does not report."""
        return read_known_findings(self.root / "data" / "facts" / "known_findings.csv")

    def register_ids(self) -> frozenset[str]:
        """Return the ids of the plan's items.

        Raises
        ------
        LayerError
            The register is missing or has no column ``id``.
        """
        return frozenset(row["id"] for row in read_table(self.register_path, ("id",), what=", the plan's register,"))

    def check(self, *keys: str, county_polygons: gpd.GeoDataFrame | None = None) -> list[Violation]:
        """Return every finding in the layers named, or in all of them. See :func:`atlas.data.checks.check_layers`.

        All layers are read, so that references and water can be checked; only the findings of the
        layers named are returned.
        """
        found = check_layers(
            self.layers(),
            register_ids=self.register_ids(),
            county_polygons=county_polygons,
            source_keys=self.sources,
            known=self.known_findings,
        )
        return [one for one in found if not keys or one.layer in keys]

    @property
    def boundaries_path(self) -> Path:
        """Where ``scripts/fetch_boundaries.py`` puts the administrative boundaries."""
        return self.root / ".cache" / "boundaries.geojson"

    def boundaries(self) -> gpd.GeoDataFrame | None:
        """Return the administrative boundaries (column ``adcode``), None when they were not fetched.

        They may not be passed on, so they are no part of the atlas: a private copy serves the rule
        ``county`` of :func:`atlas.data.checks.check_layers`.
        """
        path = self.boundaries_path
        if not path.is_file():
            return None

        def read() -> gpd.GeoDataFrame:
            only_drivers(("GeoJSON",))
            return gpd.read_file(path)

        return apart(read, path, LayerError)

    @property
    def register_path(self) -> Path:
        """Where the plan's register stands."""
        return self.root / "data" / "plan" / "register.csv"


def open_catalog(root: str | Path | None = None) -> Catalog:
    """Open the atlas under `root`.

    Parameters
    ----------
    root
        A folder with ``layers/*.toml``, ``data/geojson/`` and ``data/sources.csv``. None: the
        checkout this package stands in, else the data installed with it.

    Returns
    -------
    Catalog
        Declarations and sources, read and checked. Layers are read when asked for.

    Raises
    ------
    LayerError
        There is no atlas, or a declaration or the ledger is broken.

    Examples
    --------
    >>> catalog = open_catalog()
    >>> sorted(catalog.layers())[:3]
    ['airports', 'cross_border_links', 'digital']
    """
    found = find_root(root)
    heal(found)
    return Catalog(found, read_specs(found / "layers"), read_sources(found / "data" / "sources.csv"))
