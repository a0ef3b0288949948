"""WebSockets under uvicorn: three layers with the same face, one of them our own."""

from typing import Literal

Layer = Literal["direct", "websockets-sansio", "wsproto"]
"""direct: ours, the fastest. The others are uvicorn's (wsproto has to be installed)."""
