"""Values derived from a document or a sample, kept with it: computed once, however many rewards read them.

Documents of references stay in the annotator's cache, and what was derived from them stays with them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

Value = TypeVar("Value")
Holder = TypeVar("Holder", bound="Remembers")
More = ParamSpec("More")


class Remembers:
    """A frozen value with room for what is derived from it."""

    __slots__ = ()
    derived: dict[Any, Any]

    def once(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What `make` returned at the first call with this key.

        Two threads may compute a value at the same time; both results are equal, as all that is kept is pure.
        """
        if key not in self.derived:
            self.derived[key] = make()
        value: Value = self.derived[key]
        return value


def remembered(
    function: Callable[Concatenate[Holder, More], Value],
) -> Callable[Concatenate[Holder, More], Value]:
    """Keep the results of a pure function with its first argument, by its other ones (hashable, by position).

    The result is shared by all callers: nobody may change it.
    """

    @wraps(function)
    def first_time_only(holder: Holder, /, *args: More.args, **kwargs: More.kwargs) -> Value:
        if kwargs:
            return function(holder, *args, **kwargs)
        return holder.once((function, *args), lambda: function(holder, *args, **kwargs))

    return first_time_only
