"""What is served, as one value: layers, network, parameters, page; and what an endpoint is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import shapely

from atlas.base.geodesy import Texts
from atlas.base.values import plain
from atlas.data.catalog import Catalog
from atlas.data.layer import Layer
from atlas.data.parameters import ParameterTable
from atlas.exports.tables.bundle import Table, gather
from atlas.land.links import AccessTable
from atlas.network.build import Network
from atlas.serve.asking import Parameter

__all__ = ["GEOJSON", "JSON", "Asked", "Endpoint", "Limits", "Reply", "Service", "as_json", "link"]

JSON, GEOJSON = "application/json", "application/geo+json"


@dataclass(frozen=True)
class Limits:
    """How much a question may ask for.

    Attributes
    ----------
    address
        Signs of path and query together.
    answer
        Bytes of an answer's body.
    seconds
        Seconds an answer may take.
    workers, waiting
        Questions worked on at a time, and those that may wait for their turn.
    features
        Features a page of items.
    pairs
        Pairs of a matrix.
    origins
        Places of an isochrone.
    cutoff_min
        The longest cut-off, minutes.
    """

    address: int = 8_000
    answer: int = 64_000_000
    seconds: float = 30.0
    workers: int = 4
    waiting: int = 200
    features: int = 5_000
    pairs: int = 10_000
    origins: int = 20
    cutoff_min: float = 600.0


@dataclass(frozen=True, eq=False)
class Service:
    """An atlas that answers questions; nothing in it changes while it does.

    Attributes
    ----------
    catalog, layers, network, access, parameters
        What answers are made of; `access` is None where the atlas has no land.
    explorer
        The page at ``/`` (HTML); empty: none.
    hosts
        Names the service answers to; empty: any. A page of the open web must not reach a service on this machine by a
        name of its own.
    url
        The address told in links; empty: that by which it is asked.
    """

    catalog: Catalog
    layers: Mapping[str, Layer]
    network: Network
    access: AccessTable | None
    parameters: ParameterTable
    explorer: str = ""
    hosts: tuple[str, ...] = ()
    url: str = ""
    limits: Limits = field(default_factory=Limits)

    @property
    def titles(self) -> tuple[str, str]:
        """The atlas's title, Chinese and English."""
        region = self.network.region
        return region.title_zh or region.name_zh or "atlas", region.title_en or region.name_en or "atlas"

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Each layer as exports write it."""
        sources = self.catalog.sources
        return {key: gather(layer, sources=sources).tables[0] for key, layer in self.layers.items()}

    @cached_property
    def mercator(self) -> dict[str, tuple[Texts, shapely.STRtree]]:
        """Each layer's shapes in Web Mercator, of which tiles are cut, and an index of them."""
        shapes = {key: table.shapes.geometry.to_crs(3857).to_numpy() for key, table in self.tables.items()}
        return {key: (one, shapely.STRtree(one)) for key, one in shapes.items()}

    @cached_property
    def known_ids(self) -> frozenset[str]:
        """What a scenario may name."""
        known = set(self.network.arrays.rows_by_id)
        if self.catalog.register_path.is_file():
            known |= self.catalog.register_ids()
        return frozenset(known - {"", "nan", "None"})


@dataclass(frozen=True)
class Asked:
    """A question as it was read: the values of the parameters, and the address the service is asked by."""

    values: Mapping[str, Any]
    base: str
    path: str
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reply:
    """An answer: its body and what it is."""

    body: bytes
    media: str
    status: int = 200


@dataclass(frozen=True)
class Endpoint:
    """A path, what may be asked there, and what answers.

    Attributes
    ----------
    path
        With ``{name}`` for each parameter in the path.
    name
        Key of what it does in the table ``serve`` of the words.
    media
        Of the answer.
    answer
        Service and question → reply.
    parameters
        Service and values in the path → what may be asked.
    """

    path: str
    name: str
    media: str
    answer: Callable[[Service, Asked], Reply]
    parameters: Callable[[Service, Mapping[str, str]], Sequence[Parameter]]
    group: str = "travel"


def as_json(value: Any, media: str = JSON) -> Reply:
    """Return a value as a reply in JSON."""
    return Reply(json.dumps(plain(value), ensure_ascii=False, allow_nan=False).encode("utf-8"), media)


def link(base: str, path: str, rel: str, media: str, title: str) -> dict[str, str]:
    """Return a link as OGC APIs write it."""
    return {"href": base + path, "rel": rel, "type": media, "title": title}
