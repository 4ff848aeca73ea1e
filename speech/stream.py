"""Recognition while somebody speaks: sound in as it comes, partial transcripts out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..core.batch import Batch
from ..core.errors import NoRows, Unsupported, WrongUsage
from .audio import MelStream, ResampleStream
from .data import BLANK, SpeechFeatures, as_samples, subsampled
from .decode import Beam, BestPath, SpeechPrediction, Transcriber, Transcript, joined, log_probs_of, prediction_of
from .model import SpeechModel, SpeechOutput

_HOW = "train one with --preset streaming, or --set model.chunk=0.64 --set features.audio.level=running"
_BLOCK = 1.0
"""So many seconds are heard at once, however many come: each cut of a full piece searches again all that comes after
it, and a whole recording would be searched as often as it is cut."""

# Shapes: T encoder steps, M mels, D width, V vocabulary.


@dataclass(frozen=True)
class Partial:
    """What was heard of the first `seconds` of a stream: the `text` as it seems now, which goes on from `stable`.

    What is stable stays until the piece ends that it belongs to (`decoding.piece`), and mostly then, too.
    """

    text: str
    stable: str
    seconds: float


def hearing_chunks(model: nn.Module | None) -> SpeechModel:
    """Return the model of a recogniser, None being its baseline; ConfigError where it does not hear chunks."""
    if not isinstance(model, SpeechModel):
        what = "the classical baseline" if model is None else "a Whisper"
        raise Unsupported(f"stream: {what} hears whole recordings alone; {_HOW}")
    if not model.chunk:
        raise Unsupported(f"stream: this recogniser was trained to hear whole recordings; {_HOW}")
    return model


class SpeechStream:
    """One stream of sound; `SpeechRecognizer.create_stream` makes it.

    `feed` it samples, in pieces of any size, and `finish` it. The encoder hears chunk by chunk, and keeps what later
    chunks look at (Zhang et al., "Unified streaming and non-streaming two-pass end-to-end model for speech
    recognition", 2020): what it gives is what it gives of the whole recording at once. CTC gives the partial
    results; the end of the stream, or a pause where it grows longer than `decoding.piece`, gives the final one by the
    search of the settings, the attention decoder included. But for the text, what is kept does not grow for ever.

    Streams share the model's weights and nothing else: each may run in a thread of its own.
    """

    def __init__(
        self,
        model: SpeechModel,
        features: SpeechFeatures,
        transcriber: Transcriber,
        rate: int | None = None,
    ) -> None:
        self.model, self.features, self.transcriber = model, features, transcriber
        audio = features.audio
        self.rate = rate or audio.sample_rate
        self._resample, self._mel = ResampleStream(self.rate, audio.sample_rate), MelStream(audio)
        self._state = model.begin(self._longest)
        self._waiting: list[npt.NDArray[np.float32]] = []
        self._frames = 0
        self._most = subsampled(1 + round(transcriber.config.piece * audio.sample_rate) // self._mel.hop, self._factor)
        self._before: list[Transcript] = []
        self._starts = [0.0]
        self._piece = _Piece(transcriber)
        self._said = ("", "")
        self._finished = False

    @property
    def seconds(self) -> float:
        """How much was fed."""
        return self._resample.samples / self.rate

    @property
    def chunk_seconds(self) -> float:
        """How much the encoder hears at a time."""
        return self.model.chunk * self.transcriber.step

    @property
    def latency(self) -> tuple[float, float]:
        """The seconds, at least and at most, until what is said can show in a partial result, without computing.

        A chunk is heard when it is over, and the convolutions have seen a little of what comes after it.
        """
        frames = self.model.subsampling.frames_for(self.model.chunk)
        most = ((frames - 1) * self._mel.hop + self._mel.size / 2) / self.features.audio.sample_rate
        return most - self.chunk_seconds, most

    @property
    def _longest(self) -> int:
        """The chunks of the longest recording: of one to train on, or that is heard whole."""
        longest, piece = self.features.audio.longest, self.transcriber.config.piece
        return math.ceil(max(piece, longest if math.isfinite(longest) else 0) / self.chunk_seconds)

    @property
    def _factor(self) -> int:
        return self.features.subsampling

    def feed(self, samples: npt.NDArray[Any]) -> Partial:
        """Take the next mono samples, floats in [-1, 1] or integers; return what was heard until now.

        Raises DataError for samples that are no sound, ConfigError where the stream is finished.
        """
        self._check_open()
        wave, block = as_samples(samples, "stream"), round(_BLOCK * self.rate)
        for start in range(0, max(1, len(wave)), block):
            self._hear(self._mel.feed(self._resample.feed(wave[start : start + block])))
        return self.partial()

    def partial(self) -> Partial:
        """Return what was heard until now."""
        return Partial(*self._said, round(self.seconds, 3))

    def finish(self) -> SpeechPrediction:
        """Hear the rest and return the final transcript; DataError where nothing was fed."""
        return prediction_of(self.transcript())

    def transcript(self) -> Transcript:
        """Do the same, and return it as a decoder's answer."""
        self._check_open()
        if not self._resample.samples:
            raise NoRows("stream: no samples came; feed it some before it is finished")
        self._finished = True
        last = [self._mel.feed(self._resample.finish()), self._mel.finish()]
        self._hear(np.concatenate(last), last=True)
        parts = [*self._before, self._piece.end(self.model)]
        return parts[0] if len(parts) == 1 else joined(parts, self._starts)

    def _check_open(self) -> None:
        if self._finished:
            raise WrongUsage("stream: it is finished; begin another with create_stream()")

    def _hear(self, frames_TM: npt.NDArray[np.float32], *, last: bool = False) -> None:
        """Take frames; once they complete a chunk, let the model hear them."""
        self._waiting.append(frames_TM)
        self._frames += len(frames_TM)
        chunk = self.model.chunk
        heard = self._state.steps // chunk * chunk
        if not last and self._frames < self.model.subsampling.frames_for(heard + chunk):
            return
        kept_TM = np.concatenate(self._waiting).astype(np.float16).astype(np.float32)  # as training keeps them
        self._waiting = []
        frames = torch.from_numpy(self.features.normalise(kept_TM))[None].to(self.model.ctc.weight.device)
        with torch.inference_mode():
            memory_1TD = self.model.following(frames, self._state, last=last)
            self._piece.hear(self.model, memory_1TD)
            while self._piece.steps > self._most:
                self._cut()
        before = [str(part) for part in self._before if part]
        text, stable = (" ".join([*before, one]) if one else " ".join(before) for one in self._piece.said())
        self._said = text, stable

    def _cut(self) -> None:
        """End a piece in the middle of the longest pause of its second half, as far as CTC hears one."""
        middle = self._most // 2
        quiet_T = self._piece.scores_TV[middle : self._most].argmax(1) == BLANK
        edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet_T, [False]])))
        starts, ends = edges[::2], edges[1::2]
        longest = int((ends - starts).argmax()) if len(starts) else None
        cut = self._most if longest is None else middle + max(1, int(starts[longest] + ends[longest]) // 2)
        first, self._piece = self._piece.parted(self.model, cut)
        self._before.append(first.end(self.model))
        self._starts.append(self._starts[-1] + cut * self.transcriber.step)


class _Piece:
    """A piece of a stream that gets a transcript of its own: the encoder's steps, and the search over them."""

    def __init__(self, transcriber: Transcriber) -> None:
        self.transcriber, config = transcriber, transcriber.config
        self.beam = Beam(config.beam, transcriber.fusion) if config.search in ("joint", "beam") else None
        self.path = BestPath()
        self.memory_1TD: torch.Tensor | None = None
        self.scores_TV: npt.NDArray[np.float64] = np.zeros((0, len(transcriber.vocabulary)))

    @property
    def steps(self) -> int:
        """The steps that it has."""
        return len(self.scores_TV)

    def hear(self, model: SpeechModel, memory_1TD: torch.Tensor) -> None:
        """Take the encoder's next steps."""
        if not memory_1TD.shape[1]:
            return
        length = torch.tensor([memory_1TD.shape[1]])
        (scores_TV,) = log_probs_of(SpeechOutput(memory_1TD, model.ctc(memory_1TD), length, None))
        before = () if self.memory_1TD is None else (self.memory_1TD,)
        self.memory_1TD = torch.cat([*before, memory_1TD], dim=1)
        self.scores_TV = np.concatenate([self.scores_TV, scores_TV])
        self.path.feed(scores_TV.argmax(1).tolist())
        if self.beam is not None:
            self.beam.feed(scores_TV)

    def said(self) -> tuple[str, str]:
        """Return the best text now, and how it begins in all that are still considered."""
        text = self.transcriber.text
        if self.beam is None:
            best = text(self.path.ids)
            return best, best if self.transcriber.config.search == "greedy" else ""
        found = [one.ids for one in self.beam.end()]
        alike = takewhile(lambda units: len(set(units)) == 1, zip(*found, strict=False))
        return text(found[0]), text([units[0] for units in alike])

    def parted(self, model: SpeechModel, cut: int) -> tuple[_Piece, _Piece]:
        """Return the first steps and the others as pieces."""
        assert self.memory_1TD is not None
        first, second = _Piece(self.transcriber), _Piece(self.transcriber)
        first.hear(model, self.memory_1TD[:, :cut])
        second.hear(model, self.memory_1TD[:, cut:])
        return first, second

    def end(self, model: SpeechModel) -> Transcript:
        """Return its transcript."""
        if self.memory_1TD is None:
            return Transcript("", 1.0)
        length = torch.tensor([self.steps], device=self.memory_1TD.device)
        batch = Batch({"memory": self.memory_1TD, "length": length})
        with torch.inference_mode():
            return self.transcriber(model, batch, None if self.beam is None else [self.beam.end()])[0]
