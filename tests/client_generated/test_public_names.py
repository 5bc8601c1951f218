"""`from kommo import ...` gives everything that a user of the client needs."""

import importlib
import types

import pytest

import kommo


@pytest.mark.parametrize("name", kommo.__all__)
def test_every_public_name_is_there(name):
    value = getattr(kommo, name)
    if isinstance(value, types.ModuleType):
        assert value is importlib.import_module(f"kommo.{name}")
    elif isinstance(value, type):
        assert value.__name__ == name
    assert name in dir(kommo)


def test_public_names_are_sorted_and_complete():
    # Constants, classes, the rest: the order of ruff's RUF022.
    def rank(name):
        return 0 if name.isupper() else 1 if name[0].isupper() else 2

    assert kommo.__all__ == sorted(kommo.__all__, key=lambda name: (rank(name), name))
    assert set(kommo.__all__) == {*kommo._PLACES, *kommo._MODULES, "__version__"}


def test_a_name_that_is_not_there_is_named():
    with pytest.raises(AttributeError, match="'kommo' has no attribute 'Komo'"):
        _ = kommo.Komo
