"""What is open in a scenario, feature by feature, and how two scenarios differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from atlas.base.geodesy import Ints
from atlas.base.tables import SEPARATOR
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.network.arrays import MESH
from atlas.network.value import Network

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["assumed_features", "open_features", "scenario_difference", "scenario_header"]

OPEN_COLUMNS = (
    "layer", "feature_id", "name_zh", "name_en", "status", "opens_year", "opens_basis", "plan_ids",
)  # fmt: skip
#: What every scenario has, and what no plan speaks of.
_ALWAYS = ("places", "stations", MESH)
_CARRY = ("run", "ride", "sail", "border", "access")


def open_features(network: Network, scenario: Scenario) -> pd.DataFrame:
    """Return every feature of the network that is open in `scenario`, each once.

    Returns
    -------
    DataFrame
        :data:`OPEN_COLUMNS`: roads, crossings, ferries, ports and airports by their own id, trains by the railway
        lines they run on. Places, stations and the sketch of ordinary roads are always there and are left out.
    """
    import pandas as pd

    rows, layer, feature = _open_rows(network, scenario)
    columns = {name: network.edge_column(name)[rows] for name in ("status", "opens_year", "opens_basis", "plan_ids")}
    found = pd.DataFrame({"layer": layer, "feature_id": feature, **columns})
    keys = list(zip(found["layer"].astype(str), found["feature_id"].astype(str), strict=True))
    told = _node_names(network)
    names = [network.feature_names.get(key) or told.get(key, (key[1], key[1])) for key in keys]
    table = pd.DataFrame(found).reset_index(drop=True)
    table.insert(2, "name_zh", [zh for zh, _ in names])
    table.insert(3, "name_en", [en for _, en in names])
    table["opens_year"] = table["opens_year"].astype("Int64")
    return table.sort_values(["layer", "feature_id"], kind="stable").reset_index(drop=True)[list(OPEN_COLUMNS)]


def assumed_features(network: Network, scenario: Scenario) -> int:
    """Return how many features are open in `scenario` by an assumed year; see :func:`scenario_header`."""
    rows, _, _ = _open_rows(network, scenario)
    return int((network.edge_column("opens_basis")[rows] == "assumed").sum())


def _open_rows(network: Network, scenario: Scenario) -> tuple[Ints, list[str], list[str]]:
    """Return an edge of every open feature, with the layer and the id of the feature."""
    arrays = network.arrays
    _, layers, _, lines = arrays.links
    open_ = arrays.open_in(scenario) & np.isin(arrays.role, _CARRY) & ~np.isin(layers, _ALWAYS)
    rows = np.nonzero(open_)[0]
    rides = arrays.role[rows] == "ride"
    first: dict[tuple[str, str], int] = {}
    for row in rows[~rides].tolist():
        first.setdefault((str(layers[row]), str(arrays.feature_id[row])), row)
    # A ride over two lines says nothing about when either of them opened; a ride over one line does.
    alone = np.array(
        [row for row in rows[rides].tolist() if lines[row] and SEPARATOR not in lines[row]], dtype=np.int64
    )
    of_line: dict[tuple[str, str], int] = {}
    for row in alone[np.argsort(network.edge_column("opens_year")[alone], kind="stable")].tolist():
        of_line.setdefault(("railways", str(lines[row])), row)
    found = [*first.items(), *of_line.items()]
    layer, feature = ([key[k] for key, _ in found] for k in range(2))
    return np.array([row for _, row in found], dtype=np.int64), layer, feature


def _node_names(network: Network) -> dict[tuple[str, str], tuple[str, str]]:
    """Names of what stands as a node, by layer and feature; the first of several."""
    layer, feature, zh, en = (network.node_column(name) for name in ("layer", "feature_id", "name_zh", "name_en"))
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for key, names in zip(zip(layer, feature, strict=True), zip(zh, en, strict=True), strict=True):
        found.setdefault((str(key[0]), str(key[1])), (str(names[0]), str(names[1])))
    return found


def scenario_header(network: Network, scenario: Scenario) -> dict[str, Any]:
    """Return what stands above every result of `scenario`.

    Returns
    -------
    dict
        ``name``, ``year`` (None: all), ``hash`` (of layers, scenario and version), ``parameter_set``,
        ``period``, ``boarding``, ``timetable``, ``with``, ``without``, ``close``, ``overrides``, ``features``
        open, and how many of them rest on an ``announced`` or ``assumed`` year or an ``unknown`` one.
    """
    table = open_features(network, scenario)
    bases = table["opens_basis"].value_counts()
    return {
        "name": scenario.name,
        "year": scenario.year,
        "hash": stamp(network.hash, [scenario]),
        "parameter_set": scenario.parameter_set,
        "period": scenario.period,
        "boarding": scenario.boarding,
        "timetable": scenario.timetable,
        "with": sorted(scenario.with_),
        "without": sorted(scenario.without),
        "close": sorted(scenario.close),
        "overrides": dict(scenario.overrides),
        "features": len(table),
        **{basis: int(bases.get(basis, 0)) for basis in ("announced", "assumed", "unknown")},
    }


def scenario_difference(network: Network, first: Scenario, second: Scenario) -> pd.DataFrame:
    """Return what one scenario has and the other has not: features, switches and parameters.

    Returns
    -------
    DataFrame
        ``what`` (``feature``, ``switch``, ``parameter``), ``name``, ``name_zh``, ``first``, ``second``, ``opens_year``,
        ``opens_basis``; for a feature ``first`` and ``second`` are ``open`` or ``not open``.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    tables = [open_features(network, scenario) for scenario in (first, second)]
    keys = [set(zip(table["layer"], table["feature_id"], strict=True)) for table in tables]
    facts = {(row["layer"], row["feature_id"]): row for table in tables for row in table.to_dict("records")}
    for key in sorted(keys[0] ^ keys[1]):
        row = facts[key]
        rows.append(
            {
                "what": "feature",
                "name": "/".join(key),
                "name_zh": row["name_zh"],
                "first": "open" if key in keys[0] else "not open",
                "second": "open" if key in keys[1] else "not open",
                "opens_year": row["opens_year"],
                "opens_basis": row["opens_basis"],
            }
        )
    blank = {"name_zh": "", "opens_year": pd.NA, "opens_basis": ""}
    for name in ("period", "boarding", "timetable"):
        a, b = getattr(first, name), getattr(second, name)
        if a != b:
            rows.append({"what": "switch", "name": name, "first": a, "second": b, **blank})
    other = dict(second.parameters.values)
    for name, value in first.parameters.values:
        if not np.isclose(value, other[name], rtol=0, atol=0):
            rows.append({"what": "parameter", "name": name, "first": value, "second": other[name], **blank})
    columns = ["what", "name", "name_zh", "first", "second", "opens_year", "opens_basis"]
    return pd.DataFrame(rows, columns=columns)
