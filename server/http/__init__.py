"""What HTTP needs whatever the route: middleware, uploads, ranges, stored answers, the one error shape."""
