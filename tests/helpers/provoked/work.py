"""Errors of work that was rightly asked for."""

from __future__ import annotations

import itertools
import resource
import signal
from pathlib import Path
from typing import Any

import numpy as np
import torch
from domain_data import images
from toy import ToySource, toy_task
from training_runs import Fault

from fourfold.core.training import TrainConfig, Trainer
from fourfold.speech.synth import speak

from .place import Act, Case, Place


def _not_fitted(place: Place) -> tuple[Act, str]:
    from fourfold.nlp import TextClassifier

    message = "this TextClassifier is not fitted; call fit, or TextClassifier.load(path)"
    return lambda: TextClassifier().predict(["fine"]), message


def _train(folder: Path | None = None, source: ToySource | None = None, **arguments: Any) -> None:
    config = TrainConfig(epochs=6, batch_rows=16, precision="float32", checkpoint_seconds=0)
    trainer = Trainer(config, torch.device("cpu"), folder, **arguments)
    trainer.fit(toy_task(), source or ToySource(64))


def _diverged(place: Place) -> tuple[Act, str]:
    source = ToySource(64)
    for value in source.values:
        value[:] = np.nan
    message = (
        "step 17: the loss was not finite 5 times in a row, after 3 returns to a good state; lower train.optimizer.lr"
    )
    return lambda: _train(source=source), message


def _not_saved(place: Place) -> tuple[Act, str]:
    """A limit on the size of files gives what a full disk gives."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def train() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, most))
        try:
            _train(Path("run"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return train, (
        "run/checkpoints/step-000000000: the checkpoint could not be written (Error while serializing: I/O error: "
        "File too large (os error 27)); free space and go on with --resume from the checkpoint before it"
    )


def _interrupted(place: Place) -> tuple[Act, str]:
    message = "stopped by SIGTERM at step 7; go on with --resume"
    return lambda: _train(Path("run"), observer=Fault(7, signal.SIGTERM)), message


def _no_trial(place: Place) -> tuple[Act, str]:
    words = ("nlp", "tune", "data.csv", "--preset", "tiny", "--out", "study", "--budget", "0.001s")
    return words, "study: no trial came to its end in the budget; go on with --resume and a longer --budget"


def _not_measured(place: Place) -> tuple[Act, str]:
    """ROC AUC asks for rows of both classes."""
    place.write("valid.csv", "site,age,label\nnorth,30,1\nsouth,30,1\n")
    rows = "".join(f"{('north', 'south')[number % 2]},{20 + number},{number % 2}\n" for number in range(40))
    place.write("clicks.csv", f"site,age,label\n{rows}")
    words = ("recsys", "tune", "clicks.csv", "--preset", "tiny", "--valid", "valid.csv", "--trials", 4)
    return (
        *words,
        "--set",
        "train.evaluations=1",
    ), "roc_auc cannot be measured on the validation rows; give others with --valid"


def _runs_failed(place: Place) -> tuple[Act, str]:
    place.write("bare.csv", "text\nfine\npoor\n")
    place.write("cases.toml", '[[case]]\nname = "bare"\ndomain = "nlp"\ndata = "bare.csv"\n')
    words = ("bench", "--cases", "cases.toml", "--model", "prior", "--out", "bench")
    return words, "bench: 1 runs failed; the table says which, --resume does them again"


def _peers_differ(place: Place) -> tuple[Act, str]:
    """Our model, of which theirs is a copy, is sure of another class each time that it is made."""
    from fourfold.vision.data import ImageFeatures, ImageFeaturesConfig
    from fourfold.vision.peers.prediction import predictors
    from fourfold.vision.peers.setting import Setting
    from fourfold.vision.pipeline import ImageClassifier

    number = itertools.count()

    class Moody(Setting):
        def our_model(self) -> Any:
            model = super().our_model()
            with torch.no_grad():
                model.head.bias[next(number)] += 1000
            return model

    pixels, labels = images(6, 0)
    rows = ImageClassifier().read(np.stack([pixels] * 3, -1), labels)
    features = ImageFeatures.fit(rows, ImageFeaturesConfig(size=16))
    setting = Moody(train=rows, test=rows, features=features, patch=8, rows=2, steps=1, threads=1)
    return lambda: predictors(setting), "peers: probabilities are 1 apart, more than 0.01"


def _synthesis(place: Place) -> tuple[Act, str]:
    import espeakng_loader

    place.patch.setattr(espeakng_loader, "get_data_path", lambda: "nowhere")
    message = "eSpeak NG cannot read its data in nowhere; install it again: pip install 'fourfold[synth]'"
    return lambda: speak("hello", "en"), message


def _memory(place: Place) -> tuple[Act, str]:
    words = ("recsys", "simulate", "log.csv", "--rows", "10", "--users", str(10**15))
    return words, "not enough memory; give less data at once, or a larger machine"


def _path(place: Place) -> tuple[Act, str]:
    name = "x" * 300 + ".csv"
    return ("nlp", "check", name), f"{name}: file name too long; check the path"


def _unexpected(place: Place) -> tuple[Act, str]:
    (place.folder / "page").mkdir()
    return ("nlp", "eval", place.run, "data.csv", "--report", "page"), "page: Is a directory (--debug shows where)"


WORK: dict[str, Case] = {
    "not-fitted": _not_fitted,
    "training.diverged": _diverged,
    "training.not-saved": _not_saved,
    "interrupted": _interrupted,
    "training.no-trial": _no_trial,
    "training.not-measured": _not_measured,
    "error.runs-failed": _runs_failed,
    "error.peers-differ": _peers_differ,
    "error.synthesis": _synthesis,
    "error.memory": _memory,
    "error.path": _path,
    "error.unexpected": _unexpected,
}
