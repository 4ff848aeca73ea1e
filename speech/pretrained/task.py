"""What the trainer optimises for a Whisper, and how it writes recordings down."""

from __future__ import annotations

import math

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from ...core.batch import Batch
from ...core.errors import Unsupported
from ...core.training import Output, Term
from ..decode import Transcript
from .config import WhisperConfig
from .greedy import Written, tell_languages, write
from .model import WhisperModel
from .rules import Rules
from .times import cut
from .tokenizer import text_of

_MOST_WINDOWS = 16
_MOST_BYTES = 2**29

# Shapes: B rows, W windows, L frames, M mels, P prompt, S targets.


class WhisperTask:
    """Cross-entropy of the transcript's tokens after the prompt; predictions by the most probable token.

    A batch holds `frames` (B, L, M) and `length` (B,), the frames that are heard of each; in training also `target`
    (B, S), the tokens of the transcript, and `target_length`. A recording that fits into a window is written down in
    one go; of a longer one the next window begins where the last whole segment ended (Radford et al., 2022, section
    3.8), all the windows of a batch at once.
    """

    def __init__(
        self,
        model: WhisperModel,
        tokenizer: Tokenizer,
        rules: Rules,
        config: WhisperConfig | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        self.model: nn.Module = model
        self.config, self.tokenizer, self.rules = config or model.config, tokenizer, rules
        self.label_smoothing = label_smoothing

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        return {"loss": batch["target_length"].sum() + len(batch)}

    def loss(self, batch: Batch) -> dict[str, Term]:
        target_BS = batch["target"]
        prompt_BP = self._training_prompt().to(target_BS.device).expand(len(batch), -1)
        tokens = torch.cat([prompt_BP, target_BS], dim=1)
        logits_BSV = self.model(Batch({"frames": batch["frames"], "tokens": tokens}))[:, prompt_BP.shape[1] - 1 :]
        loss = F.cross_entropy(
            logits_BSV.float().transpose(1, 2),
            self._with_end(target_BS, batch["target_length"]),
            ignore_index=-1,
            reduction="sum",
            label_smoothing=self.label_smoothing,
        )
        return {"loss": Term(loss)}

    @torch.no_grad()
    def predict(self, batch: Batch) -> Output:
        """Return a `Transcript` for each row."""
        found: dict[int, Written] = {}
        for size, rows in self._alike(batch["length"].tolist()):
            for start in range(0, len(rows), self.windows_at_once):
                group = rows[start : start + self.windows_at_once]
                written = self._in_turn(batch["frames"][group], batch["length"][group], size)
                found |= zip(group, written, strict=True)
        texts = ((text_of(self.tokenizer, found[row].ids, self.rules), found[row]) for row in range(len(batch)))
        return [Transcript(text.strip(), math.exp(one.log_probability)) for text, one in texts]

    def _alike(self, lengths: list[int]) -> list[tuple[int, list[int]]]:
        """Return the rows whose windows have the same size; of recordings that need several it is a whole one, and one
        more as a mark of that.
        """
        found: dict[int, list[int]] = {}
        for row, length in enumerate(lengths):
            found.setdefault(min(length, self.config.frames + 1), []).append(row)
        return sorted(found.items())

    @property
    def windows_at_once(self) -> int:
        """How many windows are written side by side: more share the reading of the weights, but the memory of each
        (its keys and values in every layer of the decoder) takes half a gigabyte at most.
        """
        decoder = self.config.decoder
        row_bytes = 8 * self.config.steps * decoder.width * decoder.num_layers
        return max(1, min(_MOST_WINDOWS, _MOST_BYTES // row_bytes))

    def _in_turn(self, frames_BLM: Tensor, length_B: Tensor, size: int) -> list[Written]:
        """Write recordings window by window, of `size` frames; each goes on where its last whole segment ended.

        One that fits into a window is done after it, unless the model writes times there unasked.
        """
        timestamps = self.config.timestamps or size > self.config.frames
        first, size = self._first_time(timestamps), min(size, self.config.frames)
        ids: list[list[int]] = [[] for _ in frames_BLM]
        chances = [0.0] * len(ids)
        seek, length = [0] * len(ids), length_B.tolist()
        languages_B: Tensor | None = None
        while rows := [row for row in range(len(ids)) if seek[row] < length[row]]:
            memory_WTD = self._encode(torch.stack([_window(frames_BLM[row], seek[row], size) for row in rows]))
            if languages_B is None and self._asks_for_language(timestamps=timestamps):
                languages_B = tell_languages(self._whisper, memory_WTD, self.rules)
            prompt_WP = self._prompts(rows, languages_B, memory_WTD.device, timestamps=timestamps)
            for row, one in zip(rows, self._write(memory_WTD, prompt_WP, timestamps=timestamps), strict=True):
                left = min(size, length[row] - seek[row])
                part = cut(one.ids, left, first)
                ids[row] += part.ids
                chances[row] += one.log_probability
                seek[row] += part.frames or left
        return [Written(one, chance) for one, chance in zip(ids, chances, strict=True)]

    def _first_time(self, timestamps: bool) -> int:
        """Return the token of 0.00 seconds, one that is never written where the model knows no times and needs none."""
        if self.rules.first_timestamp is None and timestamps:
            raise Unsupported(
                f"a recording of more than {self.config.window_seconds:g} s, or whisper.timestamps, needs a model that "
                "writes times (no_timestamps_token_id in generation_config.json); cut it, or give another model"
            )
        return self.config.vocab_size if self.rules.first_timestamp is None else self.rules.first_timestamp

    @property
    def _whisper(self) -> WhisperModel:
        assert isinstance(self.model, WhisperModel)
        return self.model

    def _encode(self, frames_WLM: Tensor) -> Tensor:
        """Return the encoder's steps (W, T, D); on a processor one window at a time, which fills its caches."""
        together = 1 if frames_WLM.device.type == "cpu" else len(frames_WLM)
        return torch.cat([self._whisper.encode(part) for part in torch.split(frames_WLM, together)])

    def _write(self, memory_WTD: Tensor, prompt_WP: Tensor, *, timestamps: bool) -> list[Written]:
        most = self.config.max_length
        if self.rules.max_length:
            most = min(most, self.rules.max_length + prompt_WP.shape[1])
        return write(self._whisper, memory_WTD, prompt_WP, self.rules, timestamps=timestamps, most=most)

    def _prompts(
        self, rows: list[int], languages_B: Tensor | None, device: torch.device, *, timestamps: bool
    ) -> Tensor:
        """Return the prompt (W, P) of each row, with its language where the model told it."""
        prompt = self.rules.prompt(self.config.language, self.config.task, timestamps=timestamps)
        prompt_WP = torch.tensor([token or 0 for token in prompt], device=device).repeat(len(rows), 1)
        if languages_B is not None:
            prompt_WP[:, prompt.index(None)] = languages_B[rows]
        return prompt_WP

    def _asks_for_language(self, *, timestamps: bool) -> bool:
        return None in self.rules.prompt(self.config.language, self.config.task, timestamps=timestamps)

    def _training_prompt(self) -> Tensor:
        prompt = self.rules.prompt(self.config.language, self.config.task, timestamps=False)
        known = [token for token in prompt if token is not None]
        assert len(known) == len(prompt), "check_settings asks for a language"
        return torch.tensor([known])

    def _with_end(self, target_BS: Tensor, size_B: Tensor) -> Tensor:
        """Return (B, S + 1): the tokens of the transcript, the end, then −1."""
        longer = torch.cat([target_BS, target_BS.new_zeros(len(target_BS), 1)], dim=1)
        places = torch.arange(longer.shape[1], device=longer.device)[None, :]
        longer = longer.masked_fill(places == size_B[:, None], self.rules.end)
        return longer.masked_fill(places > size_B[:, None], -1)


def _window(frames_LM: Tensor, seek: int, size: int) -> Tensor:
    """Return the window from `seek` on, with zeros after the recording's end as transformers have it."""
    window_LM = frames_LM[seek : seek + size]
    return F.pad(window_LM, (0, 0, 0, size - len(window_LM)))
