"""Storage that nothing refers to any more."""
