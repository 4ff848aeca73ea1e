"""Simulated clicks whose true probabilities are known, and the best scores that any model can expect on them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

USERS, ITEMS, FACTORS = 60, 30, 2
"""How many users and items there are, and how many latent factors each has."""

_DEVICES = np.array(["phone", "desktop", "tablet", "tv"])
_WORLD = 20_260
"""The seed of users and items: the same world for every seed of the rows."""


def simulate_clicks(rows: int, seed: int) -> tuple[pd.DataFrame, npt.NDArray[np.int64], Floats]:
    """Return a table of synthetic impressions, the clicks (N,) as 0 and 1, and their true probabilities (N,).

    Users and items follow Zipf's law. The logit is a sum of effects of one field, which logistic regression finds, of
    products of latent factors of user and item, and of crossed and non-monotonic effects of device, hour and price,
    which it does not. The world is the same for every `seed`; the impressions are not.

    >>> frame, clicks, probabilities = simulate_clicks(3, seed=0)
    >>> list(frame.columns), clicks.shape, probabilities.shape
    (['user', 'item', 'device', 'hour', 'price'], (3,), (3,))
    """
    world, rng = np.random.default_rng(_WORLD), np.random.default_rng((seed, rows))
    user, item = _zipf(rng, USERS, rows), _zipf(rng, ITEMS, rows)
    device, hour = rng.choice(len(_DEVICES), rows, p=[0.5, 0.3, 0.15, 0.05]), rng.integers(0, 24, rows)
    price = np.round(rng.lognormal(3.0, 0.7, rows), 2)
    factors = world.normal(0, 1, (USERS + ITEMS, FACTORS))
    taste = (factors[user] * factors[USERS + item]).sum(1) / np.sqrt(FACTORS)
    user_bias, item_bias = world.normal(0, 0.5, USERS)[user], world.normal(0, 0.5, ITEMS)[item]
    device_hour = world.normal(0, 0.8, (len(_DEVICES), 24))[device, hour]
    wanted = world.normal(3.0, 0.8, len(_DEVICES))[device]  # the log price that sells best on a device
    logit = -0.6 + user_bias + item_bias + 1.3 * taste + device_hour - 1.5 * (np.log(price) - wanted) ** 2
    probability = 1 / (1 + np.exp(-logit))
    frame = pd.DataFrame(
        {
            "user": _names("u", user),
            "item": _names("i", item),
            "device": _DEVICES[device],
            "hour": hour,
            "price": price,
        }
    )
    return frame, (rng.random(rows) < probability).astype(np.int64), probability


def ceiling(probabilities: Floats) -> tuple[float, float]:
    """Return the area under the ROC curve and the log loss that the true probabilities themselves are expected to have.

    Each pair of rows counts p_i (1 − p_j), a click at i and none at j; the area is the share of those with p_i > p_j,
    ties by half; the log loss is the mean entropy. Both are expectations over the clicks (the area's to O(1/N)), and no
    model can expect better on these rows.

    >>> ceiling(np.array([0.0, 0.0, 1.0]))
    (1.0, 0.0)
    """
    p = np.sort(np.asarray(probabilities, dtype=np.float64))
    values, counts = np.unique(p, return_counts=True)
    clicks, others = values * counts, (1 - values) * counts
    below = np.cumsum(others) - others  # what does not click at lower values
    alone = (p * (1 - p)).sum()  # a row does not pair with itself
    wins = (clicks * (below + 0.5 * others)).sum() - 0.5 * alone
    pairs = p.sum() * (1 - p).sum() - alone
    area = float(wins / pairs) if pairs > 0 else float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nan_to_num(p * np.log(p)) - np.nan_to_num((1 - p) * np.log1p(-p))
    return area, float(entropy.mean()) + 0.0


def _zipf(rng: np.random.Generator, count: int, rows: int) -> npt.NDArray[np.int64]:
    """Draw numbers 0 … count − 1 with probabilities as 1 / (rank + 3)."""
    weights = 1 / (np.arange(count) + 3.0)
    return rng.choice(count, rows, p=weights / weights.sum())


def _names(prefix: str, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    names = np.array([f"{prefix}{number}" for number in range(int(numbers.max()) + 1)], dtype=object)
    return np.asarray(names[numbers])
