"""Errors of saved models, runs and results."""

from __future__ import annotations

import shutil
from pathlib import Path

from .place import Act, Case, Place


def _copied(place: Place) -> str:
    shutil.copytree(place.run, place.folder / "run")
    return "run"


def _damaged(place: Place) -> tuple[Act, str]:
    run = _copied(place)
    place.write(f"{run}/config.json", '{"format": ')
    message = (
        "run/config.json: damaged (Expecting value: line 1 column 12 (char 11)); copy the folder again or train anew"
    )
    return ("nlp", "predict", run, "fine"), message


def _changed(place: Place) -> tuple[Act, str]:
    run = _copied(place)
    place.change(f"{run}/metrics.json", accuracy=1.0)
    return ("nlp", "predict", run, "fine"), (
        "run/metrics.json: damaged (its hash differs); copy the folder again or train anew"
    )


def _missing(place: Place) -> tuple[Act, str]:
    return ("nlp", "predict", "no", "fine"), (
        "no: not a saved model (no such folder); give a folder that `fourfold … train` wrote"
    )


def _version(place: Place) -> tuple[Act, str]:
    run = _copied(place)
    place.change(f"{run}/config.json", version=99, fourfold="9.9")
    return ("nlp", "predict", run, "fine"), (
        "run: saved in format 99 by Fourfold 9.9, and this one reads up to 6; pip install --upgrade fourfold"
    )


def _kind(place: Place) -> tuple[Act, str]:
    return ("vision", "predict", place.run, "a.png"), f"{place.run}: a model of the domain nlp, not vision"


def _bert(place: Place) -> Path:
    """Write a tiny BERT without a tokenizer."""
    from transformers import BertConfig, BertModel

    config = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    BertModel(config).save_pretrained(place.folder / "bert")
    return place.folder / "bert"


def _weights(place: Place) -> tuple[Act, str]:
    _bert(place)
    place.change("bert/config.json", vocab_size=60)
    return ("nlp", "train", "data.csv", "--init", "bert"), (
        "bert: weight 'bert.embeddings.word_embeddings.weight' has the shape (50, 16), the configuration asks for "
        "(60, 16); give the configuration that it was trained with"
    )


def _unsupported(place: Place) -> tuple[Act, str]:
    _bert(place)
    place.change("bert/config.json", model_type="gpt2")
    return ("nlp", "train", "data.csv", "--init", "bert"), (
        "bert/config.json: model_type 'gpt2' is not supported; there is: bert, roberta, distilbert"
    )


def _tokenizer(place: Place) -> tuple[Act, str]:
    _bert(place)
    return ("nlp", "train", "data.csv", "--init", "bert"), (
        "bert: no tokenizer; put its tokenizer.json or vocab.txt beside config.json"
    )


def _download(place: Place) -> tuple[Act, str]:
    return ("nlp", "train", "data.csv", "--preset", "tiny", "--init", "a/b/c"), (
        "a/b/c: no such folder, nor can it be the name of a model on the Hugging Face Hub; check the path"
    )


def _output(place: Place) -> tuple[Act, str]:
    place.write("mine/diary.txt", "dear diary")
    return ("nlp", "train", "data.csv", "--out", "mine"), (
        "mine: the folder is not empty and holds no run; choose another --out"
    )


def _in_use(place: Place) -> tuple[Act, str]:
    from fourfold.core.tuning.folder import open_folder

    place.held.callback(open_folder(place.folder / "study", {}, resume=False).close)
    message = "study: another process is at work on this study; wait for it, or end it"
    return lambda: open_folder(Path("study"), {}, resume=True), message


def _results(place: Place) -> tuple[Act, str]:
    return ("bench", "compare", "here", "there"), (
        "here: no results there; give a folder that `fourfold bench --out` wrote"
    )


SAVED: dict[str, Case] = {
    "artifact.damaged": _damaged,
    "artifact.changed": _changed,
    "artifact.missing": _missing,
    "artifact.version": _version,
    "artifact.kind": _kind,
    "artifact.weights": _weights,
    "artifact.unsupported": _unsupported,
    "artifact.tokenizer": _tokenizer,
    "artifact.download": _download,
    "artifact.output": _output,
    "artifact.in-use": _in_use,
    "artifact.results": _results,
}
