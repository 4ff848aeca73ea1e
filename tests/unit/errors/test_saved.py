"""Saved models and studies that are damaged or of another kind, word for word; nothing is trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from fourfold.core import artifact
from fourfold.core.config import to_dict
from fourfold.core.errors import FourfoldError
from fourfold.core.hub import read_json
from fourfold.core.tuning.folder import open_folder
from fourfold.recsys.baselines.trees import Trees
from fourfold.speech import SpeechRecognizer
from fourfold.speech.baselines import SpeechBaseline
from fourfold.speech.baselines.machine import KernelMachine
from fourfold.speech.data import SpeechFeatures, SpeechFeaturesConfig
from fourfold.speech.language import read_arpa
from fourfold.speech.pretrained import WhisperFeatures
from fourfold.vision.baselines import ImageBaseline
from fourfold.vision.baselines.neighbours import Neighbours

LEARNED = {"sample_rate": 8000, "units": ["a"], "words": False, "subsampling": 2, "mean": [0.0], "deviation": [1.0]}


def hears_words(folder: Path) -> None:
    with artifact.told(folder):
        read_arpa(folder / "language.arpa")


def begin_with_own_words(folder: Path) -> None:
    settings = to_dict(SpeechRecognizer("small").resolve())
    artifact.write_manifest(folder, artifact.Manifest(domain="speech", kind="small", config=settings, learned={}))
    SpeechRecognizer(init=folder).resolve()


# what reads a folder, its files, and the code and the message; {} is the folder
DAMAGED: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str, str]] = {
    "weights": (
        lambda folder: artifact.load_weights(folder, nn.Linear(1, 1)), {"model.safetensors": "x"}, "artifact.damaged",
        "{}/model.safetensors: damaged (Error while deserializing header: header too small); copy the folder again",
    ),
    "a part that might be anyone's": (
        hears_words, {}, "artifact.damaged",
        "{}: its files do not fit together ({}/language.arpa: no such language model; check the path); copy the folder "
        "again or train anew",
    ),
    "a folder for a file": (
        read_json, {}, "artifact.damaged", "{}: not readable (Is a directory); fetch it again",
    ),
    "a folder of no study": (
        lambda folder: open_folder(folder, {}, resume=True), {"diary.txt": "dear diary"}, "artifact.output",
        "{}: the folder is not empty and holds no study; choose another --out",
    ),
    "a study": (
        lambda folder: open_folder(folder, {}, resume=True), {"study.json": "{"}, "artifact.damaged",
        "{}/study.json: damaged; choose another --out",
    ),
    "classical models of images": (
        ImageBaseline.load, {"baseline_images.json": {"best": "oracle", "fitted_on": 9}}, "artifact.damaged",
        "{}/baseline_images.json: missing or damaged (no model 'oracle'); save the baseline again",
    ),
    "trees that are not there": (
        Trees.load, {}, "artifact.missing", "{}/trees.safetensors: no such file; save the baseline again",
    ),
    "neighbours": (
        Neighbours.load, {"neighbours.safetensors": "x"}, "artifact.damaged",
        "{}: damaged neighbours (Error while deserializing header: header too small); save the baseline again",
    ),
    "classical models of speech": (
        SpeechBaseline.load, {"baseline_audio.json": {"name": "oracle", "audio": {}}}, "artifact.damaged",
        "{}/baseline_audio.json: damaged (no model 'oracle'); save the baseline again",
    ),
    "a machine": (
        KernelMachine.load, {"machine.json": "{}"}, "artifact.damaged",
        "{}: a damaged machine (No such file or directory: {}/machine.safetensors); save the baseline again",
    ),
    "statistics of speech": (
        lambda folder: SpeechFeatures.load(folder, SpeechFeaturesConfig()), {"vocabulary.json": LEARNED},
        "artifact.damaged", "{}/vocabulary.json: damaged (statistics of 1 mels, not 40); save it again",
    ),
    "no Whisper": (
        begin_with_own_words, {}, "artifact.kind",
        "{}: a recogniser of its own vocabulary, not a Whisper; give a Whisper's folder or run",
    ),
    "a Whisper's sizes": (
        lambda folder: WhisperFeatures.load(folder, SpeechFeaturesConfig()), {"whisper.json": {"sizes": {}}},
        "artifact.damaged", "{}/whisper.json: damaged (no sizes or no rules); save the model again",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGED)
def test_what_is_damaged_is_said(what: str, tmp_path: Path) -> None:
    read, files, code, message = DAMAGED[what]
    for name, content in files.items():
        (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(FourfoldError) as error:
        read(tmp_path)
    assert (error.value.code, str(error.value)) == (code, message.replace("{}", str(tmp_path)))
