"""Counters that cost 0.1 µs: plain numbers of one event loop, which a scrape reads.

prometheus_client's own take a lock and 1 µs or more each; with thousands of messages a second that is the dearest line
of a session. These have the same verbs (`inc`, `dec`, `set`, `observe`, `labels`) and hand their samples to a
prometheus_client registry when it is asked. One thread writes them; a thread that counts too may lose a count, no more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

Labels = tuple[str, ...]
MAX_CHILDREN = 1000
"""Label values of one counter; the ones after are counted together as `other`, so that no client can fill memory."""


class Count:
    """Goes up."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1) -> None:
        self.value += amount


class Level:
    """Goes up and down."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1) -> None:
        self.value += amount

    def dec(self, amount: float = 1) -> None:
        self.value -= amount

    def set(self, value: float) -> None:
        self.value = value


class Spread:
    """How values are spread: counts by upper bound, and their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        return sum(self.counts)

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus wants them."""
        total, found = 0, []
        for bound, count in zip((*map(repr, map(float, self.bounds)), "+Inf"), self.counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


class Source(Protocol):
    """What a scrape asks for its samples."""

    def family(self) -> Metric: ...


Kind = TypeVar("Kind", Count, Level, Spread)


class Family(Generic[Kind]):
    """One metric with labels: `family.labels("accepted").inc()`; keep the child where it is asked often."""

    def __init__(self, name: str, text: str, labels: Labels, make: Callable[[], Kind]) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._make: Callable[[], Kind] = make
        self._children: dict[Labels, Kind] = {}

    def labels(self, *values: str) -> Kind:
        found = self._children.get(values)
        return self._new(values) if found is None else found

    def _new(self, values: Labels) -> Kind:
        key = values if len(self._children) < MAX_CHILDREN else ("other",) * len(values)
        return self._children.setdefault(key, self._make())

    def family(self) -> Metric:
        return family_of(self._name, self._text, self._labels, self._children.items(), self._make())


class Single(Generic[Kind]):
    """One metric without labels."""

    def __init__(self, name: str, text: str, child: Kind) -> None:
        self._name, self._text = name, text
        self.child: Kind = child

    def family(self) -> Metric:
        return family_of(self._name, self._text, (), [((), self.child)], self.child)


class Reading:
    """A metric that is looked up when it is scraped: `read()` gives its values by label values."""

    def __init__(self, name: str, text: str, labels: Labels, read: Callable[[], dict[Labels, float]]) -> None:
        self._name, self._text, self._labels, self._read = name, text, labels, read

    def family(self) -> Metric:
        family = GaugeMetricFamily(self._name, self._text, labels=self._labels)
        for values, value in self._read().items():
            family.add_metric(values, value)
        return family


def family_of(
    name: str, text: str, labels: Labels, children: Iterable[tuple[Labels, Count | Level | Spread]],
    kind: Count | Level | Spread,
) -> Metric:  # fmt: skip
    if isinstance(kind, Spread):
        spread = HistogramMetricFamily(name, text, labels=labels)
        for values, child in children:
            assert isinstance(child, Spread)
            spread.add_metric(values, child.buckets(), child.sum)
        return spread
    plain = (CounterMetricFamily if isinstance(kind, Count) else GaugeMetricFamily)(name, text, labels=labels)
    for values, child in children:
        assert not isinstance(child, Spread)
        plain.add_metric(values, child.value)
    return plain
