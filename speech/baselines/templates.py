"""Templates of words, compared by dynamic time warping.

Sakoe and Chiba, "Dynamic programming algorithm optimization for spoken word recognition" (1978).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.errors import Damaged
from .cepstra import Floats, cepstra, deltas
from .machine import Scores, softmax

MOST = 400
"""So many templates are kept, as many of each word: every recording is compared with all of them."""

_LONGEST = 25
_WEIGHTS, _SETTINGS = "templates.safetensors", "templates.json"

# Shapes: N templates, T frames of what is heard, U frames of a template, C coefficients.


@dataclass(frozen=True, kw_only=True)
class Templates:
    """Frames (F, C) of N templates, one after the other, `lengths` (N,) of them each, and the place of its word (N,).

    A word scores minus the distance of its nearest template; probabilities are the softmax of `sharpness` times the
    scores.

    >>> heard = [np.repeat(np.float32([[0] * 8, [row] * 8, [0] * 8]), 3, axis=0) for row in (1, 1, 9, 9)]
    >>> templates = Templates.fit(heard[::2], ["no", "yes"])
    >>> templates.probabilities(heard[1::2]).argmax(axis=1).tolist()
    [0, 1]
    """

    frames: Floats
    lengths: npt.NDArray[np.int64]
    words: npt.NDArray[np.int64]
    scale: Floats
    sharpness: float
    classes: list[str]

    @classmethod
    def fit(cls, mels: Sequence[Floats], labels: Sequence[str], sharpness: float = 2.0, *, each: int = 40) -> Templates:
        """Keep `each` so many recordings of a word, or as many as `MOST` leaves room for, evenly spaced, as their
        log-mel (T, M)."""
        classes, targets = np.unique(np.asarray(labels), return_inverse=True)
        each = max(1, min(each, MOST // len(classes)))
        rows = [np.flatnonzero(targets == number) for number in range(len(classes))]
        kept = np.concatenate([spread(found, each) for found in rows])
        made = [described(mels[row]) for row in kept.tolist()]
        frames = np.concatenate(made)
        scale = np.maximum(frames.std(0), 1e-6)
        return cls(
            frames=frames / scale,
            lengths=np.array([len(one) for one in made], np.int64),
            words=targets[kept].astype(np.int64),
            scale=scale,
            sharpness=sharpness,
            classes=classes.tolist(),
        )

    @property
    def parameters(self) -> int:
        """The numbers that it keeps."""
        return int(self.frames.size)

    def scores(self, mels: Sequence[Floats]) -> Scores:
        """Return (rows, classes) of recordings as their log-mel."""
        found = np.full((len(mels), len(self.classes)), np.inf)
        padded_NUC = self._padded()
        for row, mel_TM in enumerate(mels):
            distances = warped(described(mel_TM) / self.scale, padded_NUC, self.lengths)
            np.minimum.at(found[row], self.words, distances)
        return -found

    def probabilities(self, mels: Sequence[Floats]) -> Scores:
        """Return the probabilities (rows, classes)."""
        return softmax(self.sharpness * self.scores(mels))

    def save(self, folder: Path) -> None:
        """Write the arrays as safetensors, the rest as JSON."""
        from safetensors.numpy import save_file

        arrays = {name: getattr(self, name) for name in ("frames", "lengths", "words", "scale")}
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _WEIGHTS)
        settings = {"sharpness": self.sharpness, "classes": self.classes}
        (folder / _SETTINGS).write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Templates:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
            arrays: dict[str, Any] = load_file(folder / _WEIGHTS)
            found = cls(**arrays, **settings)
            if int(found.lengths.sum()) != len(found.frames) or len(found.lengths) != len(found.words):
                raise ValueError("frames and lengths disagree")
            if not 0 <= found.words.min() <= found.words.max() < len(found.classes):
                raise ValueError("words and classes disagree")
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{folder}: damaged templates ({error}); save the baseline again") from None
        return found

    def _padded(self) -> Floats:
        """Return the templates as (N, U, C), zeros after each."""
        keep_NU = np.arange(self.lengths.max())[None, :] < self.lengths[:, None]
        padded_NUC = np.zeros((*keep_NU.shape, self.frames.shape[1]), np.float32)
        padded_NUC[keep_NU] = self.frames
        return padded_NUC


def described(mel_TM: Floats) -> Floats:
    """Return cepstral coefficients and their slopes (T, C), less their means; at most 25 frames, evenly spaced."""
    mel_TM = mel_TM[spread(np.arange(len(mel_TM)), _LONGEST)]
    plain_TC = cepstra(mel_TM)
    return np.concatenate([plain_TC - plain_TC.mean(0), deltas(plain_TC)], axis=1)


def warped(heard_TC: Floats, templates_NUC: Floats, lengths_N: npt.NDArray[np.int64]) -> Scores:
    """Return the distance (N,) of what is heard from each template, of which `lengths_N` frames count.

    The sum, along the best path, of the Euclidean distances of frames, a diagonal step's twice, over the frames of both
    (Sakoe and Chiba's symmetric form). All templates are taken at once, one anti-diagonal after the other.

    >>> one = np.float32([[0], [1], [2]])
    >>> warped(one, np.float32([[[0], [1], [1], [2]], [[0], [3], [2], [9]]]), np.array([4, 3])).round(2).tolist()
    [0.0, 0.5]
    """
    count, steps, longest = len(templates_NUC), len(heard_TC), templates_NUC.shape[1]
    # both of a place (t, t + u) lie on the diagonals t + u: the frame of the template runs against that of the heard
    cost_NTU = distances(heard_TC, templates_NUC)
    skewed_KTN = np.full((steps + longest - 1, steps, count), np.inf, np.float32)
    for step in range(steps):
        skewed_KTN[step : step + longest, step] = cost_NTU[:, step].T
    before_TN = np.full((steps + 1, count), np.inf, np.float32)  # row 0 lies before the first frame
    last_TN, found = before_TN.copy(), np.full(count, np.inf)
    ends = steps + lengths_N - 2
    for place, cost_TN in enumerate(skewed_KTN):
        now_TN = np.full_like(last_TN, np.inf)
        best_TN = np.minimum(last_TN[:-1], last_TN[1:]) + cost_TN
        now_TN[1:] = np.minimum(best_TN, before_TN[:-1] + 2 * cost_TN)
        if not place:
            now_TN[1] = cost_TN[0]
        before_TN, last_TN = last_TN, now_TN
        done = ends == place
        found[done] = last_TN[-1, done]
    return np.asarray(found / (steps + lengths_N))


def distances(heard_TC: Floats, templates_NUC: Floats) -> Floats:
    """Return the Euclidean distances (N, T, U) of all frames."""
    products_NTU = np.einsum("tc,nuc->ntu", heard_TC, templates_NUC, optimize=True)
    squares_NTU = (heard_TC**2).sum(1)[None, :, None] + (templates_NUC**2).sum(2)[:, None, :] - 2 * products_NTU
    return np.asarray(np.sqrt(np.maximum(squares_NTU, 0)), np.float32)


def spread(rows: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    """Return at most so many of the rows, evenly spaced.

    >>> spread(np.arange(9), 3).tolist()
    [0, 4, 8]
    """
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]
