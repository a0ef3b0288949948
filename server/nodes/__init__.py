"""Several servers as one: who owns a branch, and how the others follow."""
