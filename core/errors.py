"""The errors that Fourfold raises on purpose.

    FourfoldError            exit code 1   the work failed
    ├── ConfigError          exit code 2   a setting is unknown, of the wrong type or out of range
    │   └── DoesNotFitError  exit code 2   a model that a setting names cannot be fitted to these data
    ├── DataError            exit code 2   the data cannot be used; the message says where and how to mend it
    ├── ArtifactError        exit code 2   a saved model or run cannot be used
    ├── NotFittedError       exit code 2   a model was asked to predict before it was fitted
    └── TrainingError        exit code 1   training could not go on (loss not finite, disk full)

Each message says where, what and the fix, in one line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FourfoldError(Exception):
    """The base of all errors of this package; `code` is stable and meant for programs."""

    code = "error"
    exit_code = 1


class ConfigError(FourfoldError, ValueError):
    """A setting is unknown, of the wrong type or out of range."""

    code = "config"
    exit_code = 2


class DoesNotFitError(ConfigError):
    """A model that a setting names cannot be fitted to these data."""

    code = "does-not-fit"


class DataError(FourfoldError, ValueError):
    """The data cannot be used."""

    code = "data"
    exit_code = 2


class ArtifactError(FourfoldError):
    """A saved model or run folder cannot be used."""

    code = "artifact"
    exit_code = 2


class NotFittedError(FourfoldError, ValueError, AttributeError):
    """A model was used before `fit` or `load`; the same bases as scikit-learn's error of that name."""

    code = "not-fitted"
    exit_code = 2


class TrainingError(FourfoldError):
    """Training could not go on."""

    code = "training"
    exit_code = 1


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return `"; did you mean 'epochs'?"` for the option nearest to `name`, or the list of a few options.

    >>> did_you_mean("epoch", ["epochs", "seed"])
    "; did you mean 'epochs'?"
    """
    options = [str(option) for option in options]
    near = difflib.get_close_matches(name, options, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    shown = ", ".join(options[:20]) + (", …" if len(options) > 20 else "")
    return f"; there is: {shown}" if options else ""
