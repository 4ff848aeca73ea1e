"""Runs hostile cases through the command line, and says in a line or two what came of each.

As a program (`hostile.py DOMAIN RUN FOLDER`) it runs the dangerous ones of a domain with little memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

from console import Finished, fourfold

MEMORY = 3 << 30
"""The bytes that a dangerous case may take beside what the program takes."""


def outcome(done: Finished, folder: Path) -> str:
    """Return what a command said, without the folder; assert that it said it as it should."""
    assert "Traceback" not in done.err and "--debug shows where" not in done.err, done.err
    assert not any(one in done.out + done.err for one in "\x1b\x07\x9b\x7f\u202e"), "it steers the terminal"
    if done.code == 0:
        found = json.loads(done.out)
        if isinstance(found, list):
            return f"{sum(row['error'] is not None for row in found)} of {len(found)} refused"
        fatal = "".join(f"; {why}" for why in found["fatal"])
        return f"{found['rows in error']} of {found['rows']} refused{_short(fatal, folder)}"
    last = done.err.splitlines()[-1]
    assert done.code == 2 and done.out == "", done
    return _short(json.loads(last)["error"]["message"], folder)


def _short(message: str, folder: Path) -> str:
    return message.replace(str(folder.resolve()), "").replace(str(folder), "").replace(folder.name, "")[:150]


def tried(domain: str, run: Path, data: Path, folder: Path) -> dict[str, str]:
    """Return what `check` and `predict` say of data."""
    return {
        "check": outcome(fourfold(domain, "check", data, "--json"), folder),
        "predict": outcome(fourfold(domain, "predict", run, "--file", data, "--json"), folder),
    }


def main() -> None:
    import torch
    from make_corpus import cases

    domain, run, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    torch.set_num_threads(1)
    found: dict[str, object] = {}
    now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    for number, case in enumerate(one for one in cases() if one.dangerous and one.domain == domain):
        place = folder / f"dangerous-{number}"
        place.mkdir(parents=True)
        data = case.make(place)
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, resource.RLIM_INFINITY))
        try:
            found[case.name] = tried(domain, run, data, place)
        except BaseException as error:
            found[case.name] = f"{type(error).__name__}: {str(error)[:300]}"
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(case.name, found[case.name], file=sys.stderr, flush=True)
        for path in (path for path in place.iterdir() if path.is_file()):
            path.unlink()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
