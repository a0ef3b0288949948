"""A copy of everything that a server keeps, made while it runs; and a new server from it."""
