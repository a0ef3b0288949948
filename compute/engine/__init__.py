"""Engines run the pure part of operations away from the peer's event loop: `local` in worker processes."""
