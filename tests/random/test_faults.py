"""The machine finds what it is there to find: every planted fault is caught (issue 2, point 7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.random.faults import FAULTS, Machine
from tests.random.test_collaboration import STEPS

RUNS = 400
"""At most; a fault is usually found within the first twenty."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_caught(fault: Callable[[], Machine]) -> None:
    limits = settings(
        max_examples=RUNS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    with pytest.raises(AssertionError):  # whichever invariant it breaks first
        run_state_machine_as_test(fault(), settings=limits)
