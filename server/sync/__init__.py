"""Live documents: `websocket` → `session` → `room` (inbox, gate, replica, journal, delivery), kept in `rooms`."""
