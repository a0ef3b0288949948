"""`python -m tests.benchmarks.sync [--only a,b] [--server maquette,hocuspocus] [--runs 5] [--page]`.

Installs the peers on its first run (npm). --page writes the tables into docs/benchmarks.md; give it with all servers.
"""

from __future__ import annotations

import argparse

from tests.benchmarks.page import put_section
from tests.benchmarks.sync.loads.catalogue import LOADS
from tests.benchmarks.sync.runner import measure
from tests.benchmarks.sync.servers import OURS
from tests.benchmarks.sync.servers.install import install_peers
from tests.benchmarks.sync.tables import table_of


def main() -> None:
    arguments = _arguments()
    install_peers()
    for letter in arguments.only:
        load = LOADS[letter]
        servers = [name for name in load.servers if name in (arguments.server or load.servers)]
        measured = measure(load, [load.servers[name] for name in servers], arguments.runs)
        table = table_of(load, load.servers[OURS].name, measured)
        print(table.markdown(), flush=True)
        if arguments.page:
            put_section(f"sync_{letter}", [table])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sync")
    parser.add_argument("--only", type=_names, default=list(LOADS), help=f"loads: {', '.join(LOADS)}")
    parser.add_argument("--server", type=_names, default=[], help="servers by name (default: all of a load)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


if __name__ == "__main__":
    main()
