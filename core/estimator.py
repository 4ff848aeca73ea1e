"""scikit-learn's manners without its import, which takes longer than a short answer does."""

from __future__ import annotations

import inspect
from typing import Any, Self

from .errors import UnknownSetting, did_you_mean


class Estimator:
    """An object whose constructor stores its settings under their names, as scikit-learn's `BaseEstimator` has it.

    scikit-learn's `clone`, searches and cross-validation take it: they ask for `get_params`, `set_params` and tags.

    >>> class Mean(Estimator):
    ...     def __init__(self, trim: float = 0.0, seed: int | None = None):
    ...         self.trim, self.seed = trim, seed
    >>> Mean(trim=0.1), Mean().set_params(seed=3).get_params()
    (Mean(trim=0.1), {'seed': 3, 'trim': 0.0})
    """

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        """Return the settings of the constructor, in the order of the alphabet, with their defaults."""
        found = list(inspect.signature(cls).parameters.values())
        return {one.name: one.default for one in sorted(found, key=lambda one: one.name)}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings; none of them is an estimator, so that `deep` changes nothing."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Self:
        """Change settings; raises ConfigError (a ValueError) for one that does not exist."""
        names = self._defaults()
        for name, value in params.items():
            if name not in names:
                raise UnknownSetting(f"{type(self).__name__}: unknown setting '{name}'{did_you_mean(name, names)}")
            setattr(self, name, value)
        return self

    def unfitted(self) -> Self:
        """Return a new one with the same settings, which has learned nothing."""
        return type(self)(**self.get_params())

    def __repr__(self) -> str:
        defaults = self._defaults()
        changed = {name: value for name, value in self.get_params().items() if value is not defaults[name]}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn wants to know of it."""
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))
