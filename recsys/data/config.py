"""How cells become numbers: the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...core.errors import BadValue, SettingsConflict


@dataclass(frozen=True, kw_only=True)
class ClickFeaturesConfig:
    """How cells become numbers.

    Values seen fewer than `min_count` times, or beyond the `max_values` most frequent of a column (0: no bound), share
    `unseen` ids. With `hashed` there are no vocabularies: each column has so many ids, which its values are hashed to.
    Numbers get up to `bins` knots. `categorical` and `numeric` name columns whose kind is not to be inferred. `several`
    and `sequences` name columns of several values a cell (lists, or texts joined by `|`), of which the last `most`
    count; "history:item" says that they are values of the field item. In training each cell is hidden with the
    probability `field_dropout`, so that missing and unseen values are learned. `group` names the column within which
    rows are ranked (a user, a query), `time` that of the times, which is no field, and `conversion` one of 0 and 1 that
    says which clicks led to what they were for: it is no field, and has a head of the model to itself. Rows are held
    out at random, by `split` "time" the latest, by "group" whole groups. So large a share of rows may be `unreadable`:
    it is left out, and told. `positive` names the label value that counts as a click, where the sorted last (1, yes,
    >50K) does not.
    """

    min_count: int = 2
    max_values: int = 0
    unseen: int = 1
    hashed: int = 0
    bins: int = 128
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
    most: int = 20
    field_dropout: float = 0.05
    positive: str | None = None
    group: str = ""
    time: str = ""
    conversion: str = ""
    split: Literal["random", "time", "group"] = "random"
    unreadable: float = 0.01

    def __post_init__(self) -> None:
        least = {"min_count": 1, "max_values": 0, "unseen": 1, "hashed": 0, "bins": 1, "most": 1}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise BadValue(f"features.{name} ({getattr(self, name)}) must be {value} or above")
        for name in ("field_dropout", "unreadable"):
            if not 0 <= getattr(self, name) < 1:
                raise BadValue(f"features.{name} ({getattr(self, name)}) must lie in [0, 1)")
        if self.split not in ("random", "time", "group"):
            raise BadValue(f"features.split: no way '{self.split}'; there is random, time and group")
        if self.split != "random" and not getattr(self, self.split):
            raise SettingsConflict(f"features.split={self.split}: say which column it is with features.{self.split}")
        lists = {entry.partition(":")[0] for entry in (*self.several, *self.sequences)}
        if self.conversion and self.conversion in lists | {*self.categorical, *self.numeric}:
            raise SettingsConflict(
                f"features.conversion names '{self.conversion}', which other settings name as a field; it is none"
            )
        if both := set(self.categorical) & set(self.numeric):
            raise SettingsConflict(f"features.categorical and features.numeric both name '{min(both)}'; choose one")
