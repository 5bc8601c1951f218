"""Values of settings and errors: frozen, compared by value, checked, silent about what is secret."""

import copy
import pickle

import pytest

from kommo.address import Address
from kommo.errors import ConfigurationError, ItemFailure, Problem, Violation
from kommo.limits import RateLimit
from kommo.retry import RetryPolicy

RECORDS = [
    Address("https", "acme.kommo.com", 443),
    Violation("name", "NotBlank", "must not be blank", "0", 0, {"name": ""}),
    Problem(title="Bad Request", status=400, body={"status": 400}),
    ItemFailure("add", "no name", index=2),
    RateLimit(requests=3, redis="redis://user:hunter2@127.0.0.1/0"),
    RetryPolicy(attempts=2),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_is_a_value(record):
    assert copy.copy(record) == copy.deepcopy(record) == pickle.loads(pickle.dumps(record)) == record
    assert record != object()
    name = next(iter(vars(record)))
    for change in (lambda: setattr(record, name, None), lambda: delattr(record, name)):
        with pytest.raises(AttributeError, match="cannot be changed"):
            change()
    assert repr(record).startswith(f"{type(record).__name__}({name}=")


def test_records_of_equal_attributes_are_one_key():
    assert {RateLimit(requests=3): 1}[RateLimit(requests=3)] == 1
    assert RateLimit(requests=3) != RateLimit(requests=4)


def test_a_password_is_not_shown():
    assert "hunter2" not in repr(RECORDS[4])


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Address("https", "a", 1, 2), "positional"),
        (lambda: Address("https", "a"), "port"),
        (lambda: Address("https", "a", 1, host="b"), "host"),
        (lambda: RateLimit(7), "positional"),
        (lambda: RateLimit(rate=7), "rate"),
    ],
)
def test_wrong_arguments_are_named(make, named):
    with pytest.raises(TypeError, match=named):
        make()


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: RateLimit(requests=0), "requests"),
        (lambda: RateLimit(per=0), "per"),
        (lambda: RateLimit(guard=-1), "guard"),
        (lambda: RateLimit(max_wait=float("nan")), "max_wait"),
        (lambda: RetryPolicy(attempts=0), "attempts"),
        (lambda: RetryPolicy(jitter=1.1), "jitter"),
    ],
)
def test_impossible_settings_are_refused(make, named):
    with pytest.raises(ConfigurationError, match=named):
        make()


def test_the_client_alone_loads_neither_attrs_nor_oauth_nor_models(run_python):
    process = run_python(
        "import sys\n"
        "from kommo import Kommo\n"
        "Kommo(base_url='http://127.0.0.1:1', token='t').leads_custom_fields.list\n"
        "late = {'attr', 'attrs', 'msgspec', 'pyrate_limiter', 'filelock', 'kommo.tokens', 'kommo.token_storage',\n"
        "        'kommo.batches', 'kommo.payload', 'kommo_client.types'}\n"
        "print(sorted(late & set(sys.modules)))\n"
    )
    assert process.communicate()[0].strip() == "[]"
    assert process.returncode == 0
