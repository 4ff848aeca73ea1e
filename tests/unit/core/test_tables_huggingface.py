"""Data sets of Hugging Face: saved folders are read without their library, the hub's with it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import datasets
import pytest

from fourfold.core.errors import ConfigError, DataError
from fourfold.core.tables import Texts, is_table, read_table

datasets.disable_progress_bars()
FEATURES = datasets.Features(
    {
        "text": datasets.Value("string"),
        "label": datasets.ClassLabel(names=["neg", "pos"]),
        "tags": datasets.Sequence(datasets.ClassLabel(names=["x", "y"])),
    }
)
COLUMNS = {"text": ["a", "b", "c"], "label": [0, 1, -1], "tags": [[0], [1, 0], []]}


@pytest.fixture(scope="module")
def reviews() -> Any:
    return datasets.Dataset.from_dict(COLUMNS, features=FEATURES)


@pytest.fixture(scope="module")
def saved(reviews: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    reviews.save_to_disk(folder / "one", num_shards=2)
    datasets.DatasetDict({"train": reviews, "test": reviews.select([2, 0])}).save_to_disk(folder / "both")
    return folder


def check(table: Any, name: str) -> None:
    assert table.strings("text") == ["a", "b", "c"] and table.strings("label") == ["neg", "pos", ""]
    assert [list(tags) for tags in table.frame["tags"]] == [["x"], ["y", "x"], []]
    assert (table.name, table.place(2)) == (name, f"{name}:3")


def test_a_saved_folder_needs_no_library(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    check(read_table(saved / "one"), "one")
    check(read_table(f"{saved}/both:train"), "both/train")
    check(read_table(f"hf:{saved}/both:train"), "both/train")
    assert read_table(f"{saved}/both:test").strings("text") == ["c", "a"]
    assert is_table(saved / "one") and is_table(f"{saved}/both:test") and not is_table(saved)


def test_the_texts_of_a_large_set_stay_on_the_disk(saved: Path) -> None:
    table = read_table(saved / "one", stream_above=0)
    assert isinstance(table.strings("text"), Texts) and list(table.strings("text")) == ["a", "b", "c"]
    assert table.strings("label") == ["neg", "pos", ""]
    assert isinstance(read_table(saved / "one", stream_above=10_000).strings("text"), list)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("both", "{}: holds the splits train, test; name one, such as {}:train"),
        ("both:tset", "{}: no split 'tset'; did you mean 'test'?"),
        ("one:train", "{}: one split only; leave ':train' out"),
        ("hf:none", "hf:{}: no data set is saved there; give a folder that save_to_disk wrote"),
    ],
)
def test_what_is_refused_of_a_folder(saved: Path, data: str, message: str) -> None:
    name = data.removeprefix("hf:")
    with pytest.raises(DataError) as error:
        read_table(("hf:" if data.startswith("hf:") else "") + f"{saved}/{name}")
    assert str(error.value) == message.replace("{}", f"{saved}/{name.split(':')[0]}")


def test_a_damaged_folder(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"_data_files": [{"filename": "data.arrow"}]}')
    (tmp_path / "data.arrow").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError) as error:
        read_table(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'dataset_info.json'}: cannot be read (")
    assert str(error.value).endswith("); save the data set again")
    (tmp_path / "dataset_info.json").write_text("{}")
    with pytest.raises(DataError) as error:
        read_table(tmp_path)
    assert str(error.value).startswith(f"{tmp_path}: a damaged data set (")


def test_what_lies_about_its_files(saved: Path, tmp_path: Path) -> None:
    for folder, name, content, what in (
        ("a", "dataset_dict.json", "{}", "names no splits; save the data set again"),
        (
            "b",
            "state.json",
            '{"_data_files": [{"filename": "../other"}]}',
            "does not name the files of a data set; save it again",
        ),
        ("c", "dataset_info.json", "[]", "not a JSON object; save the data set again"),
    ):
        shutil.copytree(saved / ("both" if folder == "a" else "one"), tmp_path / folder)
        (tmp_path / folder / name).write_text(content)
        with pytest.raises(DataError) as error:
            read_table(tmp_path / folder)
        assert str(error.value) == f"{tmp_path}/{folder}/{name}: {what}"


def test_a_set_without_rows(tmp_path: Path) -> None:
    datasets.Dataset.from_dict({"text": [], "label": []}).save_to_disk(tmp_path / "none")
    with pytest.raises(DataError) as error:
        read_table(tmp_path / "none")
    assert str(error.value) == "none: the data set has no rows; give one with at least one"


def test_names_of_the_hub(reviews: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    there = {("imdb", None), ("glue", "sst2"), ("owner/name", None), ("owner/name", "config")}

    def load(path: str, config: str | None, split: str) -> Any:
        asked.append((path, config, split))
        if (path, config) not in there:
            raise FileNotFoundError(f"no {path}\nat all")
        return reviews

    monkeypatch.setattr(datasets, "load_dataset", load)
    check(read_table("hf:imdb"), "imdb/train")
    check(read_table("hf:glue/sst2:validation"), "glue/sst2/validation")
    check(read_table("hf:owner/name:test"), "owner/name/test")
    check(read_table("hf:owner/name/config"), "owner/name/config/train")
    assert asked == [
        ("imdb", None, "train"),
        ("glue/sst2", None, "validation"),
        ("glue", "sst2", "validation"),
        ("owner/name", None, "test"),
        ("owner/name", "config", "train"),
    ]
    with pytest.raises(DataError) as error:
        read_table("hf:imbd:test")
    assert str(error.value) == (
        "hf:imbd:test: cannot be loaded (no imbd); check the name, the split and the network, "
        "or give the folder that save_to_disk wrote"
    )


def test_without_a_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataError) as error:
        read_table("hf:no-such-set-as-this")
    assert str(error.value).startswith("hf:no-such-set-as-this: cannot be loaded (")


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigError) as error:
        read_table("hf:imdb")
    assert str(error.value) == "hf:imdb: needs the library datasets; pip install 'fourfold[hf]'"
