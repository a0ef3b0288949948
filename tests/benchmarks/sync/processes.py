"""What processes use: CPU to the nanosecond, memory now and at its peak, with all their children."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

MB = 1024 * 1024
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


def family(processes: Sequence[int]) -> list[int]:
    children = (child.pid for pid in processes for child in psutil.Process(pid).children(recursive=True))
    return [*processes, *children]


def cpu_seconds(processes: Sequence[int]) -> float:
    """User and system time of processes that live, by their CPU clocks (clock_getcpuclockid)."""
    return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in family(processes)) / 1e9


def resident(processes: Sequence[int]) -> int:
    """Bytes of memory now."""
    return sum(psutil.Process(pid).memory_info().rss for pid in family(processes))


def forget_peak(processes: Sequence[int]) -> None:
    for pid in family(processes):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_resident(processes: Sequence[int]) -> int:
    """Bytes at the highest since `forget_peak`, each process for itself."""
    found = (_PEAK.search(Path(f"/proc/{pid}/status").read_text()) for pid in family(processes))
    return sum(int(match[1]) * 1024 for match in found if match)
