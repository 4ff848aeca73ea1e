"""Simulated clicks whose true probabilities are known, and the best scores that any model can expect on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core.errors import BadValue
from .data.columns import TRUTH

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_DEVICES = np.array(["phone", "desktop", "tablet", "tv"])
_BLOCK = 1 << 17
_DAY = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class World:
    """Users and items who are the same for all rows that are drawn; both follow Zipf's law.

    The logit of a click is a sum of effects of one field, which logistic regression finds, of products of latent
    factors of user and item, and of crossed and non-monotonic effects of device, hour and price, which it does not.
    Over `days` each item's appeal drifts by a slope of its own, of the deviation `drift` from first day to last.

    >>> world = World(users=10, items=5, days=3)
    >>> list(world.impressions(2, np.random.default_rng(0))[0].columns)
    ['user', 'item', 'device', 'hour', 'price', 'time']
    """

    users: int = 60
    items: int = 30
    factors: int = 2
    days: int = 0
    drift: float = 0.0
    seed: int = 20_260

    def __post_init__(self) -> None:
        for name in ("users", "items", "factors"):
            if getattr(self, name) < 1:
                raise BadValue(f"{name} ({getattr(self, name)}) must be 1 or above")
        if self.days < 0 or self.drift < 0:
            raise BadValue(f"days ({self.days}) and drift ({self.drift}) must be 0 (none) or above")

    def impressions(
        self, rows: int, rng: np.random.Generator, share: tuple[float, float] = (0.0, 1.0)
    ) -> tuple[pd.DataFrame, Floats]:
        """Return a table of impressions and the true probability (N,) that each is clicked.

        `share` is the part of the time that they fall into, in order.
        """
        user, item = _zipf(rng, self._shares[0], rows), _zipf(rng, self._shares[1], rows)
        device, hour = rng.choice(len(_DEVICES), rows, p=[0.5, 0.3, 0.15, 0.05]), rng.integers(0, 24, rows)
        price = np.round(rng.lognormal(3.0, 0.7, rows), 2)
        at = np.sort(rng.uniform(*share, rows)) if self.days else np.zeros(rows)
        hour = (at * self.days * 24).astype(np.int64) % 24 if self.days else hour
        frame = pd.DataFrame(
            {"user": _names("u", user), "item": _names("i", item), "device": _DEVICES[device], "hour": hour,
             "price": price}
        )  # fmt: skip
        if self.days:
            frame["time"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(
                (at * self.days * _DAY).astype(np.int64), unit="s"
            )
        return frame, 1 / (1 + np.exp(-self._logit(user, item, device, hour, price, at)))

    def candidates(self, user: int) -> tuple[pd.DataFrame, Floats]:
        """Return every item as one user sees it on a phone at noon, at one price, and the true probability of a click.

        >>> frame, truth = World(users=10, items=5).candidates(3)
        >>> frame["item"].tolist(), truth.shape
        (['i0', 'i1', 'i2', 'i3', 'i4'], (5,))
        """
        item = np.arange(self.items)
        who, device, hour, price = np.full_like(item, user), 0 * item, 0 * item + 12, np.full(self.items, 20.0)
        frame = pd.DataFrame(
            {"user": _names("u", who), "item": _names("i", item), "device": _DEVICES[device], "hour": hour,
             "price": price}
        )  # fmt: skip
        return frame, 1 / (1 + np.exp(-self._logit(who, item, device, hour, price, np.zeros(self.items))))

    def _logit(
        self, user: Integers, item: Integers, device: Integers, hour: Integers, price: Floats, at: Floats
    ) -> Floats:
        factors, user_bias, item_bias, device_hour, wanted, slope = self._effects
        taste = (factors[user] * factors[self.users + item]).sum(1) / np.sqrt(self.factors)
        crossed = device_hour[device, hour] - 1.5 * (np.log(price) - wanted[device]) ** 2
        found: Floats = -0.6 + user_bias[user] + item_bias[item] + 1.3 * taste + crossed + slope[item] * (at - 0.5)
        return found

    @cached_property
    def _effects(self) -> tuple[Floats, ...]:
        world = np.random.default_rng(self.seed)
        return (
            world.normal(0, 1, (self.users + self.items, self.factors)),
            world.normal(0, 0.5, self.users),
            world.normal(0, 0.5, self.items),
            world.normal(0, 0.8, (len(_DEVICES), 24)),
            world.normal(3.0, 0.8, len(_DEVICES)),  # the log price that sells best on a device
            world.normal(0, self.drift, self.items) if self.drift else np.zeros(self.items),
        )

    @cached_property
    def _shares(self) -> tuple[Floats, Floats]:
        """The cumulative shares of users and of items: 1 / (rank + 3)."""
        users, items = (np.cumsum(1 / (np.arange(count) + 3.0)) for count in (self.users, self.items))
        return users / users[-1], items / items[-1]


def simulate_clicks(rows: int, seed: int) -> tuple[pd.DataFrame, npt.NDArray[np.int64], Floats]:
    """Return a table of synthetic impressions of a small world, the clicks (N,) as 0 and 1, and their true
    probabilities (N,).

    >>> frame, clicks, probabilities = simulate_clicks(3, seed=0)
    >>> list(frame.columns), clicks.shape, probabilities.shape
    (['user', 'item', 'device', 'hour', 'price'], (3,), (3,))
    """
    rng = np.random.default_rng((seed, rows))
    frame, probability = World().impressions(rows, rng)
    return frame, (rng.random(rows) < probability).astype(np.int64), probability


def click_log(world: World, rows: int, seed: int) -> Iterator[pd.DataFrame]:
    """Yield the rows of a log in the order of time, block by block, with `label` and the true probability."""
    for start in range(0, rows, _BLOCK):
        end = min(rows, start + _BLOCK)
        rng = np.random.default_rng((seed, rows, start))
        frame, probability = world.impressions(end - start, rng, (start / rows, end / rows))
        clicks = rng.random(end - start) < probability
        yield frame.assign(label=clicks.astype(np.int8), **{TRUTH: probability})


def write_log(world: World, rows: int, seed: int, path: Path) -> None:
    """Write a log of any size as Parquet or CSV, by the ending of the path; ConfigError where it is neither."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    if path.suffix not in (".parquet", ".csv"):
        raise BadValue(f"{path}: write to a .parquet or a .csv")
    writer = None
    for frame in click_log(world, rows, seed):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if writer is None:
            kind = parquet.ParquetWriter if path.suffix == ".parquet" else csv.CSVWriter
            writer = kind(str(path), table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


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


def _zipf(rng: np.random.Generator, shares: Floats, rows: int) -> Integers:
    """Draw numbers by their cumulative shares."""
    return np.asarray(np.searchsorted(shares, rng.random(rows), side="right"), np.int64)


def _names(prefix: str, numbers: Integers) -> npt.NDArray[np.object_]:
    different, places = np.unique(numbers, return_inverse=True)
    return np.asarray(np.array([f"{prefix}{number}" for number in different], dtype=object)[places])
