"""Where the server keeps what must survive: the log of updates, snapshots, projects.

The modules of tables complete the metadata that migrations are compared with.
"""

from server.storage import account_tables as account_tables
from server.storage import api_tables as api_tables
from server.storage import history_tables as history_tables
from server.storage import limit_tables as limit_tables
from server.storage import node_tables as node_tables
