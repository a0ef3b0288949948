"""Fault drills: clients edit while servers, databases, disks, clocks and networks fail (`make soak-faults`)."""
