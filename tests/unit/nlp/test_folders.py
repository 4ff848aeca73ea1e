"""A folder of text files for each class."""

from __future__ import annotations

from pathlib import Path

import pytest
from console import fourfold

from fourfold.core.errors import DataError
from fourfold.nlp.data import read


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


REVIEWS = {"pos/2.txt": "fine\nfilm", "pos/10.txt": "great", "neg/1.txt": "poor", "neg/b.TXT": "dull 电影"}


def test_rows_are_sorted_and_labelled_by_their_folders(tmp_path: Path) -> None:
    folder = write(tmp_path / "reviews", REVIEWS | {"pos/.hidden.txt": "x", ".git/y.txt": "y"})
    examples = read(folder)
    assert examples.inputs == ["poor", "dull 电影", "great", "fine\nfilm"]
    assert examples.labels is not None and examples.labels.tolist() == ["neg", "neg", "pos", "pos"]
    assert [examples.place(row) for row in range(4)] == ["neg/1.txt", "neg/b.TXT", "pos/10.txt", "pos/2.txt"]
    assert (examples.name, examples.notes, examples.errors) == ("reviews", (), {})
    assert read(str(folder), ["a", "b", "a", "b"]).labels.tolist() == ["a", "b", "a", "b"]  # type: ignore[union-attr]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    write(tmp_path, {"secret.txt": "not yours"})
    folder = write(tmp_path / "reviews", REVIEWS | {"pos/notes.md": "#", "pos/empty.txt": " \n"})
    (folder / "neg" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "neg" / "zlink.txt").symlink_to(folder / "neg" / "1.txt")
    examples = read(folder)
    assert "not yours" not in examples.inputs and len(examples) == 6
    assert examples.notes == (
        "reviews: 1 files left out, not .txt",
        "reviews: 1 links left out, to what is outside",
    )
    assert examples.errors == {5: "the file is empty; fill it or remove it"} and examples.place(5) == "pos/empty.txt"


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    examples = read(write(tmp_path, {"b.txt": "two", "a.txt": "one"}))
    assert examples.inputs == ["one", "two"] and examples.labels is None


def test_classes_one_level_deeper_are_named(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "imdb", {f"train/{name}": text for name, text in REVIEWS.items()} | {"test/pos/1.txt": "x"}
    )
    with pytest.raises(DataError) as error:
        read(folder)
    assert str(error.value) == (
        f"{folder}: no text files in its folders (test, train), but one level deeper; give {folder}/test"
    )
    assert len(read(folder / "train")) == 4


def test_a_folder_without_texts(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path)
    assert str(error.value) == (f"{tmp_path}: no text files; give a folder with a folder of .txt files for each class")


def test_training_on_a_folder(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "reviews", {f"{kind}/{k}.txt": f"a {kind} film {k}" for kind in ("good", "bad") for k in range(9)}
    )
    done = fourfold("nlp", "train", folder, "--preset", "linear", "--out", tmp_path / "run")
    assert done.code == 0, done.err
    flat = write(tmp_path / "flat", {"1.txt": "a good film"})
    done = fourfold("nlp", "eval", tmp_path / "run", flat)
    assert (done.code, done.err) == (
        2, "error: flat: there are no labels; training and measuring need one for each row\n",
    )  # fmt: skip
