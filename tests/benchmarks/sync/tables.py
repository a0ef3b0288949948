"""From medians to a table with its verdict: goal, figure, met or missed, and the ratio to each peer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.benchmarks.report import Table, goal
from tests.benchmarks.sync.loads.catalogue import Goal, Load
from tests.benchmarks.sync.runner import Measured


def table_of(load: Load, ours: str, measured: Sequence[Measured]) -> Table:
    """ours: the name of the row that the goals are for."""
    table = Table(load.title, load.about, ("server", *load.columns.values(), "runs"))
    for one in measured:
        runs = f"{len(one.results)} of {len(one.results) + len(one.failed)}"
        table.rows.append((one.server, *(_cell(one.median(figure)) for figure in load.columns), runs))
    own = next((one for one in measured if one.server == ours), None)
    if own is not None:
        peers = [one for one in measured if one is not own]
        table.verdict += [_verdict(wanted, load, own, peers) for wanted in load.goals]
    table.verdict += [f"{one.server}: {text}" for one in measured for text in (*one.notes, *one.failed)]
    return table


def _cell(value: float | None) -> object:
    if value is None:
        return "–"
    return round(value) if value >= 1000 else value


def _verdict(wanted: Goal, load: Load, own: Measured, peers: Sequence[Measured]) -> str:
    value = own.median(wanted.figure)
    heading = load.columns[wanted.figure]
    if value is None:
        return goal(False, f"{heading}: no run counts")
    text = f"{heading}: {value:,.3g}, goal {wanted}"
    ratios = [f"{value / theirs:.2f}× of {peer.server}" for peer in peers if (theirs := peer.median(wanted.figure))]
    here = _at_this_speed(wanted, value, peers)
    return goal(wanted.is_met(value) and not own.failed, "; ".join([text, *here, *ratios]))


def _at_this_speed(wanted: Goal, value: float, peers: Sequence[Measured]) -> list[str]:
    """The goal in proportion to what the peer by which it was set needs here."""
    now = next((peer.median(wanted.figure) for peer in peers if peer.server == wanted.of), None)
    if wanted.then is None or now is None:
        return []
    here = replace(wanted, limit=wanted.limit * now / wanted.then)
    verdict = "met" if here.is_met(value) else "missed"
    then = f"{wanted.of} ({now:.3g} here, {wanted.then:.3g} where the goal was set)"
    return [f"{verdict} in proportion to {then}: {here}"]
