"""Whisper as a recogniser: its names and options, what is refused and in which words, fine-tuning, the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import whispering
from console import fourfold
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from whispering import END, GERMAN, QUIET, START, TRANSCRIBE, TRANSLATE, saved, waves

from fourfold.core.errors import ArtifactError, ConfigError, DataError
from fourfold.speech import SpeechConfig, SpeechRecognizer
from fourfold.speech.long import cut as pieces_of
from fourfold.speech.pretrained import WhisperConfig, WhisperModel, read_pretrained
from fourfold.speech.pretrained.rules import Rules, read_rules, write_rules
from fourfold.speech.pretrained.times import cut, keep_times

QUESTION = "is this the kind of model that the configuration describes?"
SOUNDS = [(sound, 16000) for sound in waves(4)]


def message(call, *arguments, error: type[Exception] = ArtifactError, **named) -> str:
    with pytest.raises(error) as caught:
        call(*arguments, **named)
    return str(caught.value)


def change(path: Path, **values) -> None:
    """Set values in a JSON file, or take them out where they are `...`."""
    new = json.loads(path.read_text()) | values
    path.write_text(json.dumps({name: value for name, value in new.items() if value is not ...}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    saved(tmp_path / "whisper")
    return tmp_path / "whisper"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"model_type": "wav2vec2"}, "model_type 'wav2vec2' is not supported; there is: whisper"),
        ({"model_type": ...}, "no model_type; there is: whisper"),
        (
            {"d_model": ..., "encoder_layers": None},
            "the settings lack d_model, encoder_layers; give those of a Whisper",
        ),
        ({"activation_function": "silu"}, "activation_function 'silu' is not supported; there is: gelu, relu"),
        ({"d_model": "32"}, "d_model '32' is not a whole number of 1 or more; mend it"),
        ({"decoder_layers": 0}, "decoder_layers 0 is not a whole number of 1 or more; mend it"),
        ({"vocab_size": True}, "vocab_size True is not a whole number of 1 or more; mend it"),
        ({"dropout": "much"}, "dropout 'much' is not a number; mend it"),
        ({"dropout": 2}, "dropout (2.0) must lie in [0, 1)"),
        ({"encoder_attention_heads": 5}, "width (32) must be divisible by num_heads (5)"),
    ],
)
def test_settings(folder, values, said):
    change(folder / "config.json", **values)
    assert message(read_pretrained, folder) == f"{folder}/config.json: {said}"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"decoder_start_token_id": ...}, "decoder_start_token_id None is not a whole number of 0 or more; mend it"),
        ({"eos_token_id": [1, 2]}, "eos_token_id [1, 2] is not a whole number of 0 or more; mend it"),
        ({"suppress_tokens": [1, -1]}, "suppress_tokens is not a list of whole numbers of 0 or more; mend it"),
        ({"suppress_tokens": 7}, "suppress_tokens is not a list of whole numbers of 0 or more; mend it"),
        ({"lang_to_id": {"<|en|>": "x"}}, "lang_to_id does not give each name a whole number of 0 or more; mend it"),
        ({"forced_decoder_ids": [[1, 2, 3]]}, "forced_decoder_ids is not a list of pairs of whole numbers; mend it"),
        ({"forced_decoder_ids": [[2, 3]]}, "forced_decoder_ids do not name the places 1, 2, …; mend it"),
        (
            {"begin_suppress_tokens": [9999]},
            f"the token 9999 is outside of the model's {whispering.SIZE}; give its own file",
        ),
    ],
)
def test_rules(folder, values, said):
    change(folder / "generation_config.json", **values)
    assert message(read_pretrained, folder) == f"{folder}/generation_config.json: {said}"


def test_rules_of_a_folder_from_before_there_was_a_file_for_them(folder):
    (folder / "generation_config.json").unlink()
    change(folder / "config.json", suppress_tokens=[4], begin_suppress_tokens=..., forced_decoder_ids=[[1, GERMAN]])
    assert read_pretrained(folder).rules == Rules(start=START, end=END, suppress=(4,), forced=((1, GERMAN),))


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["suppress_tokens", "lang_to_id", "forced_decoder_ids", "max_length", "is_multilingual"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=6,
        ),
    )
)
def test_rules_are_read_or_refused(values):
    values = {"decoder_start_token_id": 7, "eos_token_id": 6} | values
    try:
        found = read_rules(values, "x", 50)
    except ArtifactError:
        return
    assert read_rules(json.loads(json.dumps(write_rules(found))), "x", 50) == found


def test_prompts():
    rules = read_pretrained_rules()
    assert rules.prompt("", "", timestamps=False) == [START, None, TRANSCRIBE, QUIET]
    assert rules.prompt("de", "", timestamps=True) == [START, GERMAN, TRANSCRIBE]
    assert rules.prompt("<|de|>", "translate", timestamps=False) == [START, GERMAN, TRANSLATE, QUIET]
    said = message(rules.prompt, "dee", "", timestamps=False, error=ConfigError)
    assert said == "whisper.language: no language 'dee'; did you mean 'de'?; there is: de, en"
    said = message(Rules(start=1, end=2).prompt, "", "translate", timestamps=False, error=ConfigError)
    assert said == "whisper.task: the model knows no task 'translate'; there is: none"
    english = Rules(start=1, end=2, multilingual=False)
    for asked in ("language", "task"):
        named = {"language": "", "task": ""} | {asked: "en"}
        assert message(english.prompt, **named, timestamps=False, error=ConfigError) == (
            f"whisper.{asked}: this model knows English alone; leave it out"
        )


def read_pretrained_rules() -> Rules:
    return read_rules(whispering.generation().to_dict(), "x", whispering.SIZE)


def test_weights_that_are_missing_unexpected_or_not_tied(folder):
    path, tokens = folder / "model.safetensors", "model.decoder.embed_tokens.weight"
    state = load_file(path)
    save_file(state | {"proj_out.weight": state[tokens].clone()}, path)
    assert read_pretrained(folder).weights.keys() == WhisperModel(read_pretrained(folder).config).state_dict().keys()
    save_file(state | {"proj_out.weight": state[tokens] + 1}, path)
    assert message(read_pretrained, folder) == (
        f"{folder}: 'proj_out.weight' is not the table of the tokens; give a model with tie_word_embeddings"
    )
    save_file({name: value for name, value in state.items() if name != "model.encoder.conv1.bias"}, path)
    assert message(read_pretrained, folder) == f"{folder}: missing weights: 'model.encoder.conv1.bias'; {QUESTION}"
    save_file(state | {"ctc.weight": torch.ones(2)}, path)
    assert message(read_pretrained, folder) == f"{folder}: unexpected weights: 'ctc.weight'; {QUESTION}"
    save_file(state | {"model.encoder.conv2.bias": torch.ones(3)}, path)
    assert message(read_pretrained, folder) == (
        f"{folder}: weight 'model.encoder.conv2.bias' has the shape (3,), the configuration asks for (32,); give the "
        "configuration that it was trained with"
    )
    path.write_bytes(path.read_bytes()[:-9])
    assert message(read_pretrained, folder).startswith(f"{path}: not readable as safetensors (")
    path.unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    assert "only pytorch_model.bin, whose reading can run code" in message(read_pretrained, folder)


def test_a_model_that_was_saved_without_the_class_of_the_head(folder):
    path = folder / "model.safetensors"
    whole = read_pretrained(folder).weights
    save_file({name.removeprefix("model."): value for name, value in load_file(path).items()}, path)
    assert all(torch.equal(value, whole[name]) for name, value in read_pretrained(folder).weights.items())


def test_tokenizers_that_are_missing_damaged_or_of_another_model(folder):
    path = folder / "tokenizer.json"
    made = whispering.tokenizer()
    made.add_tokens(["one more"])
    made.save(str(path))
    assert message(read_pretrained, folder) == (
        f"{path}: numbers tokens up to {whispering.SIZE}, the model has {whispering.SIZE}; give the tokenizer that it "
        "was trained with"
    )
    path.write_text("{")
    assert message(read_pretrained, folder).startswith(f"{path}: not a tokenizer (")
    path.unlink()
    assert message(read_pretrained, folder) == (
        f"{path}: no such file; open the folder with transformers' AutoTokenizer and save it there again"
    )


def test_names_with_options(folder):
    model = SpeechRecognizer.load(f"whisper:{folder}?language=de&padding=0.5", device="cpu")
    assert (model.config_.whisper.language, model.config_.whisper.padding) == ("de", 0.5)
    assert model.predict(SOUNDS[:1]).tolist() == (
        SpeechRecognizer.from_pretrained(folder, language="de", padding=0.5, device="cpu").predict(SOUNDS[:1]).tolist()
    )
    said = message(SpeechRecognizer.load, f"whisper:{folder}?tongue=de", error=ConfigError)
    assert said == f"{folder}: no option 'tongue'; there is: language, task, timestamps, padding"
    said = message(SpeechRecognizer.load, f"whisper:{folder}?task=sing", error=ConfigError)
    assert said == "whisper.task: 'sing' is not one of , transcribe, translate"
    said = message(SpeechRecognizer.load, "whisper:no/such?language=de")
    assert said.startswith("no/such: no such folder, and ")


def test_a_whisper_is_saved_as_ours_and_loads_without_its_folder(folder, tmp_path):
    model = SpeechRecognizer.from_pretrained(folder, language="de", padding=1, device="cpu")
    texts = model.predict(SOUNDS).tolist()
    model.save(tmp_path / "run")
    for file in folder.iterdir():
        file.unlink()
    again = SpeechRecognizer.load(tmp_path / "run", device="cpu")
    assert again.predict(SOUNDS).tolist() == texts
    again.save_pretrained(tmp_path / "back")
    assert (
        SpeechRecognizer.from_pretrained(tmp_path / "back", language="de", padding=1).predict(SOUNDS).tolist() == texts
    )
    damaged = tmp_path / "run" / "whisper.json"
    damaged.write_text("{}")
    assert message(SpeechRecognizer.load, tmp_path / "run").startswith(f"{damaged}: damaged (its hash differs)")


def test_evaluation_stands_beside_silence(folder, tmp_path):
    table = table_of(tmp_path)
    found = SpeechRecognizer.from_pretrained(folder, language="en", device="cpu").evaluate(table)
    assert found.baseline.name == "silence (there was no training set to fit a baseline to)"
    assert found.baseline.metrics["wer"].value == 1.0


def table_of(folder: Path, texts: tuple[str, ...] = ("yes", "no", "yes", "no", "stop", "go", "go", "stop")) -> Path:
    """Write tones of which each word has its own, and their table."""
    pitches = {word: 200 * (place + 1) for place, word in enumerate(dict.fromkeys(texts))}
    rows = ["audio,text"]
    for row, text in enumerate(texts):
        tone = 0.3 * np.sin(2 * np.pi * pitches[text] / 16000 * np.arange(6000 + 400 * row))
        soundfile.write(folder / f"{row}.wav", tone, 16000)
        rows.append(f"{row}.wav,{text}")
    (folder / "data.csv").write_text("\n".join(rows) + "\n")
    return folder / "data.csv"


def small(config: SpeechConfig) -> SpeechConfig:
    optimizer = replace(config.train.optimizer, lr=3e-3)
    return replace(
        config, train=replace(config.train, epochs=60, batch_rows=4, optimizer=optimizer, eval_on_start=False)
    )


def test_fine_tuning_learns_is_resumed_and_loads(folder, tmp_path):
    table = table_of(tmp_path)
    init = f"whisper:{folder}?language=en&padding=0"
    config = small(SpeechRecognizer(init=init).resolve())
    model = SpeechRecognizer(init=init, config=config, device="cpu", seed=1)
    model.fit(table, valid=0, out=tmp_path / "run")
    said = model.evaluate(table).metrics["wer"].value
    assert model.kind == "finetune" and said < 0.3
    assert not torch.equal(model.model_.tokens.weight, read_pretrained(folder).weights["tokens.weight"])
    still = "encoder_positions.table.weight"
    assert torch.equal(model.model_.state_dict()[still], read_pretrained(folder).weights[still])
    again = SpeechRecognizer.load(tmp_path / "run", device="cpu")
    assert again.evaluate(table).metrics["wer"].value == said
    further = SpeechRecognizer(init=tmp_path / "run")
    assert further.resolve().whisper == model.config_.whisper
    assert torch.equal(further.start.weights["tokens.weight"], again.model_.tokens.weight)
    finished = SpeechRecognizer(init=init, config=config, device="cpu", seed=1)
    finished.fit(table, valid=0, out=tmp_path / "run", resume=True)
    assert finished.predict([tmp_path / "0.wav"]).tolist() == again.predict([tmp_path / "0.wav"]).tolist()


def test_what_cannot_be_learned(folder, tmp_path):
    table = table_of(tmp_path)
    fit = SpeechRecognizer(init=folder).fit
    said = message(fit, table, error=ConfigError)
    assert said == "whisper.language: say which language the training data are in, such as en"
    config = SpeechRecognizer().resolve()
    fit = SpeechRecognizer(config=replace(config, whisper=WhisperConfig())).fit
    said = message(fit, table, error=ConfigError)
    assert said == "whisper: it begins with a pretrained model; name one with init"
    begin = SpeechRecognizer(init=f"whisper:{folder}?language=en")
    begin.config_ = begin.resolve()
    made = begin.learn_features(begin.read(table), begin.config_.features)
    long = begin.read([np.zeros(16000 * 3, np.float32), np.zeros(16000, np.float32)], ["yes", "no"])
    source = made.source(long, training=True)
    assert source.left_out == ("row 0 (row 0)",) and len(source) == 1
    assert message(made.source, long.take(np.array([0])), training=True, error=DataError) == (
        "recordings: every recording is longer than 2 s, or its transcript than 35 tokens; cut them"
    )


def test_a_model_without_times_takes_long_recordings_only_in_pieces(tmp_path):
    saved(tmp_path, rules={"no_timestamps_token_id": ...})
    model = SpeechRecognizer.from_pretrained(tmp_path, language="en", device="cpu")
    long = [(np.concatenate([sound for sound, _ in SOUNDS]), 16000)]
    assert isinstance(model.predict(long)[0], str)
    model.answer_with({"whisper": {"timestamps": "true"}})
    assert message(model.predict, long, error=ConfigError) == (
        "a recording of more than 2 s, or whisper.timestamps, needs a model that writes times "
        "(no_timestamps_token_id in generation_config.json); cut it, or give another model"
    )


def test_long_recordings_are_cut_at_pauses(folder):
    model = SpeechRecognizer.from_pretrained(folder, language="de", device="cpu")
    quiet = np.zeros(16000, np.float32)
    sounds = [sound[:24000] for sound, _ in SOUNDS[:3]]
    long = np.concatenate([part for sound in sounds for part in (sound, quiet)])
    clip = model.read([(long, 16000)]).inputs[0]
    parts, _ = pieces_of(clip, 16000, 2.0)
    assert len(parts) > 1
    texts = [text for text in model.predict(parts).tolist() if text]
    assert model.predict([(long, 16000)])[0] == " ".join(texts)


def test_what_can_be_changed_of_a_loaded_whisper(folder):
    model = SpeechRecognizer.from_pretrained(folder, device="cpu")
    model.answer_with({"whisper": {"language": "de", "task": "translate"}, "decoding": {"piece": 2}})
    wanted = SpeechRecognizer.from_pretrained(folder, language="de", task="translate", device="cpu")
    assert model.predict(SOUNDS).tolist() == wanted.predict(SOUNDS).tolist()
    assert message(model.answer_with, {"whisper": {"steps": 3}}, error=ConfigError) == (
        "--set whisper.steps: of a Whisper only language, task, timestamps can be set afterwards"
    )
    assert message(model.answer_with, {"train": {}}, error=ConfigError) == (
        "--set train: of a trained recogniser only decoding.*, evaluation.* and whisper.* can be set; train another"
    )
    for other in ({"beam": 2}, {"nbest": 3}, {"attention": 0.5}):
        assert message(model.answer_with, {"decoding": other}, error=ConfigError) == (
            "decoding: a Whisper takes the most probable token each time; of it, set decoding.piece alone"
        )
    assert message(model.align, [SOUNDS[0]], ["a"], error=ConfigError) == (
        "align: a Whisper does not say when it hears each word; give a recogniser of your own"
    )


def test_a_recogniser_of_ours_is_no_whisper(tmp_path):
    assert message(
        SpeechRecognizer(preset="linear").fit([np.zeros(4000)] * 4, ["a", "b"] * 2).save_pretrained, "x"
    ) == ("save_pretrained: transformers have no such recogniser, only a Whisper; use save")


def test_the_command_line(folder, tmp_path):
    table = table_of(tmp_path)
    done = fourfold(
        "speech", "predict", f"whisper:{folder}?language=en", str(tmp_path / "0.wav"), str(tmp_path / "none.wav")
    )
    assert done.code == 0 and done.out.splitlines()[0] == "text,error" and "no such sound file" in done.out
    done = fourfold("speech", "eval", f"whisper:{folder}?language=en", str(table), "--json")
    assert done.code == 0 and set(json.loads(done.out)["metrics"]) == {"wer", "cer"}
    options = ["--set", "whisper.language=en", "--set", "train.epochs=1", "--out", str(tmp_path / "run")]
    done = fourfold("speech", "train", str(table), "--preset", "finetune", "--init", f"whisper:{folder}", *options)
    assert done.code == 0, done.err
    assert fourfold("speech", "eval", str(tmp_path / "run"), str(table)).code == 0
    done = fourfold("nlp", "predict", f"whisper:{folder}", "x")
    assert done.code == 2 and "not a saved model" in done.err


def test_times_keep_their_order():
    rules = Rules(start=1, end=5, no_timestamps=6, most_initial=2)

    def allowed(*ids: int, begin: bool = False) -> list[int]:
        logits_BV = torch.zeros(1, 12)
        logits_BV[0, [3, 5]] = 9.0  # so that times are not preferred for their sum
        keep_times(logits_BV, [list(ids)], rules, begin=begin)
        return torch.isfinite(logits_BV[0]).nonzero()[:, 0].tolist()

    assert allowed(begin=True) == [7, 8, 9]
    assert allowed(8) == [0, 1, 2, 3, 4, 5]
    assert allowed(8, 2) == [0, 1, 2, 3, 4, 5, 9, 10, 11]
    assert allowed(8, 2, 9) == [5, 9, 10, 11]
    logits_BV = torch.zeros(1, 12)
    keep_times(logits_BV, [[8, 2]], rules, begin=False)
    assert torch.isfinite(logits_BV[0]).nonzero()[:, 0].tolist() == [9, 10, 11]


@given(st.lists(st.integers(90, 120), max_size=20), st.integers(1, 300))
def test_a_window_always_goes_on(ids, frames):
    part = cut(ids, frames, first=100)
    assert part.ids == ids[: len(part.ids)] and part.frames >= 0
