"""What an evaluation says of a recogniser: texts made alike, tables, recordings on the page, speed."""

from __future__ import annotations

import io
import itertools
import json
import unicodedata
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fourfold.core.batch import Examples
from fourfold.core.errors import ConfigError
from fourfold.core.metrics import Interval, interval, value_of
from fourfold.core.report import Evaluation, Table
from fourfold.speech.config import SpeechConfig
from fourfold.speech.data import Clip
from fourfold.speech.evaluate import Comparison, EvaluationConfig, described, media_of, normalised, quarters, rates
from fourfold.speech.evaluate.describe import HEAVIEST

texts = st.text(st.sampled_from("aB é'’.,-«ß你 \u200b한ि\ue000\u00ad"), max_size=12)


@dataclass
class Heard:
    word: str
    start: float
    end: float


def tones(seed: int, seconds: float) -> npt.NDArray[np.float32]:
    """A low tone and then a higher one, in noise, at 8 kHz."""
    time = np.arange(int(8000 * seconds)) / 8000
    wave = 0.5 * np.sin(2 * np.pi * np.where(time < seconds / 2, 300, 700) * time)
    return (wave + 0.01 * np.random.default_rng(seed).standard_normal(len(time))).astype(np.float32)


def clip(row: int = 0, seconds: float = 0.5, speaker: str | None = None) -> Clip:
    wave = tones(row, seconds)
    return Clip(f"{row}.wav", 8000, wave=wave, speaker=speaker, seconds=seconds)


def compared(
    rows: list[tuple[str, str]],
    speakers: list[str] | None = None,
    seconds: list[float] | None = None,
    how: str = "none",
) -> Comparison:
    clips = [
        clip(row, seconds[row] if seconds else 0.5, speakers[row] if speakers else None) for row in range(len(rows))
    ]
    return Comparison.of([a for a, _ in rows], [b for _, b in rows], clips, how)


def table(of: Comparison, title: str) -> Table:
    (found,) = [one for one in of.tables() if one.title.startswith(title)]
    return found


def evaluation(seconds: float = 0.0) -> Evaluation:
    return Evaluation(
        domain="speech", data="t", rows=1, model="m", metrics={"wer": Interval(0, 0, 0)}, greater_is_better=False,
        seconds=seconds,
    )  # fmt: skip


def told(heard: list[str], labels: list[str], clips: list[Clip], **settings: object) -> Evaluation:
    examples = Examples(inputs=clips, labels=np.array(labels), name="t")
    config = EvaluationConfig(**settings)  # type: ignore[arg-type]
    return described(evaluation(2.0), heard, examples, config, lambda row: ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It’s ‘quoted’, isn't it?", "it's quoted isn't it"),
        ("forty-two…  SIX\t", "forty two six"),
        ("ＡＢＣ　１２", "abc 12"),
        ("你好，世界！", "你好 世界"),
        ("नमस्ते।", "नमस्ते"),
        ("€5 + 3", "5 3"),
        ("İstanbul", "i̇stanbul"),
        ("a\u00adb\u200b", "ab"),
        ("?!", ""),
    ],
)
def test_basic_normalisation(text: str, expected: str) -> None:
    assert normalised(text, "basic") == unicodedata.normalize("NFKC", expected)
    assert normalised(text, "none") == text


@settings(max_examples=200)
@given(texts)
def test_normalising_again_changes_nothing_and_leaves_no_punctuation(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once == " ".join(once.split())
    assert not any(unicodedata.category(letter)[0] in "PS" for letter in once if letter != "'")


@given(
    st.lists(
        st.tuples(st.text("ab ", max_size=9).filter(str.strip), st.text("ab ", max_size=9)), min_size=1, max_size=5
    )
)
def test_rates_as_written_equal_those_of_jiwer(rows: list[tuple[str, str]]) -> None:
    references, heard = [[" ".join(text.split()) for text in column] for column in zip(*rows, strict=True)]
    ours = rates(references, heard, EvaluationConfig())
    assert value_of(ours["wer"]) == pytest.approx(jiwer.wer(references, heard), abs=1e-12)
    assert value_of(ours["cer"]) == pytest.approx(jiwer.cer(references, heard), abs=1e-12)


def test_chinese_is_compared_by_characters_without_spaces() -> None:
    found = rates(["你好，世界"], ["你 好 世间"], EvaluationConfig(normalise="basic"))
    assert value_of(found["cer"]) == 0.25
    of = compared([("你好，世界", "你 好 世间")], how="basic")
    assert of.aligned(0)[-1] == ("界", "间") and of.joint == ""
    assert table(of, "Characters taken").rows == (("界", "间", 1, 1.0),)


def test_wrong_settings_are_named() -> None:
    with pytest.raises(ConfigError, match=r"^evaluation\.normalise \('all'\) must be none or basic$"):
        EvaluationConfig(normalise="all")
    with pytest.raises(ConfigError, match=r"^evaluation\.play \(11\) must be in 0 … 10: a page holds few recordings$"):
        EvaluationConfig(play=11)
    assert SpeechConfig().evaluation == EvaluationConfig(normalise="none", play=10)


def test_the_kinds_of_error_add_up() -> None:
    of = compared([("one two three", "one too three four"), ("six", "")])
    words = dict(zip(table(of, "Errors of texts as they are written").columns, of.tables()[0].rows[0], strict=True))
    assert (words["in the labels"], words["hits"], words["substitutions"]) == (4, 2, 1)
    assert (words["deletions"], words["insertions"], words["error rate"]) == (1, 1, 0.75)


def test_intervals_over_speakers_are_those_of_their_sums() -> None:
    rows = [("a b c", "a b c" if row % 3 else "a x") for row in range(30)]
    speakers = [f"s{row % 6}" for row in range(30)]
    found = table(compared(rows, speakers), "Errors of")
    assert [row[1] for row in found.rows] == ["utterances", "speakers"] * 2
    by_utterance, by_speaker = (dict(zip(found.columns, row, strict=True)) for row in found.rows[:2])
    assert by_utterance["error rate"] == by_speaker["error rate"]
    # all errors are those of two speakers of six: utterances alone look surer than they are
    width = [float(one["to"]) - float(one["95 % from"]) for one in (by_utterance, by_speaker)]
    assert width[1] > 1.5 * width[0]
    few = table(compared(rows, [f"s{row % 4}" for row in range(30)]), "Errors of")
    assert {row[1] for row in few.rows} == {"utterances"}


def test_speakers_stand_with_the_worst_first() -> None:
    found = table(compared([("a b", "a b"), ("a b", "a"), ("c", "d")], ["x", "y", "z"]), "Errors by speaker")
    assert [(row[0], row[1], row[4]) for row in found.rows] == [("z", 1, 1.0), ("y", 1, 0.5), ("x", 1, 0.0)]
    alone = compared([("a", "a")], ["x"])
    assert not [one for one in alone.tables() if one.title.startswith("Errors by speaker")]


def test_lengths_are_in_seconds_or_else_in_words() -> None:
    rows = [("a", "a"), ("a b", "a"), ("a b c", ""), ("a b c d", "a b c d")]
    found = table(compared(rows, seconds=[1.0, 2.0, 3.0, 4.0]), "Errors by length")
    assert [row[0] for row in found.rows] == [f"{n}.00 to {n}.00 s" for n in (1, 2, 3, 4)]
    assert [row[4] for row in found.rows] == [0.0, 0.5, 1.0, 0.0]
    clips = [Clip("a", 8000, file=b"", seconds=0.0)] * 4
    unknown = Comparison.of([a for a, _ in rows], [b for _, b in rows], clips, "none")
    assert table(unknown, "Errors by length").rows[3][0] == "4 to 4 words"


@given(st.lists(st.integers(0, 9), max_size=40))
def test_quarters_divide_all_rows_in_order(sizes: list[int]) -> None:
    size = np.array(sizes, dtype=np.float64)
    parts = quarters(size)
    assert sorted(row for part in parts for row in part.tolist()) == list(range(len(sizes)))
    assert len(parts) <= 4
    assert all(size[a].max() < size[b].min() for a, b in itertools.pairwise(parts))


def test_the_confused_words_are_counted() -> None:
    of = compared([("the cat sat", "the hat sat"), ("the cat", "the hat"), ("cat", "cat on"), ("a dog", "dog")])
    assert table(of, "Words taken").rows == (("cat", "hat", 2, 2 / 3),)
    assert table(of, "Words not heard").rows == (("a", 1, 1.0),)
    assert table(of, "Words heard that").rows == (("on", 1),)
    assert [one.title for one in compared([("a", "a")]).tables()] == ["Errors of texts as they are written"]


def test_sound_and_picture_are_those_of_the_recording() -> None:
    sound, picture = media_of(clip(seconds=1.0), [Heard("a", 0.0, 0.5), Heard("b", 0.5, 1.2), Heard("far", 3.0, 4.0)])
    wave, rate = soundfile.read(io.BytesIO(b64decode(sound.uri.split(",")[1])), dtype="float32")
    assert rate == 8000 and np.abs(wave - clip(seconds=1.0).sound(8000)).max() < 2**-14
    image = Image.open(io.BytesIO(b64decode(picture.uri.split(",")[1])))
    assert image.size == (101, 128)
    assert [(mark.text, mark.start, mark.end) for mark in picture.marks] == [("a", 0.0, 0.5), ("b", 0.5, 1.0)]
    light = np.asarray(image.convert("L"), dtype=float)
    # 300 Hz, then 700 Hz, which lies higher; the top is the highest pitch
    rows = np.arange(len(light))[:, None]
    first, second = (light[:, part].mean(1, keepdims=True) for part in (slice(5, 45), slice(55, 95)))
    assert (rows * first).sum() / first.sum() != pytest.approx((rows * second).sum() / second.sum())
    assert first.argmax() > second.argmax()


def test_long_loud_and_lost_recordings() -> None:
    random = np.random.default_rng(0)
    long = Clip("long", 48000, wave=(9 * random.standard_normal(48000 * 25)).astype(np.float32), seconds=25.0)
    sound, picture = media_of(long)
    wave, rate = soundfile.read(io.BytesIO(b64decode(sound.uri.split(",")[1])))
    assert rate == 16000 and len(wave) == 20 * 16000 and 0.5 < np.abs(wave).max() <= 1
    assert picture.caption == "Log-mel power, the first 20 s of 25, 0 to 8.0 kHz"
    assert Image.open(io.BytesIO(b64decode(picture.uri.split(",")[1]))).width <= 1000
    assert media_of(Clip("gone", 8000, file=Path("nowhere.wav"), seconds=1.0)) == ()


def test_the_worst_are_heard_within_the_weight() -> None:
    random = np.random.default_rng(0)
    noise = [Clip(f"{row}", 16000, wave=0.3 * random.standard_normal(320000).astype(np.float32), seconds=20.0)
             for row in range(4)]  # fmt: skip
    found = told(["x y z", "x y", "x", "", "a"], ["a"] * 5, [*noise, clip()])
    assert [mistake.score for mistake in found.mistakes] == [3.0, 2.0, 1.0, 1.0]
    heard = [bool(mistake.media) for mistake in found.mistakes]
    assert heard[0] and not heard[-1]
    assert sum(len(one.uri) for mistake in found.mistakes for one in mistake.media) <= HEAVIEST
    assert not any(mistake.media for mistake in told(["b"], ["a"], [clip()], play=0).mistakes)


def test_all_of_it_is_plain_data_and_a_page(tmp_path: Path) -> None:
    found = told(["a <b>x</b>", "c"], ["a b", "c"], [clip(0), clip(1)])
    assert found.facts == {
        "texts are compared": "as they are written",
        "real-time factor": "2 (2.0 s for 1.0 s, without reading files)",
    }
    read = json.loads(found.save(tmp_path / "e.json").read_text(encoding="utf-8"))
    (mistake,) = read["mistakes"]
    assert "media" not in mistake and "data:" not in json.dumps(read)
    assert mistake["difference"]["changes"][1] == {"kind": "replaced", "truth": "b", "said": "<b>x</b>"}
    page = found.save(tmp_path / "e.html").read_text(encoding="utf-8")
    assert page.count("<audio controls") == 1 and page.count("data:audio/flac;base64,") == 1
    assert "<b>x</b>" not in page and "&lt;b&gt;x&lt;/b&gt;</mark>" in page


def test_the_interval_of_the_table_is_that_of_the_metric() -> None:
    rows = [("a b", "a b" if row % 4 else "a") for row in range(40)]
    of = compared(rows)
    metric = interval(rates([a for a, _ in rows], [b for _, b in rows], EvaluationConfig())["wer"])
    assert table(of, "Errors of").rows[0][2:5] == (metric.value, metric.low, metric.high)
    assert Counter(len(of.aligned(row)) for row in range(40)) == {2: 40}
