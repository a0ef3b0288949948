"""What a follower says to its owner. Nothing is said while there is none: the next one asks everybody by step 1 for
what was not saved.
"""

import asyncio
import json
from collections.abc import Mapping

from server.nodes import frames
from server.nodes.frames import Kind
from server.nodes.links import PART
from server.nodes.locals import Local
from server.nodes.relay import encode_identity
from server.nodes.switch import Following, Switch
from server.permissions import may
from server.sync.inbox import Incoming

WINDOW = 16 * 1024 * 1024
"""Bytes of inputs that may be on the way to the owner; members who send more wait."""


class Uplink:
    """owner, token: of the attachment that is tried or stands."""

    def __init__(self, switch: Switch) -> None:
        self.owner = ""
        self.is_attached = False
        self.on_the_way = 0
        self._switch = switch
        self._links = switch.links
        self._token = 0
        self._credit = asyncio.Event()

    # -- beginning and end

    def attach(self, node: str, follower: Following, branch: str, seq: int, clocks: Mapping[int, int]) -> None:
        """Ask that node for all that comes after row `seq`."""
        self.owner, self._token = node, self._switch.follow(node, follower)
        self._links.send(node, frames.attach(self._token, branch, seq, clocks))

    def lost(self) -> None:
        """The attachment is of no use any more."""
        self.is_attached = False
        self._credit.set()

    def detach(self) -> None:
        self._switch.unfollow(self._token)
        self.on_the_way = 0
        self.lost()

    # -- what members do

    def introduce(self, local: Local, shown: bytes | None) -> None:
        """Tell the owner of a member; it asks the member by step 1 for what it has. shown: its presence."""
        if not self.is_attached:
            return
        member = local.member
        counts = [member.saved.received, member.saved.questions, member.saved.answers, local.told]
        told = {
            "identity": encode_identity(member.identity), "can_write": member.can_write,
            "can_appear": member.can_appear, "via": member.via, "counts": counts,
        }  # fmt: skip
        self._send(frames.with_bytes(Kind.JOIN, self._token, local.number, payload=json.dumps(told).encode()))
        if shown is not None:
            self.show(local, shown)

    def dismiss(self, local: Local) -> None:
        self._send(frames.frame(Kind.LEAVE, self._token, local.number))

    def show(self, local: Local, update: bytes) -> None:
        self._send(frames.with_bytes(Kind.PRESENCE, self._token, local.number, payload=update))

    def can_forward_now(self, size: int) -> bool:
        return self.on_the_way <= WINDOW and size <= PART

    def forward_now(self, local: Local, item: Incoming) -> None:
        if self.is_attached:
            self._links.send(self.owner, self._input(local, item))

    async def forward(self, local: Local, item: Incoming) -> None:
        while self.on_the_way > WINDOW and self.is_attached:
            self._credit.clear()
            await self._credit.wait()
        if self.is_attached:
            await self._links.send_large(self.owner, self._input(local, item))

    def taken(self, size: int) -> None:
        """The owner has so many bytes in hand that were on the way."""
        self.on_the_way -= size
        self._credit.set()

    def _input(self, local: Local, item: Incoming) -> bytes:
        flags = frames.IS_ANSWER * item.is_answer | frames.MAY_WRITE * item.member.can_write
        flags |= frames.MAY_WRITE_JOBS * may(item.member.role, "session.jobs")
        self.on_the_way += len(item.payload)
        return frames.with_bytes(Kind.INPUT, self._token, local.number, flags, payload=item.payload)

    def _send(self, frame: bytes) -> None:
        if self.is_attached:
            self._links.send(self.owner, frame)
