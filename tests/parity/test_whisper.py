"""Whisper in our classes against transformers': frames, logits, hidden states, text, there and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import whispering
from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration, WhisperProcessor
from whispering import END, GERMAN, SHAPES, START, original, saved, their_frames, tokenizer, waves

from fourfold.core.batch import Batch
from fourfold.speech import SpeechRecognizer
from fourfold.speech.pretrained import WhisperModel, read_pretrained, save_pretrained, whisper_mel

SOUNDS = waves(4)


def near(got: torch.Tensor, want: torch.Tensor, atol: float = 1e-5) -> None:
    torch.testing.assert_close(got, want, atol=atol, rtol=0)


def ours(folder) -> WhisperModel:
    found = read_pretrained(folder)
    model = WhisperModel(found.config)
    model.load_state_dict(found.weights)
    return model.eval()


def their_texts(model, sounds, **named) -> list[str]:
    frames = their_frames(sounds, model.config.num_mel_bins)["input_features"]
    ids = model.generate(frames, do_sample=False, num_beams=1, **named)
    return [text_of(row) for row in ids.tolist()]


def text_of(ids: list[int]) -> str:
    return tokenizer().decode([number for number in ids if number <= whispering.QUIET]).strip()


@pytest.mark.parametrize("mels", [80, 128])
@pytest.mark.parametrize("samples", [1, 200, 399, 401, 3210, 31_500, 31_700, 31_999, 32_000, 40_000])
def test_frames(mels, samples):
    sound = np.random.default_rng(samples).normal(size=samples).astype(np.float32) * 0.1
    want = their_frames([sound], mels)["input_features"][0].T
    near(whisper_mel(sound, mels, 32_000), want, atol=1e-4)


def test_frames_of_silence_and_of_a_whole_recording():
    near(whisper_mel(np.zeros(16_000, np.float32), 80, 32_000), torch.full((200, 80), -1.5), atol=0)
    sound = np.random.default_rng(0).normal(size=100_123).astype(np.float32)
    want = WhisperFeatureExtractor()(
        sound, sampling_rate=16000, truncation=False, padding="longest", return_tensors="pt"
    )
    near(whisper_mel(sound), want["input_features"][0].T, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_logits_and_hidden_states_there_and_back(tmp_path, shape):
    model = saved(tmp_path / "theirs", **shape)
    mine = ours(tmp_path / "theirs")
    frames = their_frames(SOUNDS, model.config.num_mel_bins)["input_features"]
    tokens = torch.randint(0, whispering.SIZE, (len(SOUNDS), 12), generator=torch.manual_seed(1))
    states: list[torch.Tensor] = []
    for layer in (*mine.encoder.layers, *mine.decoder.layers):
        layer.register_forward_hook(lambda module, args, output: states.append(output))
    with torch.no_grad():
        got = mine(Batch({"frames": frames.transpose(1, 2), "tokens": tokens}))
        want = model(frames, decoder_input_ids=tokens, output_hidden_states=True)
    near(got, want.logits, atol=1e-5 * float(want.logits.abs().max()))
    wanted = [*want.encoder_hidden_states[1:], *want.decoder_hidden_states[1:]]
    normed = (len(mine.encoder.layers) - 1, len(wanted) - 1)  # transformers give the last ones after the norm
    for place, (state, wish) in enumerate(zip(states, wanted, strict=True)):
        norm = {normed[0]: mine.encoder.norm, normed[1]: mine.decoder.norm}.get(place, torch.nn.Identity())
        near(norm(state), wish, atol=1e-5 * max(1.0, float(wish.detach().abs().max())))
    found = read_pretrained(tmp_path / "theirs")
    save_pretrained(mine, tmp_path / "ours", rules=found.rules, tokenizer=found.tokenizer)
    again, report = WhisperForConditionalGeneration.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(report.values())
    with torch.no_grad():
        assert torch.equal(again.eval()(frames, decoder_input_ids=tokens).logits, want.logits)
    assert read_pretrained(tmp_path / "ours").rules == found.rules
    assert read_pretrained(tmp_path / "ours").config == found.config


def test_the_usual_scale_of_weights(tmp_path):
    model = original()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1 and "embed_positions" not in name:
                weight.div_(6)
    model.generation_config = whispering.generation()
    model.save_pretrained(tmp_path)
    tokenizer().save(str(tmp_path / "tokenizer.json"))
    frames, tokens = their_frames(SOUNDS)["input_features"], torch.tensor([[START, 1, 2]] * len(SOUNDS))
    with torch.no_grad():
        got = ours(tmp_path)(Batch({"frames": frames.transpose(1, 2), "tokens": tokens}))
        near(got, model(frames, decoder_input_ids=tokens).logits)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("rules", "language", "task"),
    [
        ({}, "", ""),
        ({}, "de", "translate"),
        ({}, "German", ""),
        ({}, "", "translate"),
        ({"forced_decoder_ids": ...}, "", ""),
        ({"forced_decoder_ids": [[1, GERMAN], [2, whispering.TRANSLATE]]}, "", ""),
        ({"suppress_tokens": ..., "begin_suppress_tokens": ...}, "en", ""),
        ({"lang_to_id": ..., "task_to_id": ..., "is_multilingual": False, "forced_decoder_ids": ...}, "", ""),
        ({"no_timestamps_token_id": ..., "lang_to_id": ..., "forced_decoder_ids": ...}, "", ""),
        ({"max_length": 6, "suppress_tokens": [3, 5, *range(whispering.QUIET, whispering.SIZE)]}, "en", "transcribe"),
    ],
)
def test_greedy_text(tmp_path, seed, rules, language, task):
    model = saved(tmp_path, seed, rules)
    mine = SpeechRecognizer.from_pretrained(tmp_path, language=language, task=task, device="cpu")
    named = {"language": language.lower() or None, "task": task or None}
    assert mine.predict([(sound, 16000) for sound in SOUNDS]).tolist() == their_texts(model, SOUNDS, **named)


def test_probabilities_are_those_of_the_tokens(tmp_path):
    model = saved(tmp_path)
    frames = their_frames(SOUNDS)["input_features"]
    found = model.generate(frames, language="de", output_scores=True, return_dict_in_generate=True, num_beams=1)
    scores = model.compute_transition_scores(found.sequences, found.scores, normalize_logits=True)
    mine = SpeechRecognizer.from_pretrained(tmp_path, language="de", device="cpu")([(sound, 16000) for sound in SOUNDS])
    ended = [(row == END).nonzero() for row in found.sequences[:, 4:]]
    wanted = [
        float(row[: int(end[0]) + 1 if len(end) else None].sum().exp()) for row, end in zip(scores, ended, strict=True)
    ]
    assert [answer.probability for answer in mine] == pytest.approx(wanted, rel=1e-3, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_long_recordings(tmp_path, seed):
    """The seeds cover windows that end in one time, in two, and in none."""
    model = saved(tmp_path, seed, {"suppress_tokens": [3, 5, START]})
    sounds = [sound for sound in waves(6, seed, seconds=4.5 * whispering.SECONDS) if len(sound) > 32_000]
    mine = SpeechRecognizer.from_pretrained(tmp_path, language="en", timestamps=True, device="cpu")
    wanted = []
    for sound in sounds:
        frames = their_frames(sound, truncation=False, padding="longest", return_attention_mask=True)
        ids = model.generate(**frames, language="en", return_timestamps=True, num_beams=1, do_sample=False)
        wanted.append(text_of(ids[0].tolist()))
    assert mine.predict([(sound, 16000) for sound in sounds]).tolist() == wanted


def test_a_row_is_the_same_in_every_batch(tmp_path):
    saved(tmp_path)
    sounds = [(sound, 16000) for sound in (*SOUNDS, *waves(2, 3, seconds=6))]
    for padding in (30, 0.5):
        mine = SpeechRecognizer.from_pretrained(tmp_path, padding=padding, device="cpu")
        assert mine.predict(sounds).tolist() == [mine.predict([sound])[0] for sound in sounds]


def test_transformers_read_our_folder_whole(tmp_path):
    saved(tmp_path / "theirs")
    SpeechRecognizer.from_pretrained(tmp_path / "theirs", device="cpu").save_pretrained(tmp_path / "ours")
    processor = WhisperProcessor.from_pretrained(tmp_path / "ours")
    frames = processor(SOUNDS, sampling_rate=16000, return_tensors="pt")["input_features"]
    assert frames.shape == (len(SOUNDS), 80, 100 * whispering.SECONDS)
    text = "Naïve 東京 <|de|>"
    ids = processor.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert ids == tokenizer().encode(text, add_special_tokens=False).ids
    assert (
        processor.tokenizer.decode([START, GERMAN, whispering.QUIET, *ids[:5], END], skip_special_tokens=True) == "Naïv"
    )
    model = WhisperForConditionalGeneration.from_pretrained(tmp_path / "ours").eval()
    mine = SpeechRecognizer.from_pretrained(tmp_path / "theirs", language="de", device="cpu")
    assert mine.predict([(sound, 16000) for sound in SOUNDS]).tolist() == their_texts(model, SOUNDS, language="de")
