"""Data behind URLs: copied once, read as files are, and said where they cannot be."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from console import fourfold
from domain_data import SAMPLES
from PIL import Image

from fourfold.core.errors import DataError
from fourfold.core.tables import local
from fourfold.nlp import TextClassifier
from fourfold.recsys import ClickPredictor
from fourfold.vision import ImageClassifier


@pytest.fixture
def store() -> Iterator[Any]:
    """A folder of the storage that this process alone has in memory."""
    system, place = fsspec.filesystem("memory"), f"/{uuid.uuid4().hex}"
    system.mkdir(place)

    def put(name: str, source: Path) -> str:
        system.put(str(source), f"{place}/{name}", recursive=True)
        return f"memory:/{place}/{name}"

    yield put
    system.rm(place, recursive=True)


def test_what_is_no_url_is_left_as_it_is(tmp_path: Path) -> None:
    for data in ("reviews.csv", tmp_path, ["a text"], None):
        assert local(data) is data


def test_a_file_is_copied_once_and_again_when_it_changed(store: Any, tmp_path: Path) -> None:
    source = tmp_path / "reviews.csv"
    source.write_text("text,label\nfine,good\n")
    url = store("reviews.csv", source)
    first = Path(local(url))
    assert first.name == "reviews.csv" and first.read_bytes() == source.read_bytes()
    assert local(url) == str(first)
    source.write_text("text,label\ndull,bad\n")
    again = Path(local(store("reviews.csv", source)))
    assert again != first and again.read_bytes() == source.read_bytes()


def test_the_commands_take_urls(store: Any, tmp_path: Path) -> None:
    url = store("reviews.csv", SAMPLES["nlp"].write(tmp_path, 60, 0))
    run = tmp_path / "run"
    done = fourfold("nlp", "train", url, "--valid", url, "--test", "0.1", "--preset", "linear", "--out", run)
    assert done.code == 0, done.err
    for words in (("eval", run, url), ("predict", run, "--file", url), ("check", url)):
        done = fourfold("nlp", *words)
        assert done.code == 0, done.err
    assert TextClassifier.load(run).evaluate(url).rows == 60


def test_parts_of_a_folder_and_patterns_are_found(store: Any, tmp_path: Path) -> None:
    frame, labels = SAMPLES["recsys"].make(60, 0)
    days = tmp_path / "days"
    for day in (1, 2):
        (days / f"day={day}").mkdir(parents=True)
        frame.assign(label=labels).to_parquet(days / f"day={day}" / "0.parquet")
    url = store("days", days)
    for data in (url, f"{url}/day=*/*.parquet"):
        found = ClickPredictor("linear").read(local(data))
        assert len(found) == 120 and "day" in found.inputs.columns
    pixels, names = SAMPLES["vision"].make(12, 0)
    for number, (image, name) in enumerate(zip(pixels, names, strict=True)):
        (tmp_path / "images" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "images" / name / f"{number}.png")
    examples = ImageClassifier("linear").read_labelled(store("images", tmp_path / "images"))
    assert len(examples) == 12 and set(map(str, examples.labels)) == set(names)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("memory://nowhere/reviews.csv", "no such file; check the address"),
        ("memory://nowhere/*.csv", "no such file; check the address"),
        (
            "attic://reviews.csv",
            "cannot be read (Protocol not known: attic); check the address and your rights, or copy it",
        ),
    ],
)
def test_a_url_that_leads_nowhere_is_said(url: str, reason: str) -> None:
    with pytest.raises(DataError) as error:
        local(url)
    assert str(error.value) == f"{url}: {reason}"
    done = fourfold("nlp", "check", url)
    assert (done.code, done.err) == (2, f"error: {url}: {reason}\n")
