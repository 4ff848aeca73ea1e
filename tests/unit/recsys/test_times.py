"""Which rows are the latest: by numbers, dates and cells that are missing, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fourfold.core.batch import Examples
from fourfold.core.errors import BadRow, WrongColumns
from fourfold.recsys.data import columns
from fourfold.recsys.data.columns import latest

DATES = [f"2026-01-{day:02}" for day in range(1, 6)]


def held_out(cells: list[object] | pd.Series[Any], share: float) -> list[int]:
    frame = pd.DataFrame({"at": cells if isinstance(cells, pd.Series) else pd.Series(cells, dtype=object)})
    return np.flatnonzero(
        latest(Examples(inputs=frame, labels=np.zeros(len(frame)), name="log.csv"), "at", share)
    ).tolist()


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables come two rows at a time."""

    def blocks_of(frame: pd.DataFrame, names: list[str]) -> Iterator[pd.DataFrame]:
        return (frame[names].iloc[start : start + 2] for start in range(0, len(frame), 2))

    monkeypatch.setattr(columns, "blocks_of", blocks_of)


@pytest.mark.parametrize("times", [DATES, ["1", "2", "3", "4", "5"], [1.5, 2.5, 3.5, 4.5, 5.5]])
@pytest.mark.parametrize("missing", ["", None, "NA", "?"])
def test_rows_without_a_time_are_not_the_latest(times: list[object], missing: object) -> None:
    assert held_out([missing, *times, missing], 0.6) == [3, 4, 5]


@pytest.mark.usefixtures("pairs")
def test_times_of_any_precision_are_one_scale() -> None:
    finer = [f"{date}T00:00:00.123456789" for date in DATES]
    assert held_out([DATES[2], DATES[3], finer[0], finer[1]], 0.5) == [0, 1]
    assert held_out([DATES[0], "", "", "", finer[1], DATES[1]], 0.5) == [4, 5]


@pytest.mark.usefixtures("pairs")
@pytest.mark.parametrize(
    ("cells", "row"),
    [
        ([*DATES, "NA", "soon", "2026-01-07"], 6),
        (["1700000000", "1700000001", "1700000002", "soon"], 3),
        (["1", "2", "x"], 2),
        ([*DATES, "99999999999999"], 5),
    ],
)
def test_what_is_no_time_is_named(cells: list[object], row: int) -> None:
    with pytest.raises(BadRow) as error:
        held_out(cells, 0.5)
    assert str(error.value) == (
        f"row {row}: '{cells[row]}' in column 'at' is no time; mend it, or name another column with features.time"
    )


def test_what_is_infinite_is_no_time() -> None:
    with pytest.raises(BadRow, match=r"^row 1: 'inf' in column 'at' is no time"):
        held_out([1.0, np.inf, 3.0], 0.5)


@pytest.mark.parametrize("cells", [["20250101", "20250102", *DATES], [*DATES, "2025"]])
@pytest.mark.parametrize("blocks", ["whole", "pairs"])
def test_dates_are_not_compared_with_numbers(cells: list[object], blocks: str, request: pytest.FixtureRequest) -> None:
    """Wherever blocks end."""
    if blocks == "pairs":
        request.getfixturevalue("pairs")
    with pytest.raises(WrongColumns) as error:
        held_out(cells, 0.5)
    assert str(error.value) == "log.csv: column 'at' holds dates and numbers; write all as one of them"


@pytest.mark.parametrize("kind", [str, "datetime64[us]"])
def test_years_far_away_are_times(kind: object) -> None:
    cells = pd.Series(["9999-12-31", "0001-01-01", "1500-01-01", "2300-01-01"]).astype(kind)
    assert held_out(list(cells) if kind is str else cells, 0.5) == [0, 3]
