"""Training beside SpeechBrain: the same utterances, targets, parameters and threads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from ...core.batch import Batch, Draw
from ...core.benchmark import Block, Contender, Split
from ...core.benchmark.clock import Clock
from ...core.benchmark.peers import case_of
from ...core.benchmark.speed import OURS
from ...core.errors import MissingPackage
from ...core.metrics import error_rate, value_of, word_errors
from ...core.training import Trainer, plan_for, predict
from ..benchmark import CASES
from ..config import SpeechConfig, base, small
from ..data import SpeechFeatures, transcripts
from ..decode import DecodingConfig, Transcriber
from ..model import SpeechModel
from ..task import SpeechTask
from .recipe import Recipe, parameters

UTTERANCES_A_STEP = 16
_TEST_ROWS = 100
_CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Training:
    """One case: its utterances and test rows, what a configuration learns of them, and the passes of a block."""

    split: Split
    features: SpeechFeatures
    config: SpeechConfig
    passes: int
    threads: int
    frames_seconds: float

    @property
    def seconds(self) -> float:
        """The seconds of sound of a block."""
        return float(self.passes * sum(clip.seconds for clip in self.split.train.inputs))

    def our_model(self, seed: int) -> SpeechModel:
        """Return our recogniser with its first weights."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            features = self.features
            return SpeechModel(
                self.config.model, mels=features.audio.mels, vocab_size=len(features.vocabulary),
                subsampling=features.subsampling, early=self.config.early > 0,
            )  # fmt: skip

    def wer(self, heard: list[str]) -> float:
        """Return the word error rate of what was heard of the test rows."""
        return value_of(error_rate(word_errors(transcripts(self.split.test), heard)))


def load_base(name: str, steps: int, threads: int) -> Training:
    """As `load_training`, for recognisers of the size of `base`."""
    return load_training(name, steps, threads, base())


def load_training(name: str, steps: int, threads: int, config: SpeechConfig | None = None) -> Training:
    """Load a case for recognisers of the size of `small`, or of another configuration.

    Raises ConfigError where the case or the extra is missing, DataError where its data are.
    """
    if find_spec("speechbrain") is None:
        raise MissingPackage("the peers need speechbrain; pip install 'fourfold[peers]'")
    return training_of(case_of(CASES, name).load(0), steps, threads, config or small())


def training_of(split: Split, steps: int, threads: int, config: SpeechConfig) -> Training:
    """Return the training of so many steps' utterances of a split: all of them several times, or some once."""
    rows = np.random.default_rng(0).permutation(len(split.train))[: steps * UTTERANCES_A_STEP]
    train = split.train.take(np.sort(rows))
    test = split.test.take(np.arange(min(_TEST_ROWS, len(split.test))))
    begin = time.perf_counter()
    features = SpeechFeatures.fit(train, config.features)
    return Training(
        split=Split(train, test), features=features, config=config, threads=threads,
        passes=max(1, round(steps * UTTERANCES_A_STEP / len(train))), frames_seconds=time.perf_counter() - begin,
    )  # fmt: skip


def trainers(setting: Training) -> list[Contender]:
    """Return our trainer and theirs; `padding` is the share of frames that are none, `quality` the word error rate."""
    torch.set_num_threads(setting.threads)
    return [Contender(OURS, lambda repeat: _ours(setting, repeat)), Contender("SpeechBrain", _Theirs(setting))]


def quarters(setting: Training) -> list[Contender]:
    """Return their training, and ours in a quarter of the time that theirs took in the same repeat."""
    torch.set_num_threads(setting.threads)
    theirs = _Theirs(setting)

    def ours(repeat: int) -> Block:
        return _ours(setting, repeat, budget=theirs(repeat).seconds / 4)

    return [Contender(OURS, ours), Contender("SpeechBrain", theirs)]


def training_facts(setting: Training, rate: float) -> dict[str, Any]:
    """Return both models' parameters, and the seconds in which ours made its frames before the block."""
    recipe = Recipe(setting.features, setting.split.train, parameters(setting.our_model(0)))
    return {
        "parameters": parameters(setting.our_model(0)), "speechbrain_parameters": recipe.parameters,
        "frames_seconds": round(setting.frames_seconds, 2),
    }  # fmt: skip


def _ours(setting: Training, seed: int, budget: float | None = None) -> Block:
    """Train ours for the passes of a block or, with a budget, for so many seconds."""
    given = f"{max(budget, 1.0):.1f}s" if budget is not None else None
    config = replace(
        setting.config.train, epochs=setting.passes, seed=seed, threads=setting.threads, budget=given, evaluations=1
    )
    model, features, clock = setting.our_model(seed), setting.features, Clock()
    greedy = Transcriber(features.vocabulary, DecodingConfig(search="greedy"))
    task = SpeechTask(
        model, features.vocabulary, attention=setting.config.attention, early=setting.config.early,
        label_smoothing=config.label_smoothing, transcriber=greedy,
    )  # fmt: skip
    source: Any = features.source(setting.split.train, training=True)
    test: Any = features.source(setting.split.test)
    Trainer(config, _CPU, observer=clock).fit(task, source)
    heard = [str(text) for text in predict(task, test, _CPU)]
    return replace(clock.block(round(setting.seconds), setting.wer(heard)), more={"padding": _padding(setting, source)})


def _padding(setting: Training, source: Any) -> float:
    """Return the share of frames of an epoch's batches, stretched as in training, that are padding."""
    train = setting.config.train
    rows = train.rows_of_batch(len(source))
    plan = plan_for(source, seed=0, batch_rows=rows, batch_tokens=train.batch_tokens)
    batches: Iterator[Batch] = (source.batch(plan.rows(step), Draw(0, 0)) for step in range(len(plan)))
    sizes = [(int(batch["length"].sum()), batch["frames"].shape[0] * batch["frames"].shape[1]) for batch in batches]
    real, all_ = np.sum(sizes, axis=0)
    return 1 - float(real / all_)


class _Theirs:
    """SpeechBrain's training; each repeat is done once, whoever asks for it."""

    def __init__(self, setting: Training) -> None:
        self.setting, self.done = setting, dict[int, Block]()

    def __call__(self, repeat: int) -> Block:
        if repeat not in self.done:
            self.done[repeat] = self._train(repeat)
        return self.done[repeat]

    def _train(self, seed: int) -> Block:
        setting, clock = self.setting, Clock()
        recipe = Recipe(setting.features, setting.split.train, parameters(setting.our_model(0)), seed)
        padding = recipe.train(setting.passes, self._batch_seconds(), clock)
        wer = setting.wer(recipe.hear(setting.split.test))
        return replace(clock.block(round(setting.seconds), wer), more={"padding": padding})

    def _batch_seconds(self) -> float:
        """Return the most seconds of a batch: as many as ours has at most."""
        audio, train = self.setting.features.audio, self.setting.config.train
        return float(train.batch_tokens * audio.hop / 1000)
