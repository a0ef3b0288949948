"""The program behind PycrdtWebsocket: `python -m tests.benchmarks.sync.servers.pycrdt_server PORT`."""

from __future__ import annotations

import asyncio
import sys

import uvicorn
from pycrdt.websocket import ASGIServer, WebsocketServer


async def serve(port: int) -> None:
    async with WebsocketServer(auto_clean_rooms=False) as rooms:
        config = uvicorn.Config(
            ASGIServer(rooms), host="127.0.0.1", port=port, ws="websockets-sansio", ws_max_size=128 * 1024 * 1024,
            ws_per_message_deflate=False, log_level="warning",
        )  # fmt: skip
        await uvicorn.Server(config).serve()


def main() -> None:
    config = uvicorn.Config(serve, loop="auto")
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
