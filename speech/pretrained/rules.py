"""What a Whisper may write: `generation_config.json` of Hugging Face, and the prompt that begins each window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...core.errors import Damaged, UnknownName, Unsupported, UnsupportedModel, did_you_mean
from .reader import Reader

FILE = "generation_config.json"

_TRANSCRIBE = "transcribe"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The special tokens of a Whisper, and what it may not write.

    `start` begins every prompt and `end` every end. `forced` holds what follows the start by place, None where the
    model is to tell the language. `suppress` is never written, `begin_suppress` not first. Ids above `no_timestamps`
    are times, in steps of the encoder; the first may be `most_initial` at most. `languages` ("<|de|>") and `tasks` name
    tokens of the prompt; `multilingual` is None where a file does not say. `max_length` bounds what is written where it
    is not 0.
    """

    start: int
    end: int
    no_timestamps: int | None = None
    suppress: tuple[int, ...] = ()
    begin_suppress: tuple[int, ...] = ()
    forced: tuple[tuple[int, int | None], ...] = ()
    languages: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, int] = field(default_factory=dict)
    multilingual: bool | None = None
    most_initial: int | None = None
    max_length: int = 0
    previous: int | None = None
    alignment_heads: tuple[tuple[int, int | None], ...] = ()

    @property
    def first_timestamp(self) -> int | None:
        """The token of 0.00 seconds; None where the model knows no times."""
        return None if self.no_timestamps is None else self.no_timestamps + 1

    def prompt(self, language: str, task: str, *, timestamps: bool) -> list[int | None]:
        """Return the tokens that begin a window; None stands for the language, where the model is to tell it.

        Raises ConfigError where the model has no such language or task.

        >>> Rules(start=7, end=6, no_timestamps=9).prompt("", "", timestamps=False)
        [7, 9]
        """
        if self.multilingual is False and (language or task):
            asked = "language" if language else "task"
            raise Unsupported(f"whisper.{asked}: this model knows English alone; leave it out")
        found: list[int | None] = [self.start]
        if not language and not task:
            found += [token for _, token in self.forced]
        if language:
            found[1:2] = [self._language(language)]
        elif self.languages and (len(found) < 2 or found[1] is None):
            found[1:2] = [None]
        if task or (language and self.tasks):
            found.append(self._task(task or _TRANSCRIBE))
        found = found[:2] + [token for token in found[2:] if token is not None]
        if not self.languages and None in found:
            found.remove(None)
        quiet = self.no_timestamps
        if timestamps and found[-1] == quiet:
            return found[:-1]
        return found if timestamps or quiet is None or found[-1] == quiet else [*found, quiet]

    def _language(self, language: str) -> int:
        codes = {name.strip("<|>"): number for name, number in self.languages.items()}
        wished = language.lower().strip("<|>")
        wished = wished if wished in codes else _code(wished)
        if wished not in codes:
            there = ", ".join(sorted(codes)) or "none"
            raise UnknownName(
                f"whisper.language: no language '{language}'{did_you_mean(wished, codes)}; there is: {there}"
            )
        return codes[wished]

    def _task(self, task: str) -> int:
        if task not in self.tasks:
            raise UnknownName(
                f"whisper.task: the model knows no task '{task}'; there is: {', '.join(self.tasks) or 'none'}"
            )
        return self.tasks[task]


def read_rules(values: Mapping[str, object], name: str, vocab_size: int) -> Rules:
    """Return the rules that a `generation_config.json` holds; ArtifactError begins with `name`.

    >>> values = {"decoder_start_token_id": 7, "eos_token_id": 6, "suppress_tokens": [1, 2]}
    >>> read_rules(values, "generation_config.json", vocab_size=10).suppress
    (1, 2)
    """
    read = Reader(values, name)
    multilingual = values.get("is_multilingual")
    rules = Rules(
        start=read.whole("decoder_start_token_id", 0),
        end=read.whole("eos_token_id", 0),
        no_timestamps=read.whole_or_none("no_timestamps_token_id"),
        suppress=read.ids("suppress_tokens"),
        begin_suppress=read.ids("begin_suppress_tokens"),
        forced=read.pairs("forced_decoder_ids"),
        languages=read.names("lang_to_id"),
        tasks=read.names("task_to_id"),
        multilingual=None if multilingual is None else bool(multilingual),
        most_initial=read.whole_or_none("max_initial_timestamp_index"),
        max_length=read.whole_or_none("max_length") or 0,
        previous=read.whole_or_none("prev_sot_token_id"),
        alignment_heads=read.pairs("alignment_heads"),
    )
    if [place for place, _ in rules.forced] != list(range(1, len(rules.forced) + 1)):
        raise Damaged(f"{name}: forced_decoder_ids do not name the places 1, 2, …; mend it")
    highest = max(_tokens(rules))
    if highest >= vocab_size:
        raise UnsupportedModel(f"{name}: the token {highest} is outside of the model's {vocab_size}; give its own file")
    return rules


def write_rules(rules: Rules) -> dict[str, object]:
    """Return what `generation_config.json` says; `read_rules` undoes it."""
    values: dict[str, object] = {
        "decoder_start_token_id": rules.start, "eos_token_id": rules.end, "pad_token_id": rules.end,
        "bos_token_id": rules.end, "suppress_tokens": list(rules.suppress),
        "begin_suppress_tokens": list(rules.begin_suppress), "forced_decoder_ids": [list(one) for one in rules.forced],
        "lang_to_id": rules.languages, "task_to_id": rules.tasks, "is_multilingual": rules.multilingual,
        "no_timestamps_token_id": rules.no_timestamps, "max_initial_timestamp_index": rules.most_initial,
        "max_length": rules.max_length, "prev_sot_token_id": rules.previous,
        "alignment_heads": [list(one) for one in rules.alignment_heads], "return_timestamps": False,
    }  # fmt: skip
    values |= {} if rules.max_length else {"max_length": None}
    return {name: value for name, value in values.items() if value is not None and value not in ([], {})}


def _tokens(rules: Rules) -> list[int]:
    named = (*rules.languages.values(), *rules.tasks.values(), *(token for _, token in rules.forced))
    found = (
        rules.start,
        rules.end,
        rules.no_timestamps,
        rules.previous,
        *rules.suppress,
        *rules.begin_suppress,
        *named,
    )
    return [token for token in found if token is not None]


def _code(language: str) -> str:
    """Return the code of a language's English name, as transformers have it; the name itself where it has none."""
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE  # takes a second to import

    return str(TO_LANGUAGE_CODE.get(language, language))
