"""What writing needs besides the types: clearing, raw values, phones and e-mail addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from kommo.values.dialects import V4
from kommo.values.entries import Entry, FieldRef, make_entry
from kommo.values.errors import FieldValueError
from kommo.values.models import EmailCode, Multitext, PhoneCode


def clear(field: FieldRef) -> Entry:
    """An entry that empties the field: `"values": null` (LIB). A field that is not sent stays as it is.

    Args:
        field: id or code of the field.

    Raises:
        FieldValueError: neither an id nor a code.
    """
    return make_entry(field, V4.cleared(), V4)


def raw(field: FieldRef, values: Sequence[Mapping[str, Any]]) -> Entry:
    """An entry with values spelled out, for types that this library does not know. Nothing is checked.

    Args:
        field: id or code of the field.
        values: the values as the API wants them.

    Raises:
        FieldValueError: `field` is neither an id nor a code.
    """
    return make_entry(field, [dict(value) for value in values], V4)


def phone(number: str, enum_code: PhoneCode = "WORK") -> Multitext:
    """A phone number for `multitext("PHONE", ...)` (`custom-fields-v4:1435`).

    Args:
        number: the number, sent as it is.
        enum_code: WORK, WORKDD (direct), MOB, FAX, HOME or OTHER.

    Raises:
        FieldValueError: another code.
    """
    return _multitext("PHONE", number, enum_code, get_args(PhoneCode))


def email(address: str, enum_code: EmailCode = "WORK") -> Multitext:
    """An e-mail address for `multitext("EMAIL", ...)` (`custom-fields-v4:1436`).

    Args:
        address: the address, sent as it is.
        enum_code: WORK, PRIV (private) or OTHER.

    Raises:
        FieldValueError: another code.
    """
    return _multitext("EMAIL", address, enum_code, get_args(EmailCode))


def _multitext(field: str, value: str, enum_code: str, codes: tuple[str, ...]) -> Multitext:
    if enum_code not in codes:
        raise FieldValueError(
            field,
            "multitext",
            enum_code,
            "is no kind of it",
            f"give one of {', '.join(codes)}, or Multitext(value, enum_id=) for a kind of your account's own",
        )
    return Multitext(value, enum_code)
