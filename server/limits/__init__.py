"""How much one user, one address or one project may ask for: rates over HTTP, allowances on sockets, quotas."""
