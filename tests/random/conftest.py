"""Says at the end how often each operation of the random runs took effect."""

from __future__ import annotations

from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ran: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            ran.update(dict(report.user_properties).get("operations", {}))
    if ran:
        terminalreporter.section(f"{ran.pop('runs')} random runs; operations that took effect")
        for what, times in sorted(ran.items()):
            terminalreporter.line(f"{times:>9}  {what}")
