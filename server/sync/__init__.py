"""Live documents: `websocket` → `session` → `room` (inbox, gate, replica, journal, delivery), all of them in `rooms`."""
