"""Several labels a row are read from every kind of data that can hold a list."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pandas as pd
import pytest

from fourfold.core.errors import DataError
from fourfold.nlp import TextClassifier
from fourfold.nlp.data import read

TEXTS = ["a", "b", "c"]
LABELS = [["x", "y"], [], ["y"]]
FRAME = pd.DataFrame({"text": TEXTS, "label": LABELS})


def write(folder: Path, kind: str) -> object:
    if kind == "frame":
        return FRAME
    if kind == "jsonl":
        lines = [json.dumps({"text": text, "label": label}) for text, label in zip(TEXTS, LABELS, strict=True)]
        (folder / "t.jsonl").write_text("\n".join(lines))
    elif kind == "json":
        (folder / "t.json").write_text(FRAME.to_json(orient="records"))
    elif kind == "parquet":
        FRAME.to_parquet(folder / "t.parquet")
    else:
        features = {"text": datasets.Value("string"), "label": datasets.Sequence(datasets.ClassLabel(names=["x", "y"]))}
        datasets.disable_progress_bars()
        rows = {"text": TEXTS, "label": [[0, 1], [], [1]]}
        datasets.Dataset.from_dict(rows, features=datasets.Features(features)).save_to_disk(folder / "t.hf")
    return folder / f"t.{kind}"


@pytest.mark.parametrize("kind", ["frame", "jsonl", "json", "parquet", "hf"])
def test_lists_become_tuples(kind: str, tmp_path: Path) -> None:
    examples = read(write(tmp_path, kind))  # type: ignore[arg-type]
    assert examples.inputs == TEXTS and examples.labels is not None
    assert examples.labels.dtype == object and examples.labels.tolist() == [("x", "y"), (), ("y",)]
    assert TextClassifier().check(examples)["counts"] == {"y": 2, "x": 1}


def test_a_row_without_a_list_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"text": "a", "label": ["x"]}\n\n{"text": "b", "label": "y"}\n')
    with pytest.raises(DataError) as error:
        read(tmp_path / "t.jsonl")
    assert str(error.value) == "t.jsonl:3: 'y' is no list of labels, as other rows have; give each row a list"
