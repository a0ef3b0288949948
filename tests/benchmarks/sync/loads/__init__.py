"""The loads of issue 3, by their letters."""
