"""How long the beam takes: `python -m fourfold.speech.decode.speed` prints JSON.

The logits are made up, as a trained recogniser's are: blank at most steps, now and then one or two units.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import product

import numpy as np
import numpy.typing as npt

from ...core.report import plain_json
from ..data import Vocabulary
from ..data.vocabulary import FIRST
from ..language import LanguageConfig, LanguageModel, estimate
from .beam import beam_search
from .fusion import Fusion, Weights, fusion_of

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORDS, _SENTENCES = 5000, 5000


def peaky(steps: int, units: int, seed: int, share: float = 0.3) -> npt.NDArray[np.float64]:
    """Return logarithms of probabilities (steps, 3 + units); at `share` of the steps a unit may be said."""
    random = np.random.default_rng(seed)
    logits = 1.5 * random.standard_normal((steps, FIRST + units))
    logits[:, 0] += 9
    at = np.flatnonzero(random.random(steps) < share)
    logits[at, 0] -= random.uniform(0, 9, len(at))
    logits[at, random.integers(FIRST, FIRST + units, len(at))] += random.uniform(6, 11, len(at))
    return np.asarray(logits - np.log(np.exp(logits).sum(1, keepdims=True)))


def vocabulary_of(units: int) -> Vocabulary:
    """Return letters and the space (27 units and 3 other letters), or so many words."""
    if units == 30:
        return Vocabulary(tuple(" '" + _LETTERS + "éü"))
    return Vocabulary(tuple(_words(units)), words=True)


def _words(count: int) -> list[str]:
    random = np.random.default_rng(0)
    return ["".join(_LETTERS[letter] for letter in random.integers(0, 26, 2 + row % 9)) for row in range(count)]


def language_model(units: str, order: int) -> LanguageModel:
    """Return a model of made-up sentences whose words follow Zipf's law."""
    random, words = np.random.default_rng(1), _words(_WORDS)
    rows = random.zipf(1.2, (_SENTENCES, 12)) % _WORDS
    texts = [" ".join(words[number] for number in row) for row in rows.tolist()]
    return estimate(texts, LanguageConfig(order=order, units="characters" if units == "characters" else "words"))


def measure(log_probs: list[npt.NDArray[np.float64]], beam: int, fusion: Fusion | None) -> dict[str, float]:
    """Return the median, over recordings, of the seconds that pass and of those that the processor works."""
    passed, worked = [], []
    for row_TV in log_probs:
        start, begin = time.perf_counter(), time.process_time()
        beam_search(row_TV, beam, fusion)
        passed.append(time.perf_counter() - start)
        worked.append(time.process_time() - begin)
    return {"seconds": statistics.median(passed), "processor_seconds": statistics.median(worked)}


def main() -> None:
    """Measure all combinations and print one line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beam", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5, help="recordings, each different")
    parser.add_argument("--steps", type=int, nargs="*", default=[1500, 3000], help="a minute: of 40 ms, of 20 ms")
    parser.add_argument("--units", type=int, nargs="*", default=[30, 1000])
    asked = parser.parse_args()
    models = {"words": language_model("words", 4), "characters": language_model("characters", 5)}
    for steps, units in product(asked.steps, asked.units):
        log_probs = [peaky(steps, units, seed) for seed in range(asked.repeats)]
        vocabulary = vocabulary_of(units)
        for name in (None, "words", *(["characters"] if not vocabulary.words else [])):
            fusion = None if name is None else fusion_of(models[name], vocabulary, Weights())
            found = measure(log_probs, asked.beam, fusion)
            about = {"steps": steps, "units": units, "beam": asked.beam, "lm": name, "repeats": asked.repeats}
            print(plain_json(about | {name: round(value, 4) for name, value in found.items()}), flush=True)


if __name__ == "__main__":
    main()
