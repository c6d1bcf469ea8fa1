"""Routes, reaches, areas, times and scenarios: what the terminal says, as GeoJSON and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from atlas.base.doors import did_you_mean
from atlas.base.errors import NetworkError
from atlas.base.values import plain
from atlas.data.parameters import SETS
from atlas.data.scenario import BOARDING, BUILT_IN, MODES, PERIODS, Scenario, load_scenario
from atlas.face.answers import (
    area_features,
    area_frame,
    leg_row,
    matrix_about,
    reach_about,
    reach_features,
    route_about,
    route_features,
)
from atlas.land.surface import COMBINATIONS, surface_from
from atlas.serve.asking import Parameter
from atlas.serve.problems import Refusal
from atlas.serve.service import GEOJSON, JSON, Asked, Endpoint, Reply, Service, as_json
from atlas.travel.reach import locate_all, matrix_columns, reach_from, route
from atlas.travel.status import assumed_features
from atlas.travel.trip import Trip

__all__ = ["ENDPOINTS"]

_YEARS = (*BUILT_IN,)
#: Changes to a scenario that one question may hold.
_MANY = 50


def _scenario_parameters() -> tuple[Parameter, ...]:
    return (
        Parameter("year", "year", usual="2026"),
        Parameter("parameters", "parameters", choices=tuple(SETS)),
        Parameter("with", "with", many=_MANY),
        Parameter("close", "close", many=_MANY),
        Parameter("set", "set", kind="pairs", many=_MANY),
        Parameter("period", "period", choices=tuple(PERIODS)),
        Parameter("boarding", "boarding", choices=tuple(BOARDING)),
    )


def _scenario(service: Service, asked: Asked) -> Scenario:
    """Return the scenario that a question names."""
    values = asked.values
    year = values["year"]
    if year not in BUILT_IN and not (year.isascii() and year.isdecimal() and len(year) <= 4):
        # a name of a file must not be opened
        raise Refusal(400, f"year is {year!r}", f"give a year, or {', '.join(_YEARS)}", choices=list(_YEARS))
    found = load_scenario(year, table=service.parameters)
    for name in ("with", "close"):
        for one in values[name]:
            if one not in service.known_ids:
                near = did_you_mean(one, service.known_ids)
                raise Refusal(400, f"{name} names {one!r}, which is no feature or plan item{near}", _IDS)
            if not service.network.arrays.named([one]).any():
                raise Refusal(
                    400, f"{name} names {one!r}, of which the network holds no line",
                    f"lines without a known alignment are put in by the terminal: atlas route … --with {one}",
                )  # fmt: skip
    changes = {name: values[name] for name in ("period", "boarding")} | {"parameter_set": values["parameters"]}
    if not (any(changes.values()) or values["with"] or values["close"] or values["set"]):
        return found
    return found.but(with_=values["with"], close=values["close"], overrides=dict(values["set"]), **changes)


_IDS = "ids stand in /collections/{layer}/items, those of the plan in their plan_ids"


def _mode() -> Parameter:
    return Parameter("mode", "mode", choices=MODES, usual="multimodal")


def _within(service: Service) -> Parameter:
    most = service.limits.cutoff_min
    return Parameter("within", "within", kind="numbers", usual=(60.0, 120.0), low=1.0, high=most, unit="min")


def _collection(about: Mapping[str, Any], features: Iterable[Mapping[str, Any]], **more: Any) -> Reply:
    """Return a FeatureCollection, written a feature at a time."""
    lines = (json.dumps(plain(one), ensure_ascii=False, allow_nan=False) for one in features)
    head = json.dumps(plain({"type": "FeatureCollection", "about": about, **more}), ensure_ascii=False, allow_nan=False)
    return Reply((head[:-1] + ', "features": [\n' + ",\n".join(lines) + "\n]}\n").encode("utf-8"), GEOJSON)


def _route(service: Service, asked: Asked) -> Reply:
    scenario, values = _scenario(service, asked), asked.values
    journey = route(service.network, values["from"], values["to"], scenario, mode=values["mode"])
    about = route_about(journey, scenario) | {
        "found": journey.found, "assumed_features": assumed_features(service.network, scenario),
    }  # fmt: skip
    return _collection(about, route_features(journey), legs=[leg_row(leg) for leg in journey.legs])


def _reach(service: Service, asked: Asked) -> Reply:
    scenario, values = _scenario(service, asked), asked.values
    found = reach_from(
        service.network, values["origin"], scenario, mode=values["mode"], cutoffs_min=values["within"]
    )  # fmt: skip
    return _collection(reach_about(found), reach_features(found, edges=values["edges"]))


def _isochrone(service: Service, asked: Asked) -> Reply:
    scenario, values = _scenario(service, asked), asked.values
    if service.access is None:
        raise NetworkError("this atlas has no land to draw areas over; import the layer land")
    mode, cutoffs, combine = values["mode"], values["within"], values["combine"]
    surfaces = [
        surface_from(service.network, name, scenario, service.access, mode=mode) for name in values["origin"]
    ]  # fmt: skip
    frame = area_frame(surfaces, cutoffs, combine)
    about = {"mode": mode, "towards": False, "scenario": scenario.name, "hash": surfaces[0].hash}
    return _collection(about, area_features(frame))


def _matrix(service: Service, asked: Asked) -> Reply:
    scenario, values = _scenario(service, asked), asked.values
    pairs, most = len(values["from"]) * len(values["to"]), service.limits.pairs
    if pairs > most:
        raise Refusal(413, f"{pairs} pairs are asked for", f"ask for at most {most} at a time")
    network, starts, ends = locate_all(service.network, values["from"], values["to"])
    table = matrix_columns(Trip(network, scenario, values["mode"]), starts, ends)
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    assumed = {scenario.name: assumed_features(service.network, scenario)}
    return as_json(matrix_about(service.network.hash, [scenario], [values["mode"]], assumed) | {"times": rows})


def _scenarios(service: Service, asked: Asked) -> Reply:
    listed = [_told(load_scenario(name, table=service.parameters), asked.base) for name in BUILT_IN]
    return as_json({"scenarios": listed})


def _one_scenario(service: Service, asked: Asked) -> Reply:
    name = asked.values["scenario"]
    scenario = load_scenario(name, table=service.parameters)
    return as_json(_told(scenario, asked.base) | {"parameters": dict(scenario.parameters.values)})


def _told(scenario: Scenario, base: str) -> dict[str, Any]:
    return {
        "name": scenario.name,
        "year": scenario.label,
        "period": scenario.period,
        "boarding": scenario.boarding,
        "timetable": scenario.timetable,
        "parameter_set": scenario.parameter_set,
        "href": f"{base}/scenarios/{scenario.name}",
    }


def _asked_route(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    ends = Parameter("from", "origin", needed=True), Parameter("to", "destination", needed=True)
    return (*ends, _mode(), *_scenario_parameters())


def _asked_reach(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    origin = Parameter("origin", "origin", needed=True)
    edges = Parameter("edges", "edges", kind="flag", usual=False)
    return (origin, _within(service), _mode(), edges, *_scenario_parameters())


def _asked_isochrone(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    origin = Parameter("origin", "origins", needed=True, many=service.limits.origins)
    combine = Parameter("combine", "combine", choices=COMBINATIONS, usual="union")
    return (origin, _within(service), combine, _mode(), *_scenario_parameters())


def _asked_matrix(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    most = service.limits.pairs
    ends = (
        Parameter("from", "origins", needed=True, many=most),
        Parameter("to", "destinations", needed=True, many=most),
    )
    return (*ends, _mode(), *_scenario_parameters())


def _asked_nothing(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    return ()


def _asked_scenario(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    return (Parameter("scenario", "scenario", choices=_YEARS, place="path", needed=True),)


ENDPOINTS = (
    Endpoint("/route", "do_route", GEOJSON, _route, _asked_route),
    Endpoint("/reach", "do_reach", GEOJSON, _reach, _asked_reach),
    Endpoint("/isochrone", "do_isochrone", GEOJSON, _isochrone, _asked_isochrone),
    Endpoint("/matrix", "do_matrix", JSON, _matrix, _asked_matrix),
    Endpoint("/scenarios", "do_scenarios", JSON, _scenarios, _asked_nothing),
    Endpoint("/scenarios/{scenario}", "do_scenario", JSON, _one_scenario, _asked_scenario),
)
