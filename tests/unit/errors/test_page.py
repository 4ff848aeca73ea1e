"""docs/errors.md is what the sources give, and every error that they raise has a cause of its own."""

from __future__ import annotations

from pathlib import Path

import error_page

from fourfold.core import errors

CAUSES = error_page.causes()


def test_the_page_is_up_to_date() -> None:
    written = (error_page.ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert written == error_page.render(), "run `make errors`"


def test_nothing_raises_a_kind_instead_of_a_cause() -> None:
    known = {one.__name__ for one in CAUSES}
    assert {(name, message) for name, message in error_page.raised() if name not in known} == set()


def test_every_cause_is_raised_somewhere() -> None:
    assert {one.__name__ for one in CAUSES} == {name for name, _ in error_page.raised()}


def test_codes_are_unique_and_begin_with_their_kind() -> None:
    assert len({one.code for one in CAUSES}) == len(CAUSES)
    alone = {errors.Interrupted}  # named before there were kinds
    for one in CAUSES:
        kind = error_page.kind_of(one)
        assert one in alone or one.code.split(".")[0] == kind.code, one


def test_every_cause_says_what_it_means_and_what_mends_it() -> None:
    for one in CAUSES:
        meaning, *_ = (one.__doc__ or "").splitlines()
        assert meaning.endswith(".") and one.cause.endswith(".") and one.fix.endswith("."), one


def test_templates_stand_as_in_the_source(tmp_path: Path) -> None:
    """Names and attributes in braces, texts of the module and of a function in place, calls by what they give."""
    for room in error_page.ROOMS:
        (tmp_path / room).mkdir()
    (tmp_path / "core" / "some.py").write_text(
        'AGAIN = "do it again"\n'
        "def one(path, name, found):\n"
        '    where = f"{path}:{found.line}"\n'
        '    raise NoSuchFile(f"{where}: {len(found):,} of {name!r}{did_you_mean(name, found)}; {AGAIN}")\n'
        "def two(path, wrong):\n"
        '    what = "a" if wrong else "b"\n'
        '    return BadValue(f"{path.parent}: {what}, {wrong[0]}, {getattr(path, wrong)}" " and more")\n'
    )
    assert list(error_page.raised(tmp_path)) == [
        ("NoSuchFile", "{path}:{line}: {count} of {name}; did you mean '{…}'?; do it again"),
        ("BadValue", "{parent}: {what}, {…}, {value} and more"),
    ]
