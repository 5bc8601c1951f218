"""Small immutable values with named attributes, for the modules that every `import kommo` loads.

Importing attrs and making its classes would take longer than everything else here together; models and whatever is
loaded later use attrs.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, dataclass_transform

_MISSING: Any = object()


@dataclass_transform(frozen_default=True)
class Record:
    """Base of a value whose annotations are its attributes: compared, hashed and shown by them, never changed.

        class Point(Record):
            x: int
            y: int = 0

    A class made with `kw_only=True` takes keywords only; `_hidden` names attributes that the repr leaves out.
    """

    _names: ClassVar[tuple[str, ...]] = ()
    _keywords: ClassVar[bool] = False
    _hidden: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, *, kw_only: bool = False) -> None:
        # Annotations are text: every module here postpones them.
        cls._names = tuple(
            name for name, kind in cls.__annotations__.items() if not str(kind).startswith("ClassVar")
        )
        cls._keywords = kw_only

    def __init__(self, *values: Any, **named: Any) -> None:
        cls = type(self)
        if len(values) > (0 if cls._keywords else len(cls._names)):
            raise TypeError(f"{cls.__name__}: too many positional arguments")
        given = dict(zip(cls._names, values, strict=False))
        for name, value in named.items():
            if name in given or name not in cls._names:
                raise TypeError(f"{cls.__name__}: unexpected argument {name!r}")
            given[name] = value
        state = {name: given.get(name, getattr(cls, name, _MISSING)) for name in cls._names}
        missing = [name for name, value in state.items() if value is _MISSING]
        if missing:
            raise TypeError(f"{cls.__name__}: missing argument {missing[0]!r}")
        self.__dict__.update(state)
        self._check()

    def _check(self) -> None:
        """Raise when the attributes do not fit; for subclasses."""

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make another one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make another one")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *(self.__dict__[name] for name in self._names)))

    def __repr__(self) -> str:
        shown = (f"{name}={self.__dict__[name]!r}" for name in self._names if name not in self._hidden)
        return f"{type(self).__name__}({', '.join(shown)})"
