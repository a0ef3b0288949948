"""Whether a document can take an update as it is (crdt.update_reader), nothing left pending."""

from collections import defaultdict
from collections.abc import Mapping

from crdt.update_summary import Reference, UpdateSummary


def is_closed(summary: UpdateSummary, state: Mapping[int, int]) -> bool:
    """Whether a document of this state can integrate the whole update at once, nothing left pending."""
    ends: dict[int, int] = {}
    for client, ranges in summary.ranges.items():
        reach = state.get(client, 0)
        for start, end in ranges:
            if start > reach:
                return False  # it leaves a hole
            if end > reach:
                reach = end
        ends[client] = reach
    for client, deletes in summary.deletes.items():
        if deletes[-1][1] > ends.get(client, state.get(client, 0)):
            return False
    if not summary.references:
        return True
    unmet = [need for need in summary.references if need.clock >= state.get(need.client, 0)]
    if any(need.clock >= ends.get(need.client, 0) for need in unmet):
        return False
    return not unmet or _integrates(unmet, ends, state)


def _integrates(unmet: list[Reference], ends: Mapping[int, int], state: Mapping[int, int]) -> bool:
    """Whether the clients' structs can be put in an order in which everything is there before it is needed."""
    needs: dict[int, list[Reference]] = defaultdict(list)
    for need in reversed(unmet):
        needs[need.by_client].append(need)
    reached = {client: state.get(client, 0) if client in needs else end for client, end in ends.items()}
    blocked: dict[int, list[int]] = defaultdict(list)
    ready = list(needs)
    while ready:
        client = ready.pop()
        open_needs = needs[client]
        while open_needs and reached[open_needs[-1].client] > open_needs[-1].clock:
            open_needs.pop()
        if open_needs:
            blocked[open_needs[-1].client].append(client)
        reach = open_needs[-1].by_clock if open_needs else ends[client]
        if reach > reached[client]:
            reached[client] = reach
            ready.extend(blocked.pop(client, ()))
    return not any(needs.values())
