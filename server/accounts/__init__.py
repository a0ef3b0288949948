"""Who people are, what they come in with, and which role they have where."""
