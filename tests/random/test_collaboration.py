"""Convergence under everything that can happen at once (issue 2, point 7)."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.random.machine import RAN, CollaborationMachine

SOAK = os.environ.get("MAQUETTE_SOAK") == "1"
RUNS = 10_000 if SOAK else 200
STEPS = 40
OPERATIONS = (
    "add", "rename", "drag", "move", "move refused", "trash", "restore", "duplicate", "material", "job", "job retried",
    "ill-typed refused", "foreign orphan", "undo", "redo", "undo kept another's change", "server received",
    "client received", "commit", "disconnect", "messages lost", "reconnect", "repeated to client",
    "repeated to server", "crash", "synchronise",
)  # fmt: skip


@pytest.mark.slow
def test_replicas_agree_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    RAN.clear()
    run_state_machine_as_test(
        CollaborationMachine,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=not SOAK,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
    with capsys.disabled():
        print(f"\n{RUNS} runs of {STEPS} steps; operations that took effect:")
        print("\n".join(f"  {RAN[what]:>8}  {what}" for what in sorted(RAN)))
    assert not [what for what in OPERATIONS if not RAN[what]], "an operation never ran"
