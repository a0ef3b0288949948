"""Measures of meshes: distances between surfaces, edges that are not manifold."""
