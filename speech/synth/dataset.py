"""A data set of synthetic speech: sound files and the tables that name them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import BadValue, CannotResume, ConfigError, FourfoldError, OutputTaken
from ...core.files import sync, write_text
from ..audio import Wave, resample
from ..data import Clip, noises
from .config import SynthesisConfig
from .engine import check_voices, speak
from .noise import mix, noise, piece
from .texts import Sentences, unsayable

TRAIN, TEST = "manifest.csv", "test.csv"
SETTINGS, SOURCE = "synthesis.json", "SOURCE.txt"
PER_FOLDER = 1000
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """What `synthesize` did: utterances of the training and the test part, sound files it made, and what it left out
    (the first few, and how many)."""

    train: int
    test: int
    made: int
    left_out: int
    why: tuple[str, ...]


def synthesize(
    texts: str | Path | list[str],
    folder: str | Path,
    config: SynthesisConfig | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Synthesis:
    """Say the sentences of a text file, a line each, or of a list, and write them as a data set that `train` reads.

    The sounds lie in `train/` and `test/`, 1,000 a folder; `manifest.csv` and, with `config.test`, `test.csv` name them
    (audio, text, speaker). The same seed gives the same files, and each utterance depends on its number alone: what is
    there is not made again, so that a run that was broken off goes on, and a larger `count` adds to what is there.
    `progress` is told how many of how many utterances are done. Memory does not grow with their number.

    Raises DataError where there are no sentences; ConfigError for a voice that isn't there, where the extra `synth` is
    not installed, or where the folder was made with other settings.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = synthesize(["yes", "no"], folder, SynthesisConfig(count=4, voices=("en-us", "en+f2")))
    ...     done.train, Path(folder, "manifest.csv").read_text().splitlines()[0]
    (4, 'audio,text,speaker')
    """
    config, folder = config or SynthesisConfig(), Path(folder)
    if isinstance(texts, str | Path):
        texts = Path(texts)
    sentences = Sentences.of(texts, config.test, config.seed)
    check_voices(config.voices)
    speaker = _Speaker.of(config)
    folder.mkdir(parents=True, exist_ok=True)
    _settle(folder, config, sentences, speaker)
    return _write(folder, sentences, speaker, progress or (lambda done, total: None))


class _Speaker:
    """Says the utterance of a number, as the seed and the number have it."""

    def __init__(self, config: SynthesisConfig, voices: tuple[list[str], list[str]], recorded: list[Clip]) -> None:
        self.config, self.voices, self.recorded = config, voices, recorded

    @classmethod
    def of(cls, config: SynthesisConfig) -> _Speaker:
        return cls(config, parted(config), noises(config.noises) if config.noises else [])

    def voice(self, number: int, test: bool) -> str:
        voices = self.voices[test]
        return voices[self._random(number).integers(len(voices))]

    def say(self, text: str, number: int, test: bool) -> Wave:
        config, random = self.config, self._random(number)
        voices = self.voices[test]
        voice = voices[random.integers(len(voices))]
        speed, pitch = (round(random.uniform(*span)) for span in (config.rates, config.pitches))
        wave = resample(*speak(text, voice, speed=speed, pitch=pitch), config.sample_rate)
        if config.noise is None:
            return wave
        decibels, pink = random.uniform(*config.noise), random.random() < 0.5
        if self.recorded:
            return mix(wave, piece(self.recorded, len(wave), config.sample_rate, random), decibels)
        return mix(wave, noise(len(wave), random, pink=pink), decibels)

    def _random(self, number: int) -> np.random.Generator:
        return np.random.default_rng((self.config.seed, number))


def parted(config: SynthesisConfig) -> tuple[list[str], list[str]]:
    """Return the voices of training and of the test; raises ConfigError where they are too few to be parted.

    Who speaks is the variant (`+m3`), whatever the accent, where there are several.

    >>> parted(SynthesisConfig(voices=("en+m1", "en-us+m1", "en+f2"), test=0.1))
    (['en+m1', 'en-us+m1'], ['en+f2'])
    """
    voices = list(config.voices)
    if not config.test:
        return voices, []
    people = {voice: voice.partition("+")[2] for voice in voices}
    if len(set(people.values())) == 1:
        people = {voice: voice for voice in voices}
    names = sorted(set(people.values()))
    if len(names) == 1:
        raise BadValue(f"voices ({voices[0]}): a test part of other voices needs at least two")
    count = min(len(names) - 1, max(1, round(config.test * len(names))))
    chosen = set(np.random.default_rng(config.seed).permutation(names)[:count].tolist())
    kept = [voice for voice in voices if people[voice] not in chosen]
    return kept, [voice for voice in voices if people[voice] in chosen]


def _settle(folder: Path, config: SynthesisConfig, sentences: Sentences, speaker: _Speaker) -> None:
    """Keep what a folder is made with; raise ConfigError where it was made with something else."""
    noise_hash = sha256(repr(speaker.recorded).encode()).hexdigest() if speaker.recorded else ""
    settings: dict[str, Any] = json.loads(json.dumps(asdict(replace(config, noises=None))))
    settings |= {"texts": sentences.digest, "noises": noise_hash}
    del settings["count"]
    path = folder / SETTINGS
    if path.exists():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
            changed = sorted(name for name in settings.keys() | before.keys() if settings.get(name) != before.get(name))
        except (ValueError, AttributeError):
            changed = ["everything: the file is damaged"]
        if changed:
            raise CannotResume(f"{path}: made with other settings ({', '.join(changed)}); give another folder")
    elif next(folder.iterdir(), None):
        raise OutputTaken(f"{folder}: there is something else in it; give an empty or a new folder")
    write_text(path, json.dumps(settings, indent=1, ensure_ascii=False))
    write_text(folder / SOURCE, _note(config))


def _note(config: SynthesisConfig) -> str:
    sound = (
        "none" if config.noise is None else f"{config.noises or 'white and pink'}, {config.noise} dB below the speech"
    )
    return (
        "SYNTHETIC speech: no person said any of it. Made by eSpeak NG through `fourfold speech synthesize`.\n"
        f"{len(config.voices)} voices, {config.rates} words a minute, pitches {config.pitches}, noise: {sound}.\n"
        f"All settings are in {SETTINGS}; the rights to the sentences are those of their source.\n"
    )


def _write(folder: Path, sentences: Sentences, speaker: _Speaker, progress: Callable[[int, int], None]) -> Synthesis:
    config = speaker.config
    total, made, rows = config.count or sentences.count, 0, [0, 0]
    left_out, why = 0, list[str]()
    with ExitStack() as stack:
        tables = [stack.enter_context(_table(folder / name)) for name in ((TRAIN, TEST) if config.test else (TRAIN,))]
        for number, (place, text) in enumerate(islice(sentences, total)):
            test = sentences.tests(text, config.seed)
            path = Path("test" if test else "train", f"{number // PER_FOLDER:04}", f"{number:07}.{config.format}")
            reason, new = unsayable(text), False
            if not reason:
                reason, new = _make(folder / path, lambda: speaker.say(text, number, test), config)  # noqa: B023
            if reason:
                left_out += 1
                why += [f"{place}: {reason}"] * (len(why) < _SHOWN)
            else:
                tables[test].writerow((path.as_posix(), text, speaker.voice(number, test)))
                rows[test] += 1
            made += new
            progress(number + 1, total)
    return Synthesis(train=rows[0], test=rows[1], made=made, left_out=left_out, why=tuple(why))


def _make(path: Path, say: Callable[[], Wave], config: SynthesisConfig) -> tuple[str, bool]:
    """Write a sound file unless it is there; return why it could not be made, and whether it was."""
    import soundfile

    if path.exists() and path.stat().st_size:
        return "", False
    try:
        wave = say()
    except ConfigError:
        raise
    except FourfoldError as error:
        return str(error), False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".writing-{path.name}")
    soundfile.write(temporary, wave, config.sample_rate, subtype="PCM_16", format=config.format.upper())
    temporary.replace(path)
    return "", True


@contextmanager
def _table(path: Path) -> Iterator[Any]:
    """Yield the writer of a table, which takes the place of an older one when it is whole."""
    temporary = path.with_name(f".writing-{path.name}")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("audio", "text", "speaker"))
        yield writer
    sync(temporary)
    temporary.replace(path)
