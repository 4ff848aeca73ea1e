"""Errors of settings, options and names."""

from __future__ import annotations

import sys

import numpy as np

from .place import Act, Case, Place


def _value(place: Place) -> tuple[Act, str]:
    return ("nlp", "check", "data.csv", "--set", "train.optimizer.lr=0"), "train.optimizer.lr (0.0) must be above 0"


def _unknown_setting(place: Place) -> tuple[Act, str]:
    message = "config train: unknown setting 'epoch'; did you mean 'epochs'?"
    return ("nlp", "check", "data.csv", "--set", "train.epoch=3"), message


def _unknown_name(place: Place) -> tuple[Act, str]:
    return ("nlp", "train", "data.csv", "--preset", "smal"), "no preset 'smal'; did you mean 'small'?"


def _conflict(place: Place) -> tuple[Act, str]:
    settings = ("--set", "model.encoder.width=30", "--set", "model.encoder.num_heads=4")
    return ("nlp", "check", "data.csv", *settings), "width (30) must be divisible by num_heads (4)"


def _usage(place: Place) -> tuple[Act, str]:
    return ("nlp", "train", "data.csv", "--resume"), (
        "train: --resume needs --out RUN, the folder of the run to go on with"
    )


def _unsupported(place: Place) -> tuple[Act, str]:
    message = "input 'site': recsys reads every column but the label; leave --input out"
    return ("recsys", "check", "data.csv", "--input", "site"), message


def _file(place: Place) -> tuple[Act, str]:
    return ("nlp", "check", "data.csv", "--config", "no.toml"), "no.toml: no such file; check the path"


def _package(place: Place) -> tuple[Act, str]:
    place.patch.setitem(sys.modules, "optuna", None)  # as if it were not installed
    return ("nlp", "tune", "data.csv"), "tune: Optuna is not installed; pip install 'fourfold[tune]'"


def _device(place: Place) -> tuple[Act, str]:
    message = "device 'warp' is unknown; write auto, cpu, cuda or cuda:0"
    return ("nlp", "predict", place.run, "fine", "--device", "warp"), message


def _resume(place: Place) -> tuple[Act, str]:
    words = ("nlp", "train", place.run.parent / "data.csv", "--preset", "linear", "--out", place.run, "--resume")
    message = f"{place.run}: cannot resume: train.epochs was 12 and is 9.0; use the same, or choose another --out"
    return (*words, "--set", "train.epochs=9"), message


def _search(place: Place) -> tuple[Act, str]:
    return ("nlp", "tune", "data.csv", "--search", "model.dropout"), (
        "--search model.dropout: write it as section.key=range, such as train.optimizer.lr=1e-4..1e-2:log or "
        "model.dropout=0.1,0.2,0.3"
    )


def _budget(place: Place) -> tuple[Act, str]:
    return ("nlp", "check", "data.csv", "--set", "train.budget=soon"), (
        "budget 'soon' is not a time; write 90s, 10m or 1h"
    )


def _environment(place: Place) -> tuple[Act, str]:
    from fourfold.core.cache import user_cache

    place.patch.setenv("FOURFOLD_CACHE", "data.csv/cache")
    message = "FOURFOLD_CACHE (data.csv/cache): cannot be written (Not a directory); name a folder"
    return lambda: user_cache().kept("frames"), message


def _start(place: Place) -> tuple[Act, str]:
    rows = (place.folder / "data.csv").read_text()
    place.write("other.csv", rows.replace(",good", ",yes").replace(",bad", ",no"))
    message = f"teacher '{place.run}': it knows other labels than the training rows; give a run on such labels"
    return ("nlp", "train", "other.csv", "--preset", "tiny", "--teacher", place.run), message


def _does_not_fit(place: Place) -> tuple[Act, str]:
    from fourfold.speech.baselines import SpeechBaseline, SpeechClassicalConfig
    from fourfold.speech.data import SpeechFeatures, SpeechFeaturesConfig, read

    texts = ["ab", "ab", "abc", "c ab"]
    waves = np.random.default_rng(0).standard_normal((4, 4000)).astype(np.float32)
    rows = read([(wave, 8000) for wave in waves], texts)
    baseline = SpeechBaseline(SpeechClassicalConfig(model="svm"))
    message = "classical.model: 'svm' does not fit 4 recordings of 3 transcripts; set it to best"
    return lambda: baseline.fit(rows, SpeechFeatures.fit(rows, SpeechFeaturesConfig())), message


SETTINGS: dict[str, Case] = {
    "config.does-not-fit": _does_not_fit,
    "config.value": _value,
    "config.unknown-setting": _unknown_setting,
    "config.unknown-name": _unknown_name,
    "config.conflict": _conflict,
    "config.usage": _usage,
    "config.unsupported": _unsupported,
    "config.file": _file,
    "config.package": _package,
    "config.device": _device,
    "config.resume": _resume,
    "config.search": _search,
    "config.budget": _budget,
    "config.environment": _environment,
    "config.start": _start,
}
