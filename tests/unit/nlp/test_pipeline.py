"""Several labels, numbers, pairs, weights, rejection, long texts: from fit to a saved model and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fourfold.core.config import override
from fourfold.core.device import cpu_has_bfloat16
from fourfold.core.errors import ConfigError, DataError
from fourfold.core.objectives import NONE_OF_THESE
from fourfold.nlp import TextClassifier

RANDOM = np.random.default_rng(0)
WORDS = {"cheap": ["bargain", "cheap"], "fast": ["quick", "speedy"], "kind": ["friendly", "gentle"]}
FILLER = ["the", "shop", "was", "we", "went", "there", "today", "again", "and", "it"]


def model(**settings: Any) -> TextClassifier:
    learn = {"train": {"epochs": 25, "batch_rows": 16, "optimizer": {"lr": 3e-3}}, "features": {"min_frequency": 1}}
    config = override(override(TextClassifier("tiny").resolve(), learn), settings)
    return TextClassifier("tiny", config=config, seed=0)


def tagged(count: int) -> tuple[list[str], list[tuple[str, ...]]]:
    texts, labels = [], []
    for _ in range(count):
        names = [name for name in WORDS if RANDOM.random() < 0.5]
        words = [str(RANDOM.choice(WORDS[name])) for name in names] + list(RANDOM.choice(FILLER, 5))
        texts.append(" ".join(RANDOM.permutation(words)))
        labels.append(tuple(names))
    return texts, labels


def test_several_labels(tmp_path: Path) -> None:
    texts, labels = tagged(120)
    fitted = model().fit(texts, labels, out=tmp_path / "run")
    evaluation = fitted.evaluate(*tagged(60))
    assert list(evaluation.metrics) == ["micro_f1", "macro_f1", "accuracy", "log_loss"]
    assert evaluation.metrics["micro_f1"].value > 0.95 and evaluation.tables[-1].title == "Labels"
    again = TextClassifier.load(tmp_path / "run")
    assert again.predict_proba(texts[:5]).shape == (5, 3) and again.classes_.tolist() == ["cheap", "fast", "kind"]
    answer = again(["a cheap and speedy shop"])[0]
    assert answer.label == ("cheap", "fast") and 0.5 <= answer.probability <= 1
    assert again.predict(["cheap", "shop"]).tolist() == [("cheap",), ()]


def test_numbers(tmp_path: Path) -> None:
    texts, labels = tagged(160)
    stars = np.array([1.5 * len(names) + 0.25 for names in labels])
    fitted = model(train={"epochs": 40}).fit(texts, stars, out=tmp_path / "run")
    texts, labels = tagged(60)
    truth = np.array([1.5 * len(names) + 0.25 for names in labels])
    evaluation = fitted.evaluate(texts, truth)
    assert evaluation.main_metric == "r2" and evaluation.metrics["r2"].value > 0.8
    again = TextClassifier.load(tmp_path / "run")
    assert np.allclose(again.predict(texts), fitted.predict(texts)) and again.predict(texts).dtype == np.float64
    with pytest.raises(ConfigError) as error:
        again.predict_proba(texts)
    assert str(error.value) == "predict_proba: this model predicts numbers; call predict"
    assert not hasattr(again, "classes_")


def test_pairs() -> None:
    colours = ["red", "blue", "green", "black"]
    pairs = [tuple(map(str, RANDOM.choice(colours, 2))) for _ in range(200)]
    fitted = model(wide=False, train={"epochs": 60}).fit(pairs, [a == b for a, b in pairs])
    assert fitted.score(pairs, [a == b for a, b in pairs]) > 0.95
    assert fitted.predict([("red", "red"), ("red", "blue")]).tolist() == [True, False]


def test_a_rejecting_model_says_none_of_these(tmp_path: Path) -> None:
    texts = [f"{a} {b} {w}" for a in FILLER for b in FILLER for w in ("bargain", "speedy")]
    labels = ["cheap" if "bargain" in text else "fast" for text in texts]
    fitted = model(reject=0.1).fit(texts, labels, out=tmp_path / "run", valid=0.3)
    assert 0.5 <= fitted.threshold_ < 1
    again = TextClassifier.load(tmp_path / "run")
    assert again.threshold_ == fitted.threshold_
    said = [answer.label for answer in again(["zzz qqq", "a bargain here"])]
    assert said[0] == NONE_OF_THESE and model().fit(texts, labels).threshold_ == 0
    assert fitted.evaluation_.metrics["accuracy"].value > 0.9


def test_classes_can_weigh_the_same() -> None:
    noisy = [f"plain words here {RANDOM.choice(FILLER)} {k}" for k in range(100)]
    labels = ["few" if k % 10 == 0 else "many" for k in range(100)]
    settings = {"wide": False, "train": {"epochs": 15}}
    plain = model(**settings).fit(noisy, labels, valid=0)
    fair = model(wide=False, train={"epochs": 15, "class_weights": "balanced"}).fit(noisy, labels, valid=0)
    column = plain.classes_.tolist().index("few")
    assert fair.predict_proba(["plain words here"])[0, column] > plain.predict_proba(["plain words here"])[0, column]


def test_the_linear_model_and_the_blend_weigh_classes_too() -> None:
    texts = [" ".join(RANDOM.choice(FILLER, 6)) for _ in range(300)]  # which tell nothing of the label
    labels = ["few" if k % 10 == 0 else "many" for k in range(300)]

    def share(class_weights: str) -> float:
        fitted = model(train={"epochs": 1, "class_weights": class_weights}).fit(texts, labels, valid=0.3)
        return float(fitted.predict_proba(texts)[:, fitted.classes_.tolist().index("few")].mean())

    assert share("none") < 0.2 and 0.4 < share("balanced") < 0.6


def test_a_domain_without_classes_weighs_none() -> None:
    from fourfold.speech import SpeechRecognizer
    from fourfold.speech.config import PRESETS as SPEECH

    config = override(SPEECH["tiny"](), {"train": {"class_weights": "balanced"}})
    with pytest.raises(ConfigError, match=r"train\.class_weights: speech has no classes to weigh"):
        SpeechRecognizer(config=config).resolve()


def test_a_long_text_is_read_to_its_end() -> None:
    def padded(word: str) -> str:
        return " ".join([*RANDOM.choice(FILLER, 60), word])

    texts = [padded("bargain" if k % 2 else "speedy") for k in range(80)]
    labels = ["cheap" if k % 2 else "fast" for k in range(80)]
    fitted = model(features={"max_length": 24}, wide=False).fit(texts, labels, valid=0)
    assert fitted.predict([padded("bargain"), padded("speedy")]).tolist() == ["cheap", "fast"]


def test_the_report_says_what_each_branch_brings(tmp_path: Path) -> None:
    texts, labels = tagged(100)
    kinds = ["cheap" if "cheap" in names else "dear" for names in labels]
    fitted = model().fit(texts, kinds)
    evaluation = fitted.evaluate(texts, kinds)
    assert list(evaluation.branches) == ["Transformer alone", "linear model alone", "both"]
    assert evaluation.branches["both"] == evaluation.metrics
    assert evaluation.branches["linear model alone"] == evaluation.baseline.metrics
    assert "What each branch brings" in evaluation.save(tmp_path / "page.html").read_text()
    assert not model(wide=False).fit(texts, kinds).evaluate(texts, kinds).branches
    kept = fitted.save(tmp_path / "model")
    assert TextClassifier.load(kept).blend_ == fitted.blend_


def test_the_report_says_the_precision_of_training_and_that_of_the_answers() -> None:
    texts, kinds = ["a bargain here", "a speedy one"] * 10, ["cheap", "fast"] * 10
    fitted = model(train={"epochs": 1, "precision": "float32"}).fit(texts, kinds, valid=0)
    facts = fitted.set_params(precision="bfloat16").evaluate(texts, kinds).facts
    assert (facts["precision of training"], facts["precision of answers"]) == ("float32", "bfloat16")
    auto = fitted.set_params(precision="auto", device="cpu").evaluate(texts, kinds).facts
    assert auto["precision of answers"] == ("bfloat16" if cpu_has_bfloat16() else "float32")
    linear = TextClassifier("linear").fit(texts, kinds, valid=0).evaluate(texts, kinds).facts
    assert not any("precision" in words for words in linear)


def test_without_held_out_rows_both_branches_count_alike() -> None:
    texts, labels = tagged(40)
    kinds = ["cheap" if "cheap" in names else "dear" for names in labels]
    assert model().fit(texts, kinds, valid=0).blend_.to_dict() == {"deep": 0.5, "wide": 0.5, "shift": 0.0}
    assert model(wide=False).fit(texts, kinds, valid=0).blend_ is None


def test_a_finetuned_bert_is_what_transformers_load(tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig, BertModel

    from fourfold.nlp.data import TextFeatures, TextFeaturesConfig, read
    from fourfold.nlp.pretrained import read_pretrained

    texts, labels = tagged(60)
    kinds = ["cheap" if "cheap" in names else "dear" for names in labels]
    features = TextFeatures.of_texts(read(texts), TextFeaturesConfig(min_frequency=1))
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=features.vocab_size + 7, **shape)).save_pretrained(tmp_path / "bert")
    features.tokenizer.save(str(tmp_path / "bert" / "tokenizer.json"))
    finetune = override(TextClassifier("finetune").resolve(), {"model": {"pooling": "first"}, "wide": False})
    fitted = TextClassifier(init=tmp_path / "bert", config=finetune).fit(texts, kinds, valid=0, out=tmp_path / "run")
    again = TextClassifier.load(tmp_path / "run")
    assert again.config_.model.pooler == "tanh" and again.config_.model.vocab_size == features.vocab_size + 7
    folder = again.save_pretrained(tmp_path / "saved")
    theirs = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokens = AutoTokenizer.from_pretrained(folder)(texts[:8], padding=True, return_tensors="pt")
    assert theirs.config.id2label == {0: "cheap", 1: "dear"}
    probabilities = theirs(**tokens).logits.softmax(-1).detach().numpy()
    assert np.abs(probabilities - fitted.predict_proba(texts[:8])).max() < 1e-5
    assert read_pretrained(folder).classifier is not None


def test_score_is_the_main_metric_of_each_kind() -> None:
    texts, labels = tagged(60)
    stars = np.array([len(names) + 0.5 for names in labels])
    several = model(train={"epochs": 1}).fit(texts, labels)
    assert several.score(texts, labels) == several.evaluate(texts, labels).metrics["micro_f1"].value
    numbers = model(train={"epochs": 1}).fit(texts, stars)
    assert numbers.score(texts, stars) == numbers.evaluate(texts, stars).metrics["r2"].value
    from sklearn.base import is_classifier, is_regressor

    assert is_regressor(numbers) and not is_classifier(numbers) and is_classifier(several)


def test_labels_of_a_file_are_what_the_settings_say(tmp_path: Path) -> None:
    import pandas as pd

    texts, labels = tagged(60)
    frame = pd.DataFrame({"text": texts, "label": ["|".join(names) for names in labels]})
    frame.to_csv(tmp_path / "sets.csv", index=False)
    several = model(features={"target": "labels"}, train={"epochs": 1}).fit(tmp_path / "sets.csv")
    found = several.check(tmp_path / "sets.csv", test=tmp_path / "sets.csv")
    assert not any("is not in" in why for why in found["fatal"]) and several.classes_.tolist() == sorted(WORDS)
    frame.assign(label=[f"{len(names) + 0.25}" for names in labels]).to_csv(tmp_path / "stars.csv", index=False)
    numbers = model(train={"epochs": 1}).fit(tmp_path / "stars.csv")
    assert "r2" in numbers.evaluate(tmp_path / "stars.csv").metrics
    rated = pd.DataFrame({"text": ["the same text here"] * 6 + texts[:6], "label": [k + 0.5 for k in range(12)]})
    assert model().check(rated)["fatal"] == [], "several may rate one text"


def test_texts_that_share_no_term_and_empty_texts() -> None:
    names = ["".join(RANDOM.choice(list("abcdefghij"), 9)) for _ in range(1100)]
    linear = TextClassifier("linear").fit(names, [k % 2 for k in range(1100)])
    assert linear.predict(names[:3]).shape == (3,)
    assert linear([" "])[0].error == "the text is empty; fill it or leave the row out"


def test_a_linear_model_rejects_too_and_numbers_stay_numbers() -> None:
    texts = [f"{a} {b} {w}" for a in FILLER for b in FILLER for w in ("bargain", "speedy")]
    labels = [int("bargain" in text) for text in texts]
    config = override(TextClassifier("linear").resolve(), {"reject": 0.2})
    linear = TextClassifier("linear", config=config).fit(texts, labels, valid=0.3)
    said = linear.predict(["zzz qqq", *texts[:3]])
    assert linear.threshold_ > 0.5 and said.dtype == object and said[0] == NONE_OF_THESE
    assert {type(label) for label in said[1:]} <= {int, str}
    with pytest.raises(ConfigError) as error:
        TextClassifier("linear", config=config).fit(texts, labels, valid=0)
    assert str(error.value) == "reject: needs held-out rows to choose on; give --valid, or set it to 0"


def test_a_rare_class_that_weighs_much_is_not_said_of_every_row() -> None:
    texts = [f"{RANDOM.choice(FILLER)} {'bargain' if k % 31 == 0 else 'speedy'} {k}" for k in range(620)]
    labels = ["few" if k % 31 == 0 else "many" for k in range(620)]
    train = {"epochs": 4, "class_weights": "balanced", "label_smoothing": 0.1}
    fitted = model(wide=False, train=train).fit(texts, labels, valid=0)
    assert fitted.score(texts, labels) > 0.98


def test_two_classes_can_be_judged_by_f1() -> None:
    texts, labels = tagged(60)
    kinds = ["cheap" if "cheap" in names else "dear" for names in labels]
    fitted = model(train={"epochs": 1, "metric": "f1"}).fit(texts, kinds, valid=0.3)
    assert "valid_f1" in fitted.history_[-1]


@pytest.mark.parametrize(
    ("settings", "valid", "message"),
    [
        ({"train": {"class_weights": "balanced"}}, 0.2, "train.class_weights: the labels are numbers"),
        ({"reject": 0.1}, 0.2, "reject: needs rows of one class each; set it to 0"),
    ],
)
def test_settings_for_classes_are_refused_for_numbers(settings: dict[str, Any], valid: float, message: str) -> None:
    texts, _ = tagged(30)
    with pytest.raises(ConfigError, match=message):
        model(**settings).fit(texts, [k + 0.5 for k in range(30)], valid=valid)


def test_whole_numbers_are_held_out_too() -> None:
    texts, _ = tagged(60)
    fitted = model(features={"target": "number"}, train={"epochs": 1}).fit(texts, list(range(60)), valid=0.2)
    assert fitted.evaluation_.rows == 12


def test_two_rows_of_two_classes_train_without_held_out_rows() -> None:
    fitted = model(train={"epochs": 1}).fit(["a bargain here", "a speedy one"], ["cheap", "fast"])
    assert fitted.evaluation_ is None and fitted.facts_["train_rows"] == 2


def test_validation_rows_that_are_trained_on_are_refused(tmp_path: Path) -> None:
    texts, labels = tagged(40)
    table = tmp_path / "rows.csv"
    table.write_text("text,label\n" + "".join(f"{t},{'x' if n else 'y'}\n" for t, n in zip(texts, labels, strict=True)))
    with pytest.raises(DataError, match=r"rows\.csv: holds the same texts as rows\.csv; give rows that are not"):
        model().fit(table, valid=table)
