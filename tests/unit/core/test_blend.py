"""Blending and calibration: exponents that the data ask for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.blend import Blend, outputs, scores
from fourfold.core.metrics import expected_calibration_error, reliability

RANDOM = np.random.default_rng(0)


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def drawn(logits: np.ndarray) -> np.ndarray:
    """Return classes drawn with the probabilities of the logits."""
    return np.array([RANDOM.choice(logits.shape[1], p=p) for p in softmax(logits)])


def test_a_temperature_is_found() -> None:
    logits = RANDOM.standard_normal((4000, 5)) * 2
    labels, loud = drawn(logits), softmax(3 * logits)
    blend = Blend.fit("softmax", labels, loud)
    assert blend.deep == pytest.approx(1 / 3, abs=0.03) and blend.wide == 0
    calm = blend(loud, None, "softmax")
    before, after = (expected_calibration_error(reliability(p.max(1), p.argmax(1) == labels)) for p in (loud, calm))
    assert before > 0.1 and after < 0.03
    assert (calm.argmax(1) == loud.argmax(1)).all() and np.allclose(calm.sum(1), 1, atol=1e-6)


def test_a_useless_branch_gets_no_say_and_two_good_ones_help_each_other() -> None:
    truth = RANDOM.standard_normal((3000, 4)) * 2
    labels = drawn(truth)
    noise = softmax(RANDOM.standard_normal((3000, 4)))
    good = softmax(truth + RANDOM.standard_normal(truth.shape))
    other = softmax(truth + RANDOM.standard_normal(truth.shape))
    assert Blend.fit("softmax", labels, good, noise).wide < 0.1
    both = Blend.fit("softmax", labels, good, other)(good, other, "softmax")
    assert (both.argmax(1) == labels).mean() > max((p.argmax(1) == labels).mean() for p in (good, other))


def test_sigmoid_and_numbers() -> None:
    odds = RANDOM.standard_normal((4000, 3)) * 2
    labels = (RANDOM.random(odds.shape) < 1 / (1 + np.exp(-odds))).astype(np.float32)
    assert Blend.fit("sigmoid", labels, 1 / (1 + np.exp(-2 * odds))).deep == pytest.approx(0.5, abs=0.05)
    deep, wide = RANDOM.standard_normal((2, 30_000))
    blend = Blend.fit("identity", 2 * deep + 3 * wide + 7, deep, wide, deviation=3.6)
    assert (blend.deep, blend.wide, blend.shift) == pytest.approx((2, 3, 7), abs=2e-3)


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=5),
    st.floats(0, 5),
    st.floats(0, 5),
)
def test_what_comes_out_are_probabilities(rows: list[list[float]], a: float, b: float) -> None:
    p = np.array(rows) + 1e-3
    p /= p.sum(1, keepdims=True)
    mixed = Blend(deep=a, wide=b)(p, p[:, ::-1], "softmax")
    assert np.isfinite(mixed).all() and np.allclose(mixed.sum(1), 1, atol=1e-5)
    assert np.allclose(outputs(scores(p, "sigmoid"), "sigmoid"), np.clip(p, 1e-7, 1 - 1e-7), atol=1e-6)


def test_a_few_rows_do_not_make_a_model_certain() -> None:
    sure = np.array([[0.6, 0.4], [0.35, 0.65]])
    blend = Blend.fit("softmax", np.array([0, 1]), sure, sure)
    assert 0.3 < blend.deep < 2 and blend(np.array([[0.55, 0.45]]), np.array([[0.52, 0.48]]), "softmax")[0, 0] < 0.65
    one = Blend.fit("identity", np.array([7.5]), np.array([7.0]), np.array([8.0]))
    assert (one.deep, one.wide) == pytest.approx((0.5, 0.5), abs=0.05)


def test_weights_are_as_if_rows_were_there_more_often() -> None:
    logits = RANDOM.standard_normal((1000, 3)) * 2
    labels, p = drawn(logits), softmax(2 * logits)
    twice = np.where(labels == 1, 2, 1)
    rows = np.repeat(np.arange(1000), twice)
    weighed, repeated = Blend.fit("softmax", labels, p, weights=twice), Blend.fit("softmax", labels[rows], p[rows])
    assert (
        weighed.deep == pytest.approx(repeated.deep, abs=2e-3) and weighed.deep != Blend.fit("softmax", labels, p).deep
    )


@pytest.mark.parametrize(("rows", "times"), [(1, 1.5), (2, 1.5), (3, 1.5), (5, 1.3), (30, 1.1)])
def test_a_few_numbers_do_not_make_a_blend_worse_than_equal_shares_by_much(rows: int, times: float) -> None:
    random = np.random.default_rng(0)
    errors = np.zeros(2)
    for _ in range(300):
        labels = random.standard_normal(rows + 500)
        deep, wide = (labels + 0.7 * random.standard_normal(len(labels)) for _ in range(2))
        blend = Blend.fit("identity", labels[:rows], deep[:rows], wide[:rows])
        found = [blend(deep, wide, "identity"), (deep + wide) / 2]
        errors += [((said - labels)[rows:] ** 2).mean() for said in found]
    assert errors[0] <= times * errors[1]
