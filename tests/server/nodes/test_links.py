"""Numbered messages from node to node."""

from __future__ import annotations

from server.bus.local import Hub, LocalBus
from server.nodes.links import Links
from tests.support.cluster import until

ADA, BOB = "ada_____________", "bob_____________"


async def test_who_was_given_up_and_wakes_up_hears_the_others_at_once() -> None:
    """A frozen node kept the others' old numbers and took all that they sent since for repetitions, for as long as
    their new numbers were below (found by a drill: twenty seconds until anybody was saved)."""
    hub = Hub()
    ada, bob = Links(LocalBus(hub), ADA), Links(LocalBus(hub), BOB)
    await ada.open()
    await bob.open()
    heard: list[bytes] = []
    ada.on_frame(lambda _, decoder: heard.append(decoder.var_bytes()))
    for number in range(3):
        bob.send(ADA, bytes([1, number]))
        await until(lambda number=number: heard[-1:] == [bytes([number])])
    bob.forget(ADA)
    bob.send(ADA, b"\x05again")
    await until(lambda: heard[-1] == b"again")
    await ada.close()
    await bob.close()
