"""What a run is asked to do and what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from kommo.contract.exchange import Exchange
from kommo.contract.findings import Finding
from kommo.published import Platform

#: Layers that schemathesis runs, in its order.
SCHEMATHESIS: Final = ("examples", "coverage", "fuzzing", "stateful")
#: All layers, cheapest first: a broken server shows early.
LAYERS: Final = ("walk", "media", "nearmiss", "model", "leaks", *SCHEMATHESIS)
#: Layers that touch all entities at once; nothing else may run beside them.
ALONE: Final = ("leaks",)
#: Layers that only read; not part of a run against a mock, where the others read more.
READING: Final = ("reading",)

#: Random examples of a default run: of all operations together, and of each at most and at least.
_EXAMPLES: Final = 300
_MOST: Final = 6
_FEWEST: Final = 2

DEFAULT_TOKEN: Final = "demo"
#: Of a user of the embedded mock who has no right but to read.
DEFAULT_USER_TOKEN: Final = "demo-user"
#: What to say where the token may be to blame.
CHECK_TOKEN: Final = "check the token and its rights (--token, $KOMMO_TOKEN)"


class CannotRun(Exception):
    """The suite could not do its work (no server, no such operation, broken document): exit code 2."""


@frozen
class Progress:
    """A sign of life: `layer` is at `step`; so many cases were run and so many findings made in this run."""

    layer: str
    step: str
    cases: int
    findings: int


@frozen
class Options:
    """How to run the suite.

    Attributes:
        document: the contract; None takes the published bundle.
        platform: whose account it is: "kommo" (kommo.com), "amocrm" (amocrm.ru), or "any", with what either has. It
            names the published contract and the kind of the embedded mock.
        base_url: where the server listens. With neither `base_url` nor `app` the embedded mock is driven in process.
        token: bearer token of the server; its user has every role.
        user_token: bearer token of a user who has no role but `user`; None asks nothing of rights, but of the embedded
            mock, which has one.
        app: an ASGI application to drive in process instead of a server.
        operations: operationIds to test; None for all. Helper calls outside the selection are made but not judged.
        seed: seed of everything random.
        max_examples: random examples per operation (fuzzing) and, scaled, scenarios of the stateful layers; None for
            as many as keep a run of all layers below two minutes of CPU, however many operations there are.
        phases: layers to run, a subset of `LAYERS`.
        stop_at_first: end the run with the first finding.
        max_response_time: seconds an answer may take before it is a finding; None does not measure.
        transport: an httpx transport to use instead of the network (the gate of a live account).
        gentle: make few things instead of many: a live account has limits of its own.
        on_progress, on_exchange: called with every sign of life and every exchange.
    """

    document: Mapping[str, Any] | None = None
    platform: Platform = "any"
    base_url: str | None = None
    token: str = field(default=DEFAULT_TOKEN, repr=False)
    user_token: str | None = field(default=None, repr=False)
    app: Any = None
    operations: Sequence[str] | None = None
    seed: int = 1
    max_examples: int | None = None
    phases: Sequence[str] = LAYERS
    stop_at_first: bool = False
    max_response_time: float | None = None
    transport: Any = field(default=None, eq=False)
    gentle: bool = False
    on_progress: Callable[[Progress], None] | None = field(default=None, eq=False)
    on_exchange: Callable[[Exchange, str], None] | None = field(default=None, eq=False)

    @property
    def tokens(self) -> dict[str, str]:
        """Every token, and the environment variable that stands for it wherever it would be shown."""
        user = {self.user_token: "KOMMO_USER_TOKEN"} if self.user_token else {}
        return {**user, self.token: "KOMMO_TOKEN"}

    @property
    def secrets(self) -> list[str]:
        """The tokens that must not be shown: all but those of the embedded mock, which everybody knows."""
        return sorted({*self.tokens} - {DEFAULT_TOKEN, DEFAULT_USER_TOKEN})

    def examples(self, operations: int) -> int:
        """Random examples for each of so many operations: of many, each needs fewer, for most share their schemas."""
        return self.max_examples or max(_FEWEST, min(_MOST, _EXAMPLES // max(1, operations)))

    @property
    def scenarios(self) -> int:
        """Scenarios of the state machine: eight for each of `max_examples`, whatever the number of operations."""
        return (self.max_examples or _MOST) * 8


@define
class Result:
    """What a run found.

    Attributes:
        findings: each defect once.
        cases: requests sent, by layer.
        operations: operationIds that were reached.
        coverage: how often each (operationId, status, content type) was answered.
        seed: the seed that repeats the run.
        seconds: wall time by layer.
        interrupted: whether somebody ended the run before its end; then a clean result says little.
    """

    findings: list[Finding]
    cases: Counter[str]
    operations: set[str]
    coverage: Counter[tuple[str, int, str]]
    seed: int
    seconds: dict[str, float] = field(factory=dict)
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        """Whether the contract holds."""
        return not self.findings
