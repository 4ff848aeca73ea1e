"""Bad input: place, cause and fix, exit code 2, nothing written over; every message word for word."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from console import fourfold
from domain_data import Sample

SHORT = ("--preset", "tiny", "--set", "train.epochs=1")


def refused(sample: Sample, data: Path, out: Path, *options: object) -> str:
    """Train on bad data; return the message, without `error: ` and the newline."""
    done = fourfold(sample.name, "train", data, "--out", out, *SHORT, *options)
    assert done.code == 2 and done.out == "", done
    assert not out.exists(), "nothing is written for bad data"
    assert "Traceback" not in done.err and done.err.startswith("error: ") and done.err.count("\n") == 1, done.err
    return done.err.removeprefix("error: ").removesuffix("\n")


@pytest.fixture
def spoiled(sample: Sample, data_file: Path, tmp_path: Path) -> Callable[[Callable[[str], str | bytes]], Path]:
    """Copy the data, with a changed CSV."""

    def spoil(change: Callable[[str], str | bytes]) -> Path:
        folder = shutil.copytree(data_file.parent, tmp_path / "data", dirs_exist_ok=True)
        text = change((folder / "data.csv").read_text(encoding="utf-8"))
        (folder / "data.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder / "data.csv"

    return spoil


Spoil = Callable[[Callable[[str], str | bytes]], Path]


def test_a_missing_file(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "nowhere.csv"
    kind = "file or folder" if sample.name == "vision" else "file"
    assert refused(sample, path, tmp_path / "run") == f"{path}: no such {kind}; check the path"


def test_an_empty_file(sample: Sample, spoiled: Spoil, tmp_path: Path) -> None:
    path = spoiled(lambda text: "")
    assert refused(sample, path, tmp_path / "run") == (
        "data.csv: the file is empty; it needs a header and at least one row"
    )


def test_a_header_alone(sample: Sample, spoiled: Spoil, tmp_path: Path) -> None:
    path = spoiled(lambda text: text.splitlines()[0] + "\n")
    assert refused(sample, path, tmp_path / "run") == (
        "data.csv: the file has no rows; it needs a header and at least one row"
    )


def test_a_binary_file(sample: Sample, spoiled: Spoil, tmp_path: Path) -> None:
    path = spoiled(lambda text: bytes(range(256)) * 20)
    assert refused(sample, path, tmp_path / "run") == (
        "data.csv: a binary file, not text; give a table as .csv, .tsv, .jsonl, .json, .parquet"
    )


def test_a_nul_byte(sample: Sample, spoiled: Spoil, tmp_path: Path) -> None:
    path = spoiled(lambda text: "\n".join([*text.split("\n")[:4], text.split("\n")[4] + "\0", *text.split("\n")[5:]]))
    assert refused(sample, path, tmp_path / "run") == (
        "data.csv:5: a NUL byte; the file is damaged, or UTF-16: save it as UTF-8"
    )


def test_text_of_no_encoding(sample: Sample, spoiled: Spoil, tmp_path: Path) -> None:
    path = spoiled(lambda text: text.encode().replace(b"\n", b"\n\x81 ", 1))
    assert refused(sample, path, tmp_path / "run") == (
        "data.csv:2: not UTF-8, UTF-16, GB18030 or Windows-1252 text (byte 0x81); save the file as UTF-8"
    )


def test_text_that_is_not_utf_8_is_read_and_told(sample: Sample, spoiled: Spoil) -> None:
    path = spoiled(lambda text: text.encode("utf-16"))
    done = fourfold(sample.name, "check", path, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["rows"] == 60 and found["encoding"] == "UTF-16 LE"
    assert found["notes"] == ["data.csv: read as UTF-16 LE"]


def test_broken_quoting(sample: Sample, spoiled: Spoil, tmp_path: Path) -> None:
    lines = spoiled(lambda text: text).read_text().split("\n")
    path = spoiled(lambda text: "\n".join([*lines[:6], '"' + lines[6], *lines[7:]]))
    assert refused(sample, path, tmp_path / "run") == (
        "data.csv:7: broken quoting; close the quote, or double quotes inside a quoted cell"
    )


def test_a_row_with_too_many_cells(sample: Sample, spoiled: Spoil, tmp_path: Path) -> None:
    lines = spoiled(lambda text: text).read_text().split("\n")
    width = lines[0].count(",") + 1
    path = spoiled(lambda text: "\n".join([*lines[:3], lines[3] + ",more", *lines[4:]]))
    assert refused(sample, path, tmp_path / "run") == (
        f"data.csv:4: {width + 1} cells where the header has {width}; quote cells that hold ','"
    )


def test_a_wrong_label_column(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    right = "text" if sample.name == "speech" else "label"
    message = refused(sample, data_file, tmp_path / "run", "--label", right + "s")
    assert message == f"data.csv: no column '{right}s'; did you mean '{right}'?"


def test_a_wrong_input_column(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    if sample.name == "recsys":
        message = refused(sample, data_file, tmp_path / "run", "--input", "sit")
        assert message == "input 'sit': recsys reads every column but the label; leave --input out"
        return
    right = {"nlp": "text", "vision": "path", "speech": "audio"}[sample.name]
    message = refused(sample, data_file, tmp_path / "run", "--input", right + "s")
    assert message == f"data.csv: no column '{right}s'; did you mean '{right}'?"


@pytest.mark.parametrize(
    "sample", ["nlp", "vision", "speech"], indirect=True, scope="session"
)  # an empty field is a missing value, which is a category of its own
def test_an_empty_cell(sample: Sample, spoiled: Spoil, tmp_path: Path) -> None:
    lines = spoiled(lambda text: text).read_text().split("\n")
    path = spoiled(lambda text: "\n".join([*lines[:2], "," + lines[2].split(",")[1], *lines[3:]]))
    column = {"nlp": "text", "vision": "path", "speech": "audio"}[sample.name]
    assert refused(sample, path, tmp_path / "run") == (
        f"data.csv:3: column '{column}' is empty; fill it or remove the row"
    )


def test_an_empty_label(sample: Sample, spoiled: Spoil, tmp_path: Path) -> None:
    lines = spoiled(lambda text: text).read_text().split("\n")
    path = spoiled(lambda text: "\n".join([*lines[:2], lines[2].rsplit(",", 1)[0] + ",", *lines[3:]]))
    column = "text" if sample.name == "speech" else "label"
    assert refused(sample, path, tmp_path / "run") == (
        f"data.csv:3: column '{column}' is empty; fill it or remove the row"
    )


@pytest.mark.parametrize(
    "sample", ["nlp", "vision", "recsys"], indirect=True, scope="session"
)  # speech has transcripts, not classes
def test_one_class_only(sample: Sample, spoiled: Spoil, tmp_path: Path) -> None:
    path = spoiled(
        lambda text: "\n".join(
            [text.split("\n")[0], *(row.rsplit(",", 1)[0] + ",1" for row in text.split("\n")[1:] if row)]
        )
    )
    assert refused(sample, path, tmp_path / "run") == ("data.csv: only one class ('1'); training needs two or more")


@pytest.mark.parametrize(
    "sample", ["nlp", "vision", "recsys"], indirect=True, scope="session"
)  # speech has transcripts, not classes
def test_a_label_in_test_that_training_did_not_have(sample: Sample, run: Path, spoiled: Spoil) -> None:
    lines = spoiled(lambda text: text).read_text().split("\n")
    path = spoiled(lambda text: "\n".join([*lines[:3], lines[3].rsplit(",", 1)[0] + ",strange", *lines[4:]]))
    done = fourfold(sample.name, "eval", run, path)
    known = {"nlp": "bad, good", "vision": "digit 0, digit 1, digit 2", "recsys": "0, 1"}[sample.name]
    assert (done.code, done.out) == (2, "")
    place = "data.csv:4: 2.png" if sample.name == "vision" else "data.csv:4"
    assert done.err == f"error: {place}: label 'strange' is not a class of the model; there is: {known}\n"


@pytest.mark.parametrize("label", ["strange", ""])
def test_labels_are_not_needed_for_predicting(
    sample: Sample, model: Any, run: Path, spoiled: Spoil, label: str
) -> None:
    """One that the model does not know, or none among others, changes no answer."""
    lines = spoiled(lambda text: text).read_text().split("\n")
    with_it, without = [*lines[:3], f"{lines[3].rsplit(',', 1)[0]},{label}", *lines[4:]], lines
    answers = []
    for rows in (with_it, without):
        path = spoiled(lambda text, rows=rows: "\n".join(rows))
        answers.append(fourfold(sample.name, "predict", run, "--file", path, "--json"))
    assert answers[0] == answers[1] and answers[0].code == 0 and len(json.loads(answers[0].out)) == 60, answers
    if sample.name in ("nlp", "recsys"):  # the others name files beside the table
        frame = pd.read_csv(io.StringIO("\n".join(with_it)))
        bare = frame.drop(columns="label")
        assert np.array_equal(model.predict(frame), model.predict(bare))
        assert np.array_equal(model.predict_proba(frame), model.predict_proba(bare))


def test_no_labels_to_measure_against(sample: Sample, run: Path, data_file: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(data_file.parent, tmp_path / "data")
    rows = [row.rsplit(",", 1)[0] for row in (folder / "data.csv").read_text().splitlines()]
    (folder / "data.csv").write_text("\n".join(rows) + "\n")
    done = fourfold(sample.name, "eval", run, folder / "data.csv")
    column = "text" if sample.name == "speech" else "label"
    there = {"nlp": "text", "vision": "path", "recsys": "site, device, age", "speech": "audio"}[sample.name]
    assert (done.code, done.err) == (2, f"error: data.csv: no column '{column}'; there is: {there}\n")


def test_a_folder_that_is_no_model(sample: Sample, data_file: Path, tmp_path: Path) -> None:
    done = fourfold(sample.name, "eval", tmp_path, data_file)
    assert done.code == 2 and done.err == (
        f"error: {tmp_path}: not a saved model (the folder has no config.json); "
        "give a folder that `fourfold … train` wrote\n"
    )


@pytest.mark.parametrize(
    "sample", ["vision", "speech"], indirect=True, scope="session"
)  # only images and sounds lie in files of their own
def test_an_unreadable_file_is_named_in_training_and_a_row_in_prediction(
    sample: Sample, run: Path, spoiled: Spoil, tmp_path: Path
) -> None:
    path = spoiled(lambda text: text)
    broken = path.parent / {"vision": "3.png", "speech": "3.wav"}[sample.name]
    broken.write_bytes(b"this is neither")
    message = refused(sample, path, tmp_path / "run")
    assert message.startswith("data.csv:5: ") and broken.name in message
    done = fourfold(sample.name, "predict", run, "--file", path, "--json")
    rows = json.loads(done.out)
    assert done.code == 0 and [number for number, row in enumerate(rows) if row["error"]] == [3] and len(rows) == 60


@pytest.mark.parametrize("sample", ["recsys"], indirect=True, scope="session")  # only tables have numbers
def test_an_unreadable_number_is_named_in_training_and_a_row_in_prediction(
    sample: Sample, run: Path, spoiled: Spoil, tmp_path: Path
) -> None:
    lines = spoiled(lambda text: text).read_text().split("\n")
    cells = lines[4].split(",")
    path = spoiled(lambda text: "\n".join([*lines[:4], ",".join([*cells[:2], "forty", *cells[3:]]), *lines[5:]]))
    done = fourfold(sample.name, "eval", run, path)
    message = "data.csv:5: column 'age': 'forty' is not a number; mend it or leave it empty"
    assert (done.code, done.err) == (2, f"error: {message}\n")
    predicted = fourfold(sample.name, "predict", run, "--file", path)
    assert predicted.code == 0 and predicted.out.splitlines()[4].endswith("mend it or leave it empty")
