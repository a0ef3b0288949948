"""The same load on our server and on its peers (issue 3): `make bench-sync`."""
