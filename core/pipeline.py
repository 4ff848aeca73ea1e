"""What the four pipelines share: fit, predict, evaluate, save, load, with scikit-learn's manners.

A domain's pipeline names its parts (`read`, features, model, task, baseline, evaluation); the way of the data is here.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from torch import nn

from . import artifact
from .answering import Branches
from .batch import Examples
from .blend import Blend
from .config import from_dict
from .device import pick_device, pick_precision, without_memory
from .errors import OutputTaken, UnknownName, Unsupported, did_you_mean
from .estimator import Estimator
from .files import written
from .hub import origin
from .labels import Numbers
from .learning import Learning
from .measure import measure
from .metrics import value_of
from .publish import publish
from .reading import Valid
from .report import Evaluation
from .run import Run, open_run, run_identity
from .teaching import teacher_identity
from .training import Observer, Output, Ranks, joined, predict, read_history
from .tuning import Search, Tuning, tune

DEFAULT, FINETUNE = "small", "finetune"
LINEAR = "linear"
"""The preset that is the domain's classical baseline instead of the Transformer."""


class Pipeline(Learning, Estimator):
    """A model with its data adapter, from files or arrays to predictions; the base of the four domains' pipelines.

    `preset` is a name of the domain's presets or "linear", the classical baseline; None is "small", or "finetune" with
    `init`, the path or hub name of a pretrained model. `teacher` is a saved model from whose answers to the training
    rows this one learns, too. `precision` is that of answers; "bfloat16" or "auto" are faster in batches where the
    hardware has it (that of training is `train.precision`). `budget` ("10m") is the training time, instead of epochs
    and bounds; `config` (a full configuration) takes the place of the preset; `seed` and `budget` go before its own.
    `fit` learns `config_`, `features_`, `model_`, `baseline_`, `blend_` (how sure both are taken to be), `evaluation_`
    (on the held-out rows) and `history_`.
    """

    _read_start: tuple[str, Any] | None = None

    def __init__(  # noqa: PLR0913 (scikit-learn's parameters)
        self,
        preset: str | None = None,
        *,
        init: str | Path | None = None,
        teacher: str | Path | None = None,
        seed: int | None = None,
        device: str = "auto",
        precision: str = "float32",
        budget: str | None = None,
        config: Any = None,
        verbose: bool = False,
    ):
        self.preset = preset
        self.init = init
        self.teacher = teacher
        self.seed = seed
        self.device = device
        self.precision = precision
        self.budget = budget
        self.config = config
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        input: str | None = None,
        label: str | None = None,
        valid: Valid = None,
        out: str | Path | None = None,
        resume: bool = False,
        force: bool = False,
    ) -> Self:
        """Train on a path, a DataFrame or arrays; with `out`, keep checkpoints there and save the result.

        `valid` is a share of the rows, a path or `Examples`; None is what the data have for it, else a tenth. `resume`
        goes on with a run in `out`; `force` replaces it. Raises DataError, ConfigError or ArtifactError before anything
        is written over, TrainingError where training fails.
        """
        pick_precision(self.precision, pick_device(self.device))  # a wrong one is said before anything is done
        config = self.resolve()
        self._forget()
        train, held_out, columns = self._rows(X, y, input, label, valid, config.train.seed)
        run = None
        if out is not None:
            identity = (
                {"domain": self.domain, "preset": self.kind}
                | origin(self.start)
                | teacher_identity(self.teacher)
                | run_identity(config, train, held_out)
                | self.named_files(config)
            )
            run = open_run(Path(out), identity, resume=resume, force=force)
        if run and run.message:
            self._say(run.message)
        if run and run.finished:
            run.tidy()
            saved = vars(self.load(run.path, device=self.device))
            self.__dict__.update({name: value for name, value in saved.items() if name.endswith("_")})
            self.history_ = read_history(run.path / "history.jsonl")
            self.evaluation_ = self._evaluate(held_out) if held_out is not None else None
            return self
        self.config_ = config
        self.columns_ = {"input": columns["input"] or self.input, "label": columns["label"] or self.label}
        with joined(pick_device(self.device)) as ranks:
            self._fit(train, held_out, run, ranks)
        return self

    def _fit(self, train: Examples, held_out: Examples | None, run: Run | None, ranks: Ranks) -> None:
        """Learn everything; of several ranks the first alone writes."""
        self.model_: nn.Module | None = None
        self.blend_: Blend | None = None
        self.threshold_, self.history_ = 0.0, []
        begin = time.monotonic()
        source, validation = self._learn(train, held_out, run, ranks)
        self.baseline_, seconds = self._baseline(train, run, ranks)
        self.facts_ = {"train_rows": len(train), "baseline_seconds": seconds, "parameters": self.baseline_.parameters}
        if self.kind != LINEAR:
            self._train(train, source, validation, run, ranks)
        if held_out is not None and self.model_ is not None:
            self.settle(held_out)
        branches = self._branches(held_out) if held_out is not None else None
        self._calibrate(held_out, branches)
        self.facts_["fit_seconds"] = round(time.monotonic() - begin, 2)
        self.evaluation_ = self._evaluate(held_out, branches) if held_out is not None else None
        if run and ranks.main:
            with written(run.path):
                publish(self, run.path)
            run.tidy()
        ranks.wait()

    def evaluate(self, X: Any, y: Any = None, *, input: str | None = None, label: str | None = None) -> Evaluation:
        """Measure on labelled data, beside the classical baseline, with 95 % intervals."""
        return self._evaluate(self._fitted().read_labelled(X, y, input=input, label=label))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the domain's main metric on labelled data."""
        examples = self._fitted().read_labelled(X, y)
        return value_of(next(iter(self.statistics(self._outputs(examples), examples).values())))

    def tune(
        self,
        X: Any,
        y: Any = None,
        *,
        input: str | None = None,
        label: str | None = None,
        valid: Valid = None,
        out: str | Path | None = None,
        budget: str | None = None,
        search: Search | None = None,
    ) -> Tuning:
        """Try settings around the preset's on the same held-out rows, its own first; return the best configuration.

        `budget` ("30m") bounds the time of the whole study; with `out`, the study lies there and can be resumed. This
        pipeline stays as it is: fit another with `config=result.best_config`.
        """
        reader = self.unfitted()
        train, held_out, _ = reader._rows(X, y, input, label, valid, reader.resolve().train.seed)
        return tune(reader, (train, held_out), Path(out) if out is not None else None, budget, search or Search())

    def try_out(self, config: Any, features: Any, rows: tuple[Examples, Examples], watcher: Observer) -> Output:
        """Train a copy with a configuration and its features on the first rows; return what its Transformer, or the
        classical model, says of the second."""
        model, (train, held_out) = self.unfitted().set_params(config=config, verbose=False), rows
        model.config_, model.features_, model.facts_ = model.resolve(), features, {}
        if model.kind == LINEAR:
            said: Output = model.fit_baseline(train).outputs(held_out)
            return said
        source, validation = features.source(train, training=True), model._validation(held_out)
        model._train(train, source, validation, None, Ranks(), watcher)
        return predict(model.task_, features.source(held_out), pick_device(self.device))

    def save(self, path: str | Path) -> Path:
        """Write the model as a folder that `load` reads; the baseline lies in it as a model of its own."""
        self._check_fitted()
        folder = Path(path)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OutputTaken(f"{folder}: it is there already and not empty; choose another path")
        publish(self, folder)
        return folder

    @classmethod
    def load(cls, path: str | Path, *, device: str = "auto", precision: str = "float32") -> Self:
        """Read a model that `save` wrote; raises ArtifactError where it is damaged, foreign or newer.

        With one of the domain's `schemes` before it (`whisper:openai/whisper-tiny.en`) `path` is a model of others.
        """
        pick_precision(precision, pick_device(device))  # a wrong one is no fault of the folder
        scheme, _, name = Path(path).as_posix().partition(":")
        if name and scheme in cls.schemes:
            model: Self = cls.load_foreign(scheme, name, device)
        else:
            manifest = artifact.read_manifest(Path(path), cls.domain)
            with artifact.told(Path(path)):
                model = cls._load(Path(path), manifest, device)
        model.precision = precision
        return model

    @classmethod
    def _load(cls, folder: Path, manifest: artifact.Manifest, device: str) -> Self:
        config = from_dict(type(next(iter(cls.presets.values()))()), manifest.config)
        model = cls(manifest.kind, seed=config.train.seed, device=device, config=config)
        model.config_ = config
        model.features_ = cls.features_type.load(folder, model.config_.features)
        model.model_ = None
        if manifest.kind != LINEAR:
            model.load_more(folder)
            with without_memory():  # whatever sizes the configuration names
                described = model.build_model()
            weights = artifact.load_weights(folder, described)
            model._place(model.build_model(), weights)
            folder = folder / "baseline"
            artifact.read_manifest(folder, cls.domain)
        model.baseline_ = cls.baseline_type.load(folder)
        model.evaluation_, model.history_ = None, []
        model.columns_, model.facts_ = manifest.learned["columns"], manifest.learned["facts"]
        blend = manifest.learned.get("blend")
        model.blend_ = Blend(**blend) if blend else None
        model.threshold_ = manifest.learned.get("threshold", 0.0)
        return model

    @property
    def start(self) -> Any:
        """The pretrained model that `init` names, read once; None without it."""
        if self.init is None:
            return None
        if self._read_start is None or self._read_start[0] != str(self.init):
            self._read_start = (str(self.init), self.read_start(str(self.init)))
        return self._read_start[1]

    def _forget(self) -> None:
        """Drop what an earlier fit learned."""
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
            delattr(self, name)

    @property
    def kind(self) -> str:
        """The preset, with None resolved."""
        return self.preset or (FINETUNE if self.init is not None else DEFAULT)

    def preset_config(self) -> Any:
        """Return the preset's own configuration; where that is no Transformer, the first preset's."""
        return self.presets.get(self.kind, next(iter(self.presets.values())))()

    def resolve(self) -> Any:
        """Return the whole configuration: the given one, or the preset's, with seed and budget put in."""
        names = [*self.presets, LINEAR]
        if self.kind not in names:
            raise UnknownName(f"no preset '{self.kind}'{did_you_mean(self.kind, names)}")
        config = self.config or self.preset_config()
        if self.init is not None:
            config = self.adopt(config, self.start)
        seed = config.train.seed if self.seed is None else self.seed
        train = replace(config.train, seed=seed, budget=self.budget or config.train.budget)
        if train.metric is not None and train.metric not in self.metrics:
            raise UnknownName(f"train.metric: no metric '{train.metric}'{did_you_mean(train.metric, self.metrics)}")
        if train.class_weights != "none" and not self.weighable:
            raise Unsupported(f"train.class_weights: {self.domain} has no classes to weigh; leave it out")
        return replace(config, train=train)

    def _calibrate(self, held_out: Examples | None, branches: Branches | None) -> None:
        """Choose on the held-out rows how sure each branch is taken to be; without any, both count alike."""
        if self.objective is None:
            return
        deep, wide = branches or (None, None)
        if held_out is None:
            self.blend_ = Blend(deep=0.5, wide=0.5) if self.wide and self.model_ is not None else None
        elif self.model_ is not None:
            known, weights = self.features_.classes, self.weights(held_out)
            spread = known.deviation if isinstance(known, Numbers) else 1.0
            self.blend_ = Blend.fit(self.objective.link, self.targets(held_out), deep, wide, weights, spread)
        self.threshold_ = self.choose_threshold(None if deep is None else self._mixed(deep, wide))

    def _evaluate(self, examples: Examples, branches: Branches | None = None) -> Evaluation:
        begin = time.monotonic()
        deep, wide = branches or self._branches(examples)
        seconds = 0.0 if branches else time.monotonic() - begin
        return measure(self, examples, self._mixed(deep, wide), (deep, wide), seconds)
