"""Every code of docs/errors.md can be come by, and says what it should word for word."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import error_page
import pytest
from console import Finished, fourfold
from domain_data import write_texts
from provoked import CASES, Place

AS_JSON = ("train", "tune", "eval", "predict", "check", "bench")


def provoke(*words: object) -> tuple[int, str, str]:
    """Run a command that fails; return its exit code, its code and its message."""
    as_json = bool({"--json", *AS_JSON} & {*words[:2]})
    done: Finished = fourfold(*words, "--json") if as_json else fourfold(*words)
    last = done.err.splitlines()[-1]
    if as_json:
        (found,) = json.loads(last).values()
        return done.code, found["code"], found["message"]
    return done.code, "", last.removeprefix("error: ")


@pytest.mark.parametrize("code", CASES)
def test_a_code_comes_with_its_message(
    code: str, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = next(one for one in error_page.causes() if one.code == code)
    monkeypatch.chdir(tmp_path)
    write_texts(tmp_path, 60, 0)
    with ExitStack() as held:
        act, message = CASES[code](Place(tmp_path, trained, monkeypatch, held))
        if isinstance(act, tuple):
            found = provoke(*act)
            assert found == (kind.exit_code, found[1] and code, message)
            return
        with pytest.raises(kind) as error:
            act()
    assert (type(error.value), str(error.value)) == (kind, message)


def test_every_code_has_a_case() -> None:
    assert sorted(CASES) == sorted(one.code for one in error_page.causes())


def test_without_json_an_error_is_one_line_for_people(tmp_path: Path) -> None:
    done = fourfold("nlp", "check", tmp_path / "no.csv")
    assert (done.code, done.out, done.err) == (2, "", f"error: {tmp_path}/no.csv: no such file; check the path\n")
