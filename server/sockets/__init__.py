"""WebSockets under uvicorn: four layers with the same face, one of them our own."""

from typing import Literal

Layer = Literal["direct", "picows", "websockets-sansio", "wsproto"]
"""direct: ours, the fastest. picows: its parser behind the same connection (the extra `picows`). The others are
uvicorn's (wsproto has to be installed).
"""
