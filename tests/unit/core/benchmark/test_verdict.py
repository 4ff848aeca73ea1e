"""What a case comes to: the simplest rung that nothing clearly beats, in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_up_runs import ROWS, ladder, results, right, row

from fourfold.core.benchmark import results as module
from fourfold.core.benchmark.kept import keep
from fourfold.core.benchmark.page import render
from fourfold.core.benchmark.row import Row
from fourfold.core.benchmark.summary import CaseSummary, ranks, summaries
from fourfold.core.benchmark.table import results_table
from fourfold.core.benchmark.verdict import conclusions, verdict
from fourfold.core.metrics import Interval, Ratio, Statistic, difference, interval, value_of


def case_of(folder: Path, rows: list[Row]) -> CaseSummary:
    (case,) = summaries(results(folder, rows))
    return case


def test_the_transformer_is_shipped_where_it_is_clearly_better(tmp_path: Path) -> None:
    case = case_of(tmp_path, ladder(tmp_path, 0.5, 0.75, 0.95))
    found = verdict(case)
    assert found.ship is not None and (found.ship.model, found.status) == ("tiny", "transformer")
    tiny, svm = (next(one.quality.value for one in case.rungs if one.model == name) for name in ("tiny", "svm"))
    start = f"Ship tiny: accuracy {100 * tiny:.1f} % against {100 * svm:.1f} % of svm (+{100 * (tiny - svm):.1f} points"
    assert found.sentence.startswith(start)


@pytest.mark.parametrize(
    ("kinds", "what"), [(["prior"], "the prior alone"), (["prior", "run"], "no rung of the ladder")]
)
def test_there_is_nothing_to_choose_between(kinds: list[str], what: str, tmp_path: Path) -> None:
    case = case_of(tmp_path, [row(tmp_path, kind, kind, 0.5) for kind in kinds])
    assert verdict(case).sentence == f"Nothing to choose between: {what} was measured."


def test_the_gain_is_the_paired_difference(tmp_path: Path) -> None:
    case = case_of(tmp_path, ladder(tmp_path, 0.5, 0.75, 0.95))
    tiny = next(one for one in case.rungs if one.model == "tiny")
    ours, theirs = (Ratio(right(share), np.ones(400)) for share in (0.95, 0.75))
    assert tiny.gain == difference(ours, theirs)


def test_logistic_regression_may_win(tmp_path: Path) -> None:
    worse = verdict(case_of(tmp_path, ladder(tmp_path, 0.5, 0.95, 0.75)))
    assert worse.sentence.startswith("Ship svm: accuracy ") and worse.status == "classical"


def test_where_it_stays_it_is_told_whether_it_is_no_worse(tmp_path: Path) -> None:
    """Not clearly worse is not the same as no worse: that takes an interval that lies above the margin."""
    same = verdict(case_of(tmp_path, ladder(tmp_path, 0.5, 0.90, 0.901)))
    assert same.sentence.startswith("Ship svm, the simpler one: tiny is not clearly better, accuracy ")
    assert same.sentence.endswith("): svm is no worse by the margin of 1 point (non-inferior).")
    wide = [one | {"metric": "roc_auc"} for one in ladder(tmp_path, 0.5, 0.90, 0.905)]
    case = case_of(tmp_path, wide)
    gain = case.gain(case.rungs[1], case.rungs[2])
    assert gain is not None and gain.low < -0.005 <= 0 <= gain.high
    assert verdict(case).sentence.endswith("; that svm is no worse by the margin of 0.005 is not shown either.")


@pytest.mark.parametrize(("errors", "ship"), [(1.0, None), (0.98, "small")])
def test_a_recogniser_that_hears_nothing_is_not_shipped(errors: float, ship: str | None, tmp_path: Path) -> None:
    """Saying nothing beats, clearly, those that say what nobody said."""

    def heard(model: str, kind: str, rates: np.ndarray) -> Row:
        statistic, name = Ratio(rates, np.ones(ROWS), greater_is_better=False), f"{model}.safetensors"
        keep(statistic, tmp_path / "rows" / name)
        found = interval(statistic)
        kept = {"value": found.value, "low": found.low, "high": found.high, "kept": name}
        return row(tmp_path, model, kind, 0.5, metric="wer", greater_is_better=False) | kept

    wrong = 1.2 + 0.1 * right(0.5)
    rows = [heard("prior", "prior", wrong + 0.1), heard("templates", "classical", wrong)]
    rows.append(heard("small", "core", np.full(ROWS, errors)))
    found = verdict(case_of(tmp_path, rows))
    assert (found.ship.model if found.ship else None) == ship
    if ship is None:
        assert found.status == "none"
        assert found.sentence == "Ship nothing yet: wer 100.0 % of small, where saying nothing has 100.0 %."
        assert ">Nothing to ship</span>" in render(results(tmp_path, rows))


def test_a_larger_preset_must_beat_the_smaller(tmp_path: Path) -> None:
    rows = [*ladder(tmp_path, 0.5, 0.7, 0.9), row(tmp_path, "small", "core", 0.905)]
    found = verdict(case_of(tmp_path, rows))
    assert found.ship is not None and found.ship.model == "tiny"
    assert "Small is ahead by its mean" in found.sentence and "(non-inferior)" in found.sentence
    rows[-1] = row(tmp_path, "small", "core", 0.97)
    better = verdict(case_of(tmp_path, rows))
    assert better.ship is not None and better.ship.model == "small" and "non-inferior" not in better.sentence


def test_nothing_is_shipped_that_is_no_better_than_the_prior(tmp_path: Path) -> None:
    found = verdict(case_of(tmp_path, ladder(tmp_path, 0.5, 0.501, 0.502)))
    assert found.ship is None and found.sentence.startswith("Ship nothing yet: no rung is clearly better than prior")


def test_without_pairs_nothing_larger_is_shipped(tmp_path: Path) -> None:
    rows = [one | {"kept": ""} for one in ladder(tmp_path, 0.5, 0.75, 0.95)]
    found = verdict(case_of(tmp_path, rows))
    assert found.ship is not None and found.ship.model == "svm" and "nothing pairs it with tiny" in found.sentence


def test_other_test_rows_are_no_pairs(tmp_path: Path) -> None:
    rows = ladder(tmp_path, 0.5, 0.75, 0.95)
    rows[-1] |= {"test_hash": "other"}
    (one, other) = summaries(results(tmp_path, rows))
    assert [len(case.rungs) for case in (one, other)] == [2, 1] and other.rungs[0].gain is None


def test_seeds_are_one_line_and_their_failures_are_told(tmp_path: Path) -> None:
    rows = [one for seed in range(3) for one in ladder(tmp_path, 0.5, 0.75, 0.95, seed=seed)]
    failed = {name: rows[0][name] for name in ("domain", "case", "share", "label")} | {"model": "tiny", "seed": 3}
    case = case_of(tmp_path, [*rows, failed | {"error": "out of memory"}])
    assert [one.seeds for one in case.rungs] == [3, 3, 3] and case.rungs[-1].failures == ("out of memory",)
    assert case.rungs[-1].command == "fourfold bench --case toys --model tiny --seeds 3"
    values = [one["value"] for one in rows if one["model"] == "tiny"]
    assert case.rungs[-1].quality.value == pytest.approx(np.mean(values))


@pytest.mark.parametrize(
    ("seeds", "said"),
    [((4, 3), "--seed 3 --seed 4"), ((0, 2), "--seed 0 --seed 2"), ((0,), "--seed 0"), ((1, 0), "--seeds 2")],
)
def test_the_command_names_all_its_seeds(seeds: tuple[int, ...], said: str, tmp_path: Path) -> None:
    case = case_of(tmp_path, [row(tmp_path, "tiny", "core", 0.9, seed=seed) for seed in seeds])
    assert case.rungs[0].command == f"fourfold bench --case toys --model tiny {said}"


def test_a_smaller_share_alone_is_shown(tmp_path: Path) -> None:
    """Where nothing learned from all rows, the largest share has the ladder and the verdict."""
    rows = [one for share in (0.1, 0.3) for one in ladder(tmp_path, 0.5, 0.75, 0.95, share=share)]
    case = case_of(tmp_path, rows)
    assert [one.share for one in case.rungs] == [0.3] * 3 and [one.share for one in case.curve] == [0.1] * 3
    found = results(tmp_path, rows)
    text = "nlp/toys: toys of two colours, learned from 30 % of the training rows, synthetic; accuracy, 1 seed"
    assert text in results_table(found) and "learned from 30 % of the training rows" in render(found)
    (concluded,) = conclusions(found)
    assert concluded["ship"] == "tiny" and "learned from 30 %" in concluded["about"]


def test_a_percentile_of_few_calls_is_marked(tmp_path: Path) -> None:
    prior, svm, tiny = ladder(tmp_path, 0.5, 0.75, 0.95)
    text = results_table(results(tmp_path, [prior, svm, tiny | {"latency_calls": 12}]))
    assert text.count("≈0.90 ms") == 1 and text.count(" 0.90 ms") == 2


def test_a_blend_says_what_its_parts_give(tmp_path: Path) -> None:
    """What wins may be the linear model in it."""
    rows = [one for seed in (0, 1) for one in ladder(tmp_path, 0.5, 0.75, 0.95, seed=seed)]
    for number in (2, 5):
        rows[number] |= {"branches": {"transformer alone": 0.7 + 0.004 * number, "linear model alone": 0.94}}
    found = results(tmp_path, rows)
    text = "a blend: transformer alone 71.4 %, linear model alone 94.0 %"
    assert f"\ntiny: {text}\n→ Ship tiny" in results_table(found)
    assert text in render(found).replace("\u00a0", " ")
    assert [one["alone"] for one in conclusions(found)[0]["rungs"]] == ["", "", text]


def test_two_runs_are_compared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts, table and page ask for the same differences."""
    asked: list[tuple[float, float]] = []

    def counted(first: Statistic, second: Statistic) -> Interval:
        asked.append((value_of(first), value_of(second)))
        return difference(first, second)

    monkeypatch.setattr(module, "difference", counted)
    found = results(tmp_path, ladder(tmp_path, 0.5, 0.75, 0.95))
    told = conclusions(found)
    pairs = len(asked)
    assert pairs == len(set(asked)) >= 2 and told == conclusions(found)
    assert results_table(found) and render(found) and len(asked) == pairs


def test_each_run_blends_the_classical_model_that_is_its_best(tmp_path: Path) -> None:
    rows = [one for seed in (0, 1, 2) for one in ladder(tmp_path, 0.5, 0.75, 0.95, seed=seed)]
    for number, name in ((2, "svm alone"), (5, "svm alone"), (8, "bayes alone")):
        rows[number] |= {"branches": {"transformer alone": 0.7, name: 0.9 + number / 100}}
    text = "a blend: transformer alone 70.0 %, svm alone 93.5 % (in 2 of 3 runs), bayes alone 98.0 % (in 1 of 3 runs)"
    assert f"\ntiny: {text}\n" in results_table(results(tmp_path, rows))


def test_ranks_take_the_best_classical_model_of_each_case(tmp_path: Path) -> None:
    one, other = (ladder(tmp_path, 0.5, *shares, case=name) for name, shares in (("a", (0.8, 0.9)), ("b", (0.9, 0.8))))
    found = ranks(summaries(results(tmp_path, [*one, row(tmp_path, "bayes", "classical", 0.7, case="a"), *other])))
    assert found == {"best classical": 1.5, "tiny": 1.5, "prior": 3.0}


def test_the_table_shows_what_failed_and_what_was_passed_over(tmp_path: Path) -> None:
    rows = ladder(tmp_path, 0.5, 0.75, 0.95)
    rows.append({"domain": "nlp", "case": "toys", "model": "small", "label": "small", "seed": 0, "error": "killed"})
    rows.append({"domain": "nlp", "case": "imdb", "skipped": "FOURFOLD_DATA is not set"})
    text = results_table(results(tmp_path, rows))
    assert "nlp/toys: toys of two colours, synthetic; accuracy, 1 seed" in text
    assert "failed: nlp/toys small: killed" in text and "passed over: nlp/imdb: FOURFOLD_DATA is not set" in text
    assert "~15 J" in text and "12k" in text
    assert results_table(results(tmp_path, [])) == "nothing was measured"
