"""The kinds of errors: what a program catches, and what its exit code is."""

from __future__ import annotations

from typing import ClassVar


class FourfoldError(Exception):
    """The base of all errors of this package; `code` is stable and meant for programs.

    A code is `kind.cause`. Each cause is a class of its own, which also says how it comes about and what mends it:
    docs/errors.md is written from these.
    """

    code: ClassVar[str] = "error"
    cause: ClassVar[str] = ""
    fix: ClassVar[str] = ""
    exit_code = 1


class ConfigError(FourfoldError, ValueError):
    """A setting is unknown, of the wrong type or out of range."""

    code = "config"
    exit_code = 2


class DataError(FourfoldError, ValueError):
    """The data cannot be used."""

    code = "data"
    exit_code = 2


class ArtifactError(FourfoldError):
    """A saved model or run folder cannot be used."""

    code = "artifact"
    exit_code = 2


class NotFittedError(FourfoldError, ValueError, AttributeError):
    """A model was used before `fit` or `load`.

    It has the bases of scikit-learn's error of that name.
    """

    code = "not-fitted"
    cause = "An object was made and asked at once, without training data or a saved run."
    fix = "Call `fit`, or take the object that `load` of the class returns."
    exit_code = 2


class TrainingError(FourfoldError):
    """Training could not go on."""

    code = "training"
