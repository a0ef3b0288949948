"""How the nodes of one installation speak to each other."""
