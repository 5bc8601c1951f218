"""What stands behind an attribute of a record class: a field of the account, or an attribute of the entity."""

from __future__ import annotations

from typing import Any, Final, TypeVar, overload

import attrs
from attrs import frozen

from kommo.account_models.option import Option
from kommo.account_models.source import Source
from kommo.errors import KommoError
from kommo.values import CLEAR, Choice, Entry, FieldType, FieldValueError, Raw, Values
from kommo.values import text as any_type

R = TypeVar("R")
OptionT = TypeVar("OptionT", bound=Option)

_MARK: Final = "kommo"
ASSIGNED: Final = "_assigned"
_SEVERAL: Final = (list, tuple, set, frozenset)


@frozen
class Custom:
    """A field of the account.

    Attributes:
        id: its id.
        kind: its type; the name alone for a type that this library does not know.
        options: its options, where the class lists them.
    """

    id: int
    kind: FieldType[Any] | str
    options: type[Option] | None = None

    def read(self, filled: Values) -> Any:
        """The value in an answer, None when the field is empty. What does not fit the type is Raw."""
        found = filled.get(self.id)
        if found is None:
            return None
        if found.type is not self.kind:
            # The field has changed its type since the module was made, or nobody knows the type.
            return Raw(found.raw.get("values"))
        value = found.value
        if self.options is None or value is None or isinstance(value, Raw):
            return value
        if isinstance(value, Choice):
            picked = self.options.of(value)
            return Raw(found.raw.get("values")) if picked is None else picked
        several = [self.options.of(each) for each in value]
        return Raw(found.raw.get("values")) if None in several else several

    def entry(self, value: Any, source: Source) -> Entry:
        """What sets the field to a value; None, an empty text and an empty list take away what it holds.

        Raises:
            FieldValueError: the type cannot hold that, or it is an option of another field.
        """
        kind = any_type if isinstance(self.kind, str) else self.kind
        if is_empty(value):
            value = CLEAR
        elif isinstance(value, Option):
            value = self._choice(value)
        elif isinstance(value, _SEVERAL):
            value = [self._choice(each) if isinstance(each, Option) else each for each in value]
        elif isinstance(self.kind, str) and not isinstance(value, Raw):
            raise KommoError(f"field {self.id} is of the type {self.kind}, not known here; give a Raw")
        return kind.write(self.id, value, tz=source.tz)

    def _choice(self, option: Option) -> Choice:
        if self.options is not None and not isinstance(option, self.options):
            kind = self.kind if isinstance(self.kind, str) else self.kind.name
            raise FieldValueError(
                self.id, kind, option, "is an option of another field", f"give one of {self.options.__name__}"
            )
        return Choice(enum_id=option.id)


@frozen
class Own:
    """An attribute that every record of the entity has, such as its name.

    Attributes:
        key: its key on the wire.
    """

    key: str


def is_empty(value: Any) -> bool:
    """Whether a value is none: None, or a text or a list of nothing."""
    return value is None or (isinstance(value, (str, *_SEVERAL)) and not value)


def _assigned(instance: Any, attribute: Any, value: Any) -> Any:
    getattr(instance, ASSIGNED).add(attribute.name)
    return value


def _attribute(mark: Custom | Own) -> Any:
    return attrs.field(default=None, metadata={_MARK: mark}, on_setattr=_assigned)


@overload
def field(id: int, type: FieldType[Choice], options: type[OptionT]) -> OptionT | None: ...
@overload
def field(id: int, type: FieldType[list[Choice]], options: type[OptionT]) -> list[OptionT] | None: ...
@overload
def field(id: int, type: FieldType[R]) -> R | None: ...
@overload
def field(id: int, type: str) -> Raw | None: ...
def field(id: int, type: FieldType[Any] | str, options: type[Option] | None = None) -> Any:
    """An attribute that is a field of the account; None stands for an empty field.

    Args:
        id: id of the field.
        type: its type, such as `kommo.values.numeric`; the name of a type that this library does not know makes
            the value a Raw.
        options: the enum of its options.
    """
    return _attribute(Custom(id, type, options))


def own(key: str) -> Any:
    """An attribute that every record of the entity has; None when an answer has none, and not sent with a new one.

    Args:
        key: its key on the wire.
    """
    return _attribute(Own(key))


def marks_of(cls: type) -> dict[str, Custom | Own]:
    """What stands behind the attributes of a class, by attribute."""
    return {each.name: each.metadata[_MARK] for each in attrs.fields(cls) if _MARK in each.metadata}
