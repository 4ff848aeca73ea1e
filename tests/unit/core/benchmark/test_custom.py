"""A user's own cases: a few lines of TOML, errors that say where, splits that hang on the rows alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from console import fourfold
from domain_data import SAMPLES
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.batch import Examples
from fourfold.core.benchmark.case import hashed
from fourfold.core.benchmark.custom import find_case, read_cases
from fourfold.core.benchmark.job import Job
from fourfold.core.benchmark.ladder import Rung
from fourfold.core.errors import ConfigError, DataError

HEAD = '[[case]]\nname = "mine"\ndomain = "nlp"\ndata = "data.csv"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    SAMPLES["nlp"].write(tmp_path, 60, 0)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    (folder / "cases.toml").write_text(text)
    return folder / "cases.toml"


def test_a_share_is_held_out_by_hash(folder: Path) -> None:
    more = "test = 0.3\nmetric = 'macro_f1'\n[case.settings.train]\nepochs = 2\n"
    (case,) = read_cases(write(folder, HEAD + more))["nlp"]
    assert (case.name, case.metric, case.settings) == ("mine", "macro_f1", {"train": {"epochs": 2}})
    assert case.about == "data.csv, your own" and case.missing() is None
    first, second = case.load(0), case.load(5)
    assert first.test.inputs == second.test.inputs and 5 < len(first.test) < 35
    assert len(first.train) + len(first.test) == 60


def test_a_file_of_test_rows(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    test = SAMPLES["nlp"].write(elsewhere, 20, 1)
    (case,) = read_cases(write(folder, f'{HEAD}test = "{test}"\nlabel = "label"\ninput = "text"\n'))["nlp"]
    split = case.load(0)
    assert (len(split.train), len(split.test)) == (60, 20)


def test_a_case_that_left_its_file_is_refused(folder: Path) -> None:
    file = write(folder, HEAD.replace("mine", "imdb mine"))
    job = Job(
        domain="nlp", case="imdb_mine", rung=Rung(model="prior", label="", kind="classical"), seed=0, file=str(file)
    )
    with pytest.raises(ConfigError) as error:
        find_case(job)
    assert str(error.value) == "bench: no case 'imdb_mine'; did you mean 'imdb mine'?"


def test_a_file_without_cases_of_the_domain_is_refused(folder: Path) -> None:
    file = write(folder, HEAD)
    done = fourfold("bench", "--cases", file, "--domain", "vision", "--out", folder / "out")
    assert (done.code, done.err) == (2, f"error: {file}: no case of vision, but of nlp\n")


def test_changed_data_are_another_case(folder: Path) -> None:
    before = read_cases(write(folder, HEAD))["nlp"][0].content
    assert read_cases(folder / "cases.toml")["nlp"][0].content == before
    SAMPLES["nlp"].write(folder, 61, 0)
    assert read_cases(folder / "cases.toml")["nlp"][0].content != before


def test_a_trained_run_is_measured_on_all_rows(folder: Path) -> None:
    model = SAMPLES["nlp"].pipeline().set_params(preset="linear").fit(folder / "data.csv")
    model.save(folder / "run")
    (case,) = read_cases(write(folder, HEAD + 'run = "run"\n'))["nlp"]
    assert case.run == (folder / "run").resolve() and len(case.load(0).test) == 60
    SAMPLES["nlp"].pipeline().set_params(preset="linear", seed=1).fit(folder / "data.csv").save(folder / "other")
    shutil.rmtree(folder / "run")
    (folder / "other").rename(folder / "run")
    assert read_cases(folder / "cases.toml")["nlp"][0].content != case.content, "another model is another case"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("case = 3", "{file}: no case; write each below [[case]], with name, domain and data"),
        ("", "{file}: no case; write each below [[case]], with name, domain and data"),
        ("[[cases]]", "{file}: unknown 'cases'; did you mean 'case'?; write each case below [[case]]"),
        ("[case", "{file}: not TOML ("),
        ("case = [1]", "{file}: case 1: a value, not a table; write each case below [[case]]"),
        ('[[case]]\nname = "x"', "{file}: case 1: no domain; write domain = \"…\""),
        (HEAD + "labels = 'x'", "{file}: case 1: unknown 'labels'; did you mean 'label'?"),
        (HEAD.replace("nlp", "npl"), "{file}: case 1: no domain 'npl'; did you mean 'nlp'?"),
        (HEAD + "test = 2", "{file}: case 1: test (2) must be a share in (0, 1), or a path"),
        (HEAD + "test = 'x.csv'", "{file}: case 1: {folder}/x.csv: no such file; paths are beside the file of cases"),
        (HEAD.replace("data.csv", "no.csv"), "{file}: case 1: {folder}/no.csv: no such file; paths are beside"),
        (HEAD + "metric = 'acuracy'", "{file}: case 1: no metric 'acuracy'; did you mean 'accuracy'?"),
        (HEAD + "settings = 1", "{file}: case 1: settings is a value, not a table; write them below [case.settings]"),
        (HEAD + HEAD, "{file}: case 2: there is a case 'mine' already; give each a name of its own"),
        (HEAD + "[case.settings.train]\nepoch = 5", "{file}: case 1: config train: unknown setting 'epoch'"),
        (HEAD + "[case.settings.train]\nepochs = 2026-11-27", "{file}: case 1: train.epochs: '2026-11-27' is not a"),
        (HEAD.replace("mine", "reviews"), "{file}: case 1: 'reviews' is a case of nlp itself; choose another name"),
        (HEAD + "run = 'data.csv'\ntest = 0.1", "{file}: case 1: a trained run is measured on all of data; leave test"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, message: str, folder: Path) -> None:
    file = write(folder, text)
    with pytest.raises(ConfigError) as raised:
        read_cases(file)
    assert str(raised.value).startswith(message.format(file=file, folder=folder))


@given(st.integers(0, 10**6), st.randoms())
def test_the_order_of_rows_and_doubles_do_not_move_the_split(first: int, random) -> None:  # type: ignore[no-untyped-def]
    def test_rows(inputs: list[str]) -> set[str]:
        return set(hashed(Examples(inputs=inputs, labels=np.array(inputs)), 0.5).test.inputs)

    texts = [f"text {number}" for number in range(first, first + 400)]
    expected = test_rows(texts)
    shuffled = [*texts, *texts[:7]]
    random.shuffle(shuffled)
    assert test_rows(shuffled) == expected
    larger = hashed(Examples(inputs=texts), 0.9).test.inputs
    assert expected <= set(larger), "a larger share holds a smaller one"


@pytest.mark.parametrize("kind", ["frame", "array"])
def test_tables_and_arrays_are_split_by_content(kind: str) -> None:
    values = np.arange(400).reshape(200, 2)
    inputs = pd.DataFrame(values, columns=["a", "b"]) if kind == "frame" else values
    backwards = inputs.iloc[::-1] if isinstance(inputs, pd.DataFrame) else inputs[::-1]
    one, other = (hashed(Examples(inputs=found), 0.25).test.inputs for found in (inputs, backwards))
    rows = [set(map(tuple, np.asarray(found))) for found in (one, other)]
    assert rows[0] == rows[1] and 25 < len(rows[0]) < 75


def test_too_few_rows_to_split_are_refused() -> None:
    with pytest.raises(DataError, match=r"^data: 1 rows leave one side of a split of 0.5 empty; give more$"):
        hashed(Examples(inputs=["x"]), 0.5)
