"""Compute peers: operations on meshes, file formats and the peer that runs them."""
