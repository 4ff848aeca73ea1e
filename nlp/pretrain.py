"""Learning words before labels: a stage of training, or a run of its own that `--init` goes on from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ..core import artifact
from ..core.batch import Examples
from ..core.config import to_dict
from ..core.files import damage, write_folder, write_text, written
from ..core.hub import origin
from ..core.nn import read_weights
from ..core.run import STAGES, open_run, run_identity
from ..core.training import History, Observer, Observers, Outcome, Trainer, joined
from ..core.training.checkpoint import CHECKPOINTS, remove_checkpoints
from .config import TextConfig
from .data import TextFeatures
from .domain import DOMAIN
from .masking import MaskedSource, MaskedTask
from .model import MaskedLanguageModel, TextModel
from .pretrained import Pretrained, start
from .start import PRETRAINED, words_of

_STAGE = Path(STAGES, "words")
"""The folder of this stage in that of a run."""

_ENCODER = "encoder"


def learn_words(
    model: TextModel,
    examples: Examples,
    features: TextFeatures,
    config: TextConfig,
    device: torch.device,
    folder: Path | None,
    observer: Observer,
    begin: Pretrained | None = None,
) -> None:
    """Give a classifier the weights of a masked language model trained on its own training texts, in place.

    With `folder`, that of the run, an interrupted stage goes on where it was, and a finished one is read.
    """
    stage = folder / _STAGE if folder else None
    if stage and (stage / _ENCODER).is_dir() and not damage(stage / _ENCODER):
        weights = read_weights(stage / _ENCODER / "model.safetensors")
    else:
        observer.say("learning words from the training texts")
        masked = _fresh(config, model.embedding.words.num_embeddings, begin)
        shared = {name: weight for name, weight in model.state_dict().items() if _shared(name)}
        masked.load_state_dict(masked.state_dict() | shared)
        outcome = _train(masked, examples, features, config, device, stage, observer)
        weights = {name: weight for name, weight in outcome.weights.items() if _shared(name)}
        with joined(device) as ranks:
            if stage and ranks.main:
                with written(stage):
                    write_folder(stage / _ENCODER, lambda whole: artifact.save_weights(whole, weights))
                remove_checkpoints(stage / CHECKPOINTS)
            ranks.wait()
    model.load_state_dict(model.state_dict() | weights)


@dataclass(frozen=True, kw_only=True)
class WordRun:
    """A run that learns words alone: what it is given, and where it goes."""

    features: TextFeatures
    config: TextConfig
    out: Path
    device: torch.device
    begin: Pretrained | None = None

    def __call__(self, examples: Examples, observer: Observer, *, resume: bool = False, force: bool = False) -> Path:
        """Train a masked language model on texts; write what `init` reads to `out`, and return it."""
        words_of(self.config, self.features)  # too few are refused before anything is written
        whose = {"domain": DOMAIN.name, "preset": PRETRAINED} | origin(self.begin)
        identity = whose | run_identity(self.config, examples, None)
        run = open_run(self.out, identity, resume=resume, force=force)
        if run.message:
            observer.say(run.message)
        if run.finished:
            run.tidy()
        else:
            with joined(self.device) as ranks:
                if ranks.main:
                    run.begin()
                ranks.wait()
                history = History(self.out / "history.jsonl" if ranks.main else None)
                outcome = self._learn(examples, Observers(history, observer))
                if ranks.main:
                    with written(self.out):
                        self._publish(outcome)
                    run.tidy()
                ranks.wait()
        return self.out

    def _learn(self, examples: Examples, observer: Observer) -> Outcome:
        model = _fresh(self.config, words_of(self.config, self.features), self.begin)
        return _train(model, examples, self.features, self.config, self.device, self.out, observer)

    def _publish(self, outcome: Outcome) -> None:
        artifact.save_weights(self.out, outcome.weights)
        self.features.save(self.out)
        text = f"# A text model that has learned words\n\nTrain a classifier from it with `--init {self.out.name}`.\n"
        write_text(self.out / "README.md", text)
        facts = {"steps": outcome.state.step, "train_seconds": round(outcome.state.seconds, 2)}
        manifest = artifact.Manifest(
            domain=DOMAIN.name,
            kind=PRETRAINED,
            config=to_dict(self.config),
            learned={"columns": {}, "facts": facts},
        )
        artifact.write_manifest(self.out, manifest)


def _fresh(config: TextConfig, vocab_size: int, begin: Pretrained | None) -> MaskedLanguageModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.train.seed)
        model = MaskedLanguageModel(config.model, vocab_size)
    if begin is not None:
        start(model, begin)
    return model


def _train(
    model: MaskedLanguageModel,
    examples: Examples,
    features: TextFeatures,
    config: TextConfig,
    device: torch.device,
    folder: Path | None,
    observer: Observer,
) -> Outcome:
    plain = replace(features, config=replace(features.config, token_dropout=0.0))
    source = MaskedSource(
        plain.source(replace(examples, labels=None)),
        config.pretrain.mask,
        mask_id=features.mask_id,
        special=features.special_ids,
        vocab_size=features.vocab_size,
    )
    trainer = Trainer(config.pretrain.train_config(config.train), device, folder, observer)
    return trainer.fit(MaskedTask(model), source)


def _shared(name: str) -> bool:
    return name.startswith(("embedding.", "encoder."))
