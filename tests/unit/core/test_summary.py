"""What `check` says of any domain's data."""

from __future__ import annotations

import numpy as np

from fourfold.core.batch import Examples
from fourfold.core.summary import count_labels, summarise


def test_labels_are_counted_the_commonest_first() -> None:
    assert list(count_labels(np.array(["b", "a", "b"])).items()) == [("b", 2), ("a", 1)]
    assert count_labels(np.array([2, 1, 2])) == {"2": 2, "1": 1}
    several = np.empty(3, dtype=object)
    several[:] = [("a", "b"), (), ("a",)]
    assert count_labels(several) == {"a": 2, "b": 1}


def test_everything_that_is_known_is_told() -> None:
    examples = Examples(
        inputs=["x", "y"], name="t.csv", errors={1: "bad"}, notes=("n",), columns={"input": "x"}, encoding="GB18030"
    )
    found = summarise(examples, Examples(inputs=["z"], name="u.csv", notes=("n", "m")))
    assert found | {"fatal": [f"{error.code}: {error}" for error in found["fatal"]]} == {
        "data": "t.csv",
        "rows": 2,
        "encoding": "GB18030",
        "columns": {"input": "x"},
        "test": {"data": "u.csv", "rows": 1},
        "rows in error": 1,
        "errors": {"row 1": "bad"},
        "notes": ["n", "m"],
        "warnings": [],
        "fatal": [
            "data.no-labels: t.csv: there are no labels; training needs one for each row",
            "data.row: row 1: bad",
        ],
    }
