"""The text commands that other domains lack, and their output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from console import fourfold

SHORT = ("--preset", "tiny", "--set", "train.epochs=2", "--set", "features.min_frequency=1")


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts without labels, and a run that has learned their words."""
    folder = tmp_path_factory.mktemp("words")
    texts = [f"the {animal} sat on the {place}" for animal in ("cat", "dog", "owl") for place in ("mat", "rug", "tree")]
    (folder / "texts.csv").write_text("text\n" + "\n".join(texts * 3) + "\n")
    rows = [f"{text},{text.split()[1]}|{text.split()[-1]}" for text in texts * 3]
    (folder / "labels.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    done = fourfold(
        "nlp", "pretrain", folder / "texts.csv", "--out", folder / "run", *SHORT, "--set", "pretrain.epochs=1"
    )
    assert done.code == 0, done
    assert f"go on with fourfold nlp train DATA --init {folder / 'run'}" in done.err
    return folder


def test_training_goes_on_from_learned_words(words: Path) -> None:
    out = words / "trained"
    labels = ("--set", "features.target=labels")
    done = fourfold(
        "nlp", "train", words / "labels.csv", "--init", words / "run", "--out", out, *SHORT, *labels, "--json"
    )
    assert done.code == 0 and "micro_f1" in json.loads(done.out), done
    predicted = fourfold("nlp", "predict", out, "the cat sat on the rug")
    assert predicted.out.splitlines()[0] == "label,probability,error"
    assert set(predicted.out.splitlines()[1].split(",")[0].split("|")) <= {
        "cat",
        "dog",
        "owl",
        "mat",
        "rug",
        "tree",
        "",
    }
    assert isinstance(json.loads(fourfold("nlp", "predict", out, "the cat", "--json").out)[0]["label"], list)


def test_words_first_is_an_option_of_train(words: Path) -> None:
    out = words / "first"
    done = fourfold(
        "nlp", "train", words / "labels.csv", "--out", out, *SHORT, "--pretrain", "--set", "pretrain.epochs=1"
    )
    assert done.code == 0 and "learning words from the training texts" in done.err, done
    assert json.loads((out / "config.json").read_text())["config"]["pretrain"]["epochs"] == 1


def test_what_is_not_there_is_said(words: Path) -> None:
    missing = fourfold("nlp", "train", words / "labels.csv", "--init", words / "nowhere", "--out", words / "x")
    assert missing.code == 2 and "nowhere" in missing.err and missing.err.count("\n") == 1
    other = fourfold("recsys", "train", words / "labels.csv", "--pretrain")
    assert (other.code, other.err) == (
        2,
        "error: --pretrain: recsys does not learn from inputs alone; leave it out\n",
    )
    assert "pretrain" not in fourfold("recsys", "--help").out and "pretrain" in fourfold("nlp", "--help").out
