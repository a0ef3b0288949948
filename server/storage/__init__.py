"""Where the server keeps what must survive: the log of updates, snapshots, projects."""
