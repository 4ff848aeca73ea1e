"""How fast a stream is heard: `python -m fourfold.speech.speed [--run RUN --sound FILE]` prints a line of JSON.

Without a run the model is that of the preset `streaming`, untrained, and without a file the sound is made up: what it
says means nothing, what it takes is the same, but for the search, which has more to do than over a trained model's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from typing import cast

import numpy as np
import torch

from ..core.report import plain_json
from .audio import Wave, decode, resample
from .config import streaming
from .data import SpeechFeatures, Vocabulary
from .decode import DecodingConfig, Search, Transcriber
from .model import SpeechModel
from .pipeline import SpeechRecognizer
from .stream import SpeechStream

_RATE, _SUBSAMPLING = 16_000, 4


def untrained(decoding: DecodingConfig) -> SpeechStream:
    """Return a stream of an untrained model of 26 letters and the space at 16 kHz, whose steps are of 40 ms."""
    config, vocabulary = streaming(), Vocabulary(tuple(" abcdefghijklmnopqrstuvwxyz"))
    audio = replace(config.features.audio, sample_rate=_RATE)
    step = _SUBSAMPLING * audio.hop / 1000
    torch.manual_seed(0)
    model = SpeechModel(
        config.model, mels=audio.mels, vocab_size=len(vocabulary), subsampling=_SUBSAMPLING,
        chunk=round(config.model.chunk / step),
    ).eval()  # fmt: skip
    mean, deviation = np.full(audio.mels, -7, np.float32), np.full(audio.mels, 3, np.float32)
    features = SpeechFeatures(config.features, audio, _SUBSAMPLING, vocabulary, mean, deviation)
    return SpeechStream(model, features, Transcriber(vocabulary, decoding, step=step))


def measure(stream: SpeechStream, wave: Wave, block: float) -> dict[str, float]:
    """Feed blocks of so many seconds at once; return what it took, in seconds, and the latencies.

    `chunk` is the time of a block that completes a chunk, `finish` that from the last sample to the final transcript.
    """
    took = []
    for part in np.array_split(wave, max(1, round(len(wave) / stream.rate / block))):
        start = time.perf_counter()
        stream.feed(part)
        took.append(time.perf_counter() - start)
    start = time.perf_counter()
    stream.finish()
    took.append(time.perf_counter() - start)
    chunks = sorted(took[:-1])[-max(1, int(stream.seconds / stream.chunk_seconds)) :]
    least, most = stream.latency
    return {
        "seconds": stream.seconds, "real_time_factor": sum(took) / stream.seconds, "finish": took[-1],
        "chunk_median": statistics.median(chunks), "chunk_worst": chunks[-1], "latency_least": least,
        "latency_most": most,
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", help="a recogniser that hears chunks")
    parser.add_argument("--sound", help="a sound file")
    parser.add_argument("--seconds", type=float, default=60.0, help="of made-up sound")
    parser.add_argument("--block", type=float, default=0.1, help="seconds that are fed at once")
    parser.add_argument("--search", nargs="*", default=["greedy", "joint"])
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    model = SpeechRecognizer.load(asked.run, device="cpu") if asked.run else None
    for search in asked.search:
        decoding = DecodingConfig(search=cast(Search, search))
        if model is None:
            stream = untrained(decoding)
        else:
            stream = model.answer_with({"decoding": {"search": search}}).create_stream()
        wave = resample(*decode(asked.sound), stream.rate) if asked.sound else made_up(asked.seconds, stream.rate)
        found = {name: round(value, 4) for name, value in measure(stream, wave, asked.block).items()}
        print(plain_json({"search": search} | found), flush=True)


def made_up(seconds: float, rate: int) -> Wave:
    """Return noise that is loud and quiet by turns, four times a second."""
    random = np.random.default_rng(0)
    loud = np.repeat(random.uniform(0, 0.3, int(4 * seconds) + 1), rate // 4)[: round(seconds * rate)]
    return (loud * random.standard_normal(len(loud))).astype(np.float32)


if __name__ == "__main__":
    main()
