"""Which places stand for a region, and whose residents count."""

from __future__ import annotations

import numpy as np
import pandas as pd

from atlas.data.declaration import COUNTIES, SEATS

__all__ = ["counted_units", "seats_of"]

#: Most places that stand for a region without seats of government.
_MOST_SEATS = 40


def seats_of(places: pd.DataFrame) -> tuple[str, ...]:
    """Return the ids of all places that are a seat of government.

    Where there are not two of them, towns count too, and where these are none either, all places: the most populous,
    in the order of the layer.

    Parameters
    ----------
    places
        Frame of the layer ``places``.
    """
    for levels in (SEATS, (*SEATS, "town"), tuple(places["level"].unique())):
        chosen = places[places["level"].isin(levels)]
        if len(chosen) > 1:
            break
    if levels != SEATS and len(chosen) > _MOST_SEATS:
        people = chosen["population"].fillna(-1.0).to_numpy(dtype=float)
        chosen = chosen.iloc[sorted(np.argsort(-people, kind="stable")[:_MOST_SEATS].tolist())]
    return tuple(chosen["id"].astype(str))


def counted_units(places: pd.DataFrame) -> pd.DataFrame:
    """Return the places whose residents together count everybody once, as far as they are known.

    Districts, counties and county-level cities count; a prefecture where the layer has none of its counties; and a town
    or village that belongs to no unit above it.

    Parameters
    ----------
    places
        Frame of the layer ``places``.
    """
    parts = places[places["level"].isin(COUNTIES)]
    whole = places[(places["level"] == "prefecture") & ~places["adcode"].isin(set(parts["parent"].dropna()))]
    alone = places[places["level"].isin(("town", "village")) & places["parent"].isna()]
    units = pd.concat([parts, whole, alone])
    return units[units["population"].notna()].reset_index(drop=True)
