"""Convergence under everything that can happen at once (issue 2, point 7)."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.random.machine import RAN, CollaborationMachine

BATCHES = 50 if os.environ.get("MAQUETTE_SOAK") == "1" else 1
"""A soak is 10 000 runs."""
RUNS = 200
STEPS = 40
OPERATIONS = (
    "add", "rename", "drag", "move", "move refused", "trash", "restore", "duplicate", "material", "job", "job retried",
    "ill-typed refused", "foreign orphan", "undo", "redo", "undo kept another's change", "server received",
    "client received", "commit", "disconnect", "messages lost", "reconnect", "repeated to client",
    "repeated to server", "crash", "synchronise",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_replicas_agree_whatever_happens(batch: int, record_property: Callable[[str, object], None]) -> None:
    RAN.clear()
    machine = seed(batch)(type("CollaborationMachine", (CollaborationMachine,), {}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
    record_property("operations", {"runs": RUNS, **RAN})
    assert not [what for what in OPERATIONS if not RAN[what]], "an operation never ran"
