"""Where the server keeps what must survive: the log of updates, snapshots, projects."""

from server.storage import api_tables as api_tables  # completes the metadata that migrations are compared with
from server.storage import history_tables as history_tables
from server.storage import limit_tables as limit_tables
from server.storage import node_tables as node_tables
