"""`SpeechRecognizer`: from recordings to transcripts."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..core.batch import Batch, Examples, Source
from ..core.config import override, to_dict
from ..core.device import autocast, pick_device, pick_precision
from ..core.errors import BadRow, BadValue, DataError, Unsupported, WrongStart
from ..core.files import contents_hash
from ..core.metrics import Statistic
from ..core.objectives import Prediction
from ..core.report import Evaluation
from ..core.training import Output, Task
from . import data
from .audio import RATES
from .baselines import CLASSICAL, SpeechBaseline
from .config import PRESETS, SPACE
from .data import steps_needed, transcripts
from .decode import (
    Search,
    Transcriber,
    Transcript,
    Weights,
    Word,
    choose_weights,
    fusion_of,
    joined,
    log_probs_of,
    prediction_of,
    words_of,
)
from .domain import DOMAIN
from .evaluate import Timed, described, rates
from .language import LanguageModel, read_arpa, write_arpa
from .long import accepted, cut, too_long
from .model import SpeechModel
from .pretrained import WhisperModel
from .stream import SpeechStream, hearing_chunks
from .task import SpeechTask
from .whisper import Whispering, check_answers, check_decoding

LANGUAGE = "lm.arpa.gz"
"""The language model in a run's folder."""


def all_blank(outputs: Output) -> str:
    """Say that all transcripts are empty, where they are.

    >>> all_blank(["", ""]), all_blank(["", "a"])
    ('every transcript of the held-out recordings is empty', '')
    """
    return "" if any(outputs) else "every transcript of the held-out recordings is empty"


class SpeechRecognizer(Whispering):
    """Turns recordings into text with a Transformer trained on your data by CTC and attention together.

    `init` names a Whisper to go on from instead: its name on the hub, its folder, or a run of ours. `from_pretrained`
    takes one as it is, as `load("whisper:openai/whisper-tiny.en")` does.
    """

    domain = DOMAIN.name
    input = DOMAIN.input
    label = DOMAIN.label
    metrics = ("wer", "cer")
    stratify = False
    presets = PRESETS
    space = SPACE
    classical = CLASSICAL
    language_: LanguageModel | None = None
    baseline_type = SpeechBaseline

    @property
    def columns(self) -> dict[str, str]:
        """The text is all that is written."""
        return {"text": "label"}

    @property
    def details(self) -> dict[str, str]:
        """What was asked for beside it."""
        decoding = self.config_.decoding
        asked = {"alternatives": decoding.nbest > 1, "words": decoding.times}
        found = {name: name for name, wanted in asked.items() if wanted}
        return {"confidence": "probability"} | found if found else {}

    def read(self, data_: Any, labels: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read recordings from a table of paths or bytes, a folder, files or arrays; each is decoded once."""
        audio = self.features_.audio if hasattr(self, "features_") else self._settings.audio
        return data.read(data_, labels, input=input, label=label, audio=audio)

    @property
    def _settings(self) -> data.SpeechFeaturesConfig:
        config = self.config_ if hasattr(self, "config_") else self.resolve()
        found: data.SpeechFeaturesConfig = config.features
        return found

    def read_inputs(self, inputs: list[str]) -> Examples:
        """Read sound files, and those below folders, from the command line."""
        found = [data.sounds_in(Path(one)) if Path(one).is_dir() else [one] for one in inputs]
        return self.read([one for several in found for one in several])

    def parts_of(self, data_: Any) -> dict[str, Any]:
        """Return the parts train, valid and test of a folder that is divided so."""
        return data.divided(data_) or super().parts_of(data_)

    def examine(self, examples: Examples, test: Examples | None = None) -> dict[str, Any]:
        """Add lengths, speakers, rates, loudness, characters, what cannot be learned, and what the test shares."""
        return data.examine(examples, test, super().examine(examples, test), self._settings)

    @property
    def tolerance(self) -> float:
        """The share of recordings that may be left out because they cannot be read."""
        return self._settings.unreadable

    def group(self, examples: Examples) -> npt.NDArray[np.int64] | None:
        """Keep a speaker on one side of the split, where `features.group` asks for it."""
        return data.speakers(examples) if self._settings.group == "speaker" else None

    def build_model(self) -> nn.Module:
        """Build the recogniser for these frames and this vocabulary, or the Whisper."""
        if self.config_.whisper is not None:
            return WhisperModel(self.config_.whisper)
        features = self.features_
        return SpeechModel(
            self.config_.model,
            mels=features.audio.mels,
            vocab_size=len(features.vocabulary),
            subsampling=features.subsampling,
            early=self.config_.early > 0,
            chunk=self._chunk,
        )

    def build_task(self, model: nn.Module, examples: Examples | None = None) -> Task:
        """Train by CTC and attention; predict by CTC's best transcripts, rescored by the decoder."""
        if isinstance(model, WhisperModel):
            return self.whisper_task(model)
        assert isinstance(model, SpeechModel)
        features, config = self.features_, self.config_
        transcriber = Transcriber(features.vocabulary, config.decoding, self.language_, self._step)
        return SpeechTask(
            model,
            features.vocabulary,
            attention=config.attention,
            consistency=config.consistency,
            early=config.early,
            label_smoothing=config.train.label_smoothing,
            transcriber=transcriber,
            compiled=config.train.compile,
        )

    def named_files(self, config: Any) -> dict[str, str]:
        """Return the hashes of the noise and of the language model."""
        lm = config.decoding.lm
        named = {"features.augment.noise": config.features.augment.noise, "decoding.lm": (lm,) if lm else ()}
        return {f"content of {name}": contents_hash(paths) for name, paths in named.items() if paths}

    def check_settings(self, held_out: Examples | None) -> None:
        """Read the language model, if any; DataError or ConfigError where it cannot be used."""
        super().check_settings(held_out)
        self._listen_to(self.config_.decoding.lm)

    def settle(self, held_out: Examples) -> None:
        """Choose what a language model and the decoder weigh beside CTC, where that was left open."""
        if self.language_ is None:
            return
        assert isinstance(self.model_, SpeechModel)
        batches = self._batches(held_out)
        transcriber = Transcriber(self.features_.vocabulary, self.config_.decoding, self.language_)
        decoding = choose_weights(transcriber, self.model_, batches, transcripts(held_out))
        self._say(
            f"language model: alpha {decoding.alpha:g}, beta {decoding.beta:g}, attention {decoding.attention:g}, "
            f"chosen on {len(held_out):,} held-out rows"
        )
        self.answer_with({"decoding": to_dict(decoding)})

    def answer_with(self, values: Mapping[str, Any]) -> Self:
        """Change `decoding` of a fitted recogniser: the search, a language model, what each answer holds; `evaluation`:
        how it is measured; of a Whisper the language and the task.

        Raises ConfigError for other settings, DataError for a language model that cannot be read.
        """
        self._check_fitted()
        check_answers(values, self.config_)
        before, config = self.config_.decoding.lm, override(self.config_, values)
        check_decoding(config)
        if config.decoding.lm != before:
            self._listen_to(config.decoding.lm)
        self.config_ = config
        if self.model_ is not None:
            self.task_ = self.build_task(self.model_)
        return self

    def create_stream(self, rate: int | None = None) -> SpeechStream:
        """Return a stream to `feed` samples at `rate` Hz (the model's own unless given) as they come, and to `finish`.

        What it finally says is what a call says of the whole recording. Raises ConfigError for a recogniser that was
        not trained to hear chunks, as with the preset `streaming`, and for a rate that no sound file may have.
        """
        self._check_fitted()
        if rate is not None and not (RATES[0] <= rate <= RATES[1] and rate == int(rate)):
            raise BadValue(f"stream: a rate of {rate} Hz; give a whole number from {RATES[0]:,} to {RATES[1]:,}")
        model = hearing_chunks(self.model_)
        assert isinstance(self.task_, SpeechTask)
        return SpeechStream(model, self.features_, self.task_.transcriber, None if rate is None else int(rate))

    def transcribe(
        self,
        X: Any,
        *,
        nbest: int | None = None,
        times: bool | None = None,
        beam: int | None = None,
        lm: str | None = None,
        search: Search | None = None,
    ) -> list[Prediction]:
        """Return a `SpeechPrediction` for each recording, as a call does, with other settings of `decoding`.

        `nbest` alternatives, the `times` of words, the width of the `beam`, the ARPA file `lm`; the recogniser keeps
        its own. A recording that cannot be read has an `error`.
        """
        given = {"nbest": nbest, "times": times, "beam": beam, "lm": lm, "search": search}
        other = copy.copy(self)
        other.answer_with({"decoding": {name: value for name, value in given.items() if value is not None}})
        return other(X)

    def align(self, X: Any, y: Any = None, *, input: str | None = None, label: str | None = None) -> list[list[Word]]:
        """Return the words of each transcript with the times at which they are said, by CTC's most probable path.

        Raises DataError, naming the row, for a transcript with unknown characters or too long for its recording.
        """
        examples = self._fitted().read_labelled(X, y, input=input, label=label)
        if self.model_ is None:
            raise Unsupported("align: the classical baseline knows no times; give the folder of a Transformer")
        if not isinstance(self.model_, SpeechModel):
            raise Unsupported("align: a Whisper does not say when it hears each word; give a recogniser of your own")
        vocabulary, texts, found = self.features_.vocabulary, transcripts(examples), []
        for row, batch in enumerate(self._batches(examples)):
            for unknown in vocabulary.unknown(texts[row])[:1]:
                raise BadRow(f"{examples.place(row)}: {vocabulary.lacks(unknown)}")
            with torch.inference_mode():
                (row_TV,) = log_probs_of(self.model_(batch))
            try:
                found.append(list(words_of(row_TV, vocabulary.encode(texts[row]), vocabulary, self._step)))
            except DataError as error:
                raise BadRow(f"{examples.place(row)}: {error}") from None
        return found

    def deep_outputs(self, examples: Examples) -> Output:
        """Return the transcripts; of a recording that is too long for one, those of its pieces, one after the other."""
        longest, rate, whisper = self.config_.decoding.piece, self.features_.audio.sample_rate, self.config_.whisper
        if whisper is not None and self.model_ is not None:
            longest = math.inf if whisper.timestamps else min(longest, whisper.window_seconds)
        long = np.array([clip.seconds > longest for clip in examples.inputs], dtype=np.bool_)
        if not long.any():
            return super().deep_outputs(examples)
        short = iter(super().deep_outputs(examples.take(~long)) if not long.all() else ())
        found: list[Any] = []
        for row, clip in enumerate(examples.inputs):
            if not long[row]:
                found.append(next(short))
                continue
            if whisper is None and self._chunk:
                found.append(self._streamed(clip))
                continue
            parts, starts = cut(clip, rate, longest)
            where = Examples(inputs=parts, name=examples.name)
            found.append(joined(cast(list[Transcript], super().deep_outputs(where) if parts else []), starts))
        return found

    def _streamed(self, clip: data.Clip) -> Transcript:
        stream, device = self.create_stream(), pick_device(self.device)
        with autocast(device, pick_precision(self.precision, device)):
            stream.feed(clip.sound(stream.rate))
            return stream.transcript()

    def _answers(self, examples: Examples) -> list[Prediction]:
        """Answer also for recordings that are too long to train on."""
        found = super()._answers(examples)
        for row in too_long(examples, self.features_.audio.longest) if self.model_ is not None else ():
            try:
                found[row] = self.answers(self.deep_outputs(accepted(examples.take(np.array([row])), [0])))[0]
            except DataError as error:
                found[row] = Prediction(error=str(error))
        return found

    def _read_whole(self, X: Any) -> Examples:
        examples = self._read_inputs(X)
        return super()._read_whole(accepted(examples, too_long(examples, self.features_.audio.longest)))

    def save_more(self, folder: Path) -> None:
        """Write the language model."""
        if self.language_ is not None:
            write_arpa(self.language_, folder / LANGUAGE)

    def load_more(self, folder: Path) -> None:
        """Read the language model that lies beside the weights."""
        self.language_ = read_arpa(folder / LANGUAGE) if self.config_.decoding.lm is not None else None

    @property
    def _step(self) -> float:
        """The seconds of a step of the encoder."""
        audio = self.features_.audio
        hop = round(audio.sample_rate * audio.hop / 1000)
        return float(self.features_.subsampling * hop / audio.sample_rate)

    @property
    def _chunk(self) -> int:
        """The steps of a chunk; 0 where recordings are heard whole."""
        seconds = self.config_.model.chunk
        return max(1, round(seconds / self._step)) if seconds else 0

    def _listen_to(self, path: str | None) -> None:
        language = None if path is None else read_arpa(path)
        if language is not None:
            fusion_of(language, self.features_.vocabulary, Weights())  # it fits, or that is said now
        self.language_ = language

    def _batches(self, examples: Examples) -> Iterator[Batch]:
        """Yield the recordings one by one, in order, where the model is."""
        source, device = self.features_.source(examples), pick_device(self.device)
        return (source.batch(np.array([row])).to(device) for row in range(len(examples)))

    def follow(self, source: Source, says: Output, share: float) -> Source:
        """Have a share of the rows learn the teacher's transcripts (Kim and Rush, "Sequence-level knowledge
        distillation", 2016); say how many cannot be learned, ConfigError where that is all, or it says the same of all.
        """
        if not isinstance(source, data.SpeechSource):
            raise Unsupported(
                "teacher: a Whisper learns from transcripts alone; label data with predict, and train on them"
            )
        texts = [str(text) for text in says]
        if len(texts) > 1 and len(set(texts)) == 1:  # as the baseline does with connected speech
            raise WrongStart(f"teacher '{self.teacher}': it says '{texts[0]}' of every recording; give another")
        found = self.features_.following(source, texts, share)
        assert found.second is not None
        rows, unusable = len(found), sum(target is None for target in found.second)
        why = "empty, too long for the recording, or of characters or words that were not learned"
        if unusable == rows:
            raise WrongStart(f"teacher '{self.teacher}': none of its transcripts can be learned: {why}; give another")
        if unusable:
            self._say(f"teacher: {unusable:,} of {rows:,} transcripts are {why}; these rows keep their own")
        return found

    def hopeless(self) -> Callable[[Output], str] | None:
        """Return what notices that CTC says nothing but blanks."""
        return None if self.config_.whisper is not None else all_blank

    def statistics(self, outputs: Output, examples: Examples) -> dict[str, Statistic]:
        """Return word and character error rates."""
        return {**rates(transcripts(examples), list(outputs), self.config_.evaluation)}

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add kinds of error, errors by speaker, length and word, the worst utterances, and the speed."""

        def times(row: int) -> Sequence[Timed]:
            found: Sequence[Timed] = getattr(outputs[row], "words", ())
            return found or self._heard_at(examples, row, str(outputs[row]))

        return described(evaluation, outputs, examples, self.config_.evaluation, times)

    def _heard_at(self, examples: Examples, row: int, text: str) -> Sequence[Word]:
        """Return when CTC hears each word of a text; none of a Whisper, a baseline or a text that does not fit."""
        if not isinstance(self.model_, SpeechModel) or examples.inputs[row].seconds > self.config_.decoding.piece:
            return ()
        vocabulary = self.features_.vocabulary
        if not text or vocabulary.unknown(text):
            return ()
        (batch,) = self._batches(examples.take(np.array([row])))
        with torch.inference_mode():
            (row_TV,) = log_probs_of(self.model_.eval()(batch))
        target = vocabulary.encode(text)
        return words_of(row_TV, target, vocabulary, self._step) if steps_needed(target) <= len(row_TV) else ()

    def answers(self, outputs: Output) -> list[Prediction]:
        """Return each transcript with the probability that the model gives it, alternatives and words."""
        return [prediction_of(text) for text in outputs]

    def score(self, X: Any, y: Any = None) -> float:
        """Return 1 − word error rate, so that more is better, as scikit-learn expects of a score."""
        return 1 - super().score(X, y)
