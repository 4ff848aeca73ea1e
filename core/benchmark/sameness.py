"""Whether two benchmarks saw the same data, as the hashes of their rows tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from .results import Results
from .row import Row

OTHER_TEST, OTHER_TRAINING = "other data: test rows", "other data: training rows"
NO_SEED = "no seed in common"


def apart(first: Iterable[Row], second: Iterable[Row]) -> str:
    """Return what tells the data of two benchmarks of a case apart; nothing where nothing does.

    Data changed where a seed that both have saw other rows. Without such a seed other test rows say nothing, since
    folds, and data that are made anew for each seed, differ from seed to seed.

    >>> one, fold = ({"seed": seed, "test_hash": name} for seed, name in ((0, "a"), (1, "b")))
    >>> apart([one, fold], [one]), apart([one], [fold]), apart([one], [one | {"test_hash": "c"}])
    ('', 'no seed in common', 'other data: test rows')
    """
    ours, theirs = ({(row["seed"], row.get("share")): row for row in rows} for rows in (first, second))
    shared = [(ours[key], theirs[key]) for key in ours if key in theirs]
    for name, told in (("test_hash", OTHER_TEST), ("train_hash", OTHER_TRAINING)):
        if any(one.get(name) != other.get(name) for one, other in shared):
            return told
    tests = [{row.get("test_hash") for row in rows.values()} for rows in (ours, theirs)]
    return NO_SEED if not shared and not tests[0] & tests[1] else ""


def notes(several: Sequence[Results]) -> Iterator[str]:
    """Yield a line for each case of which joined results hold other data, or perhaps do."""
    for one, other in combinations(map(_cases, several), 2):
        for case, rows in one.items():
            if case in other and (told := apart(rows, other[case])):
                what = "whether their data are the same is not known; their rows are taken together"
                yield f"{case}: {told}; {what if told == NO_SEED else 'they are kept apart'}"


def _cases(results: Results) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in results.measured:
        found.setdefault(f"{row['domain']}/{row['case']}", []).append(row)
    return found
