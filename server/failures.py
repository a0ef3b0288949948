"""Every failure that people or programs are told, by its stable code: its cause, and what to do next.

`python -m server.failures` prints docs/errors.md. A test holds the table equal to the codes that server/ and
crdt/ raise.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    cause: str
    next: str


_AGAIN = "Try again in a moment; clients do so by themselves."
_OTHER_REQUEST = "Correct the request; the message says what was found."
_UPDATE_CLIENT = "Update the client; if it is up to date, report it with the message."
_ANEW = "Join anew under a new client id; our clients keep the refused edits and offer them as a proposal."
_LESS = "Remove or finish something, or ask the operator for more."

_TABLE = """
## Who is asking
not_authorised | Nobody is signed in, or no key was sent. | Sign in, or send `Authorization: Bearer`.
bad_token | The token of the Authorization header is not known. | Make a new key or token; it may have been revoked.
token_expired | An access token is older than 15 minutes. | Refresh it.
token_reused | A refresh token was used twice: somebody else may have it. That sign-in has ended. | Sign in again.
bad_ticket | A ticket for a socket was used already, or is older than 30 seconds. | Ask for a new one.
no_ticket | This kind of credential gets no tickets. | Send the credential itself.
bad_key | The invitation's key is not that of this server. | Ask for a new invitation link.
bad_link | A share link is wrong, withdrawn or used up. | Ask for a new one.
link_expired | A signed address is older than it says. | Ask for the address again.
bad_signature | A signed address was altered. | Ask for the address again.
bad_reset | A reset link was used or is too old. | Ask an admin for a new one.
wrong_login | Address or password is wrong. | Check both; an admin can give a reset link.
weak_password | The password is too short or too common. | Take a longer one.
bad_email | The address is none. | Write it as name@host.
email_taken | There is an account with this address. | Sign in, or ask for a reset link.
sign_up_closed | Nobody may make an account here. | Ask an admin for an invitation.
invitation_needed | An account needs an invitation here. | Open the invitation link.
account_disabled | An admin has disabled the account. | Ask an admin.
no_account | A key of the server or of a peer is nobody's account. | Sign in as a person.
no_accounts | A local server has no accounts. | Start it with `MAQUETTE_ACCOUNTS=true`.
too_many_attempts | Too many wrong passwords. | Wait as long as Retry-After says.
too_many_logins | Too many sign-ins are checked at this moment. | Try again in a moment.
too_many_keys | There are as many API keys as one person may have. | Delete one that is not used.
too_many_links | There are as many share links as one project may have. | Withdraw one that is not used.
## What one may do
forbidden | The role does not allow it. | Ask an owner of the project for another role.
permission_denied | The server lets this replica read only, or not at all. | Ask an owner for another role.
read_only | The connection may not write this document. | Ask an owner for another role.
operation_not_allowed | The peer's token does not allow this operation. | Make a token with it.
last_admin | Nobody could administer the server then. | Make somebody else an admin first.
last_owner | Nobody would own the project then. | Make somebody else an owner first.
owns_projects | Projects would be left without an owner. | Hand them over, or let them be deleted too.
metrics_not_allowed | Metrics are for those who run the server. | Set MAQUETTE_METRICS_ALLOWED or _TOKEN.
foreign_host | The server does not answer to this host name. | Add it to MAQUETTE_ALLOWED_HOSTS.
foreign_origin | A page of another site may not use this server. | Add it to MAQUETTE_CORS_ORIGINS.
## What is not there
no_such_project | There is no such project, or none that you are in. | Check the address, or ask to be added.
no_such_document | A project has a scene, branches of it, and a session; nothing else. | Check the address.
no_such_account | Nobody here has this address. | Check it, or send a share link.
no_such_person | Nobody has this id. | Look for the person by name.
no_such_member | This person is not in the project. | Add them first.
no_such_credential | There is no such session, key or token of yours. | It may have ended already.
no_such_link | The project has no such link. | It may have been withdrawn already.
no_such_job | The project has no such job. | List the jobs.
no_such_blob | The project has no such blob. | Upload it first.
no_such_version | The project has no such version. | List the versions.
no_such_moment | The log does not reach there. | Choose a number of the log.
no_such_page | There is no such page. | Start at `/`.
no_geometry | The mesh has no shape in this project. | Import or generate one.
project_trashed | The project is in the trash. | Restore it first.
## Requests that cannot be read
bad_json | The body or field is no JSON. | {other}
json_too_deep | The JSON is nested too deeply. | {other}
bad_base64 | The update is no base64. | {other}
bad_cursor | The cursor is none of this list. | Use `next` of an earlier page, or none.
bad_idempotency_key | The Idempotency-Key is too long. | Use one of at most 200 characters.
idempotency_conflict | The key was used for another request. | Use a new key.
bad_multipart | The upload is no multipart body, or was cut off. | Send it again.
bad_edit | An edit has another form than the schema's. | {other}
bad_job | A job's target or params have another form. | {other}
bad_result | A peer's result lacks what its operation makes. | Update the peer.
bad_url | An address is none of a project. | Use `http://host/p/{{id}}` or a `/sync/` address.
nothing_to_change | The body names nothing to change. | Name what is to change.
unknown_operation | There is no such operation. | Choose one of those in the message.
unknown_blob | A job names a blob that the project has not. | Upload it first.
no_file | The upload has no file. | Send each as a part named `file`.
file_type_not_allowed | The file is no model and no part of one. | Send the model with its textures.
file_is_not_what_it_says | The file does not begin as its name says. | Check whether it is damaged or misnamed.
hash_mismatch | The bytes are others than the address names. | Send them again; the transfer damaged them.
range_not_satisfiable | The range lies outside of the blob. | Ask for one inside.
not_decoded_yet | The decoded copy is being made. | Ask again after Retry-After.
## Limits
too_many_requests | More requests than the rate allows. | Wait as long as Retry-After says.
too_many_connections | More open connections than the quota allows. | Close one, or wait.
too_many_jobs | More jobs wait or run than the quota allows. | Wait for one, or cancel one.
compute_used_up | The compute time of 24 hours is used up. | Wait as long as Retry-After says.
storage_full | The blobs would be above the quota. | {less}
body_too_large | The body is above MAQUETTE_MAX_JSON. | Send less at once.
upload_too_large | The upload is above MAQUETTE_MAX_UPLOAD. | Send fewer files at once, or ask the operator.
blob_too_large | The blob is above MAQUETTE_MAX_BLOB. | Split it, or ask the operator.
too_many_parts | The upload has too many parts. | Send one zip.
field_too_large | A form field is too large. | Send it as a file.
message_too_large | A message is above MAQUETTE_MAX_MESSAGE. | Export what was changed offline and import it.
presence_too_large | A presence state is above 4 KB. | Say less in it.
too_fast | More questions were asked than answers read. | Read before asking again.
## Messages on sockets
text_message | A text message came; only binary ones are. | {client}
unknown_message | A message has a number that nobody gave. | {client}
unknown_frame | Two servers of a cluster are of different versions. | Update both.
unknown_verb | Two servers of a cluster are of different versions. | Update both.
not_for_servers | A message came that only servers send. | {client}
not_for_clients | A message came that only clients send. | Update the server.
truncated | Bytes end too early. | {client}
trailing_bytes | Bytes are left over. | {client}
bad_text | Text is no UTF-8. | {client}
bad_presence | A presence state cannot be read. | {client}
count_too_large | A count is larger than what follows. | {client}
number_too_large | A number has more bits than there are. | {client}
## Updates that are not applied
malformed_update | The bytes are no Yjs update (V1). | {anew}
malformed_state_vector | The bytes are no state vector. | {anew}
bad_update | The bytes are no Yjs update (V1). | {anew}
bad_parent | A struct names a parent that cannot be one. | {anew}
client_twice | One client id has two sections in an update. | {anew}
clock_too_large | A clock is beyond what may be counted. | {anew}
empty_struct | A struct is empty. | {anew}
refers_ahead | A struct refers to a later one. | {anew}
key_too_long | A key of a map is too long. | {anew}
value_too_large | A value is too large. | Store it as a blob and refer to it.
value_too_deep | A value is nested too deeply. | {anew}
unknown_content | A kind of content that nobody knows. | {anew}
unknown_value | A kind of value that nobody knows. | {anew}
type_not_allowed | Scenes hold maps, values and binaries only. | {anew}
unknown_root | A root that the schema does not have. | {anew}
client_id_taken | The client id belongs to somebody else. | {anew}
container_misplaced | A map lies where the schema has a value. | {anew}
container_removed | A record was deleted; records are trashed instead. | {anew}
container_replaced | A record was written a second time. | {anew}
not_closed | The update refers to what nobody here has. | {anew}
schema_reserved | Only the server says which schema a document has. | {anew}
## Edits
bad_value | The value is none of the schema's. | {other}
bad_order | The position is none. | {other}
id_taken | There is a record with this id. | Take a new id.
unknown_key | The record has no such key. | {other}
unknown_record | The document has no such record. | It may have been made elsewhere; read the scene again.
no_container | The record has no such part. | {other}
is_container | The key holds a map, not a value. | {other}
move_into_itself | A node cannot lie below itself. | Choose another parent.
not_a_sibling | The neighbour lies below another parent. | Choose one of the same parent.
counter_exhausted | The node was moved as often as can be counted. | Duplicate it.
## Jobs
job_cancelled | The job was cancelled before its result came. | Drop the work.
lease_lost | The job is another peer's now. | Drop the work; lease again.
## The server
server_stopping | The server is being restarted. | {again}
room_closed | The document is being closed. | {again}
document_closed | The document is closed for a moment, as when it is founded anew. | {again}
storage_unavailable | The database does not answer, or its disk is full. | {again} The operator sees why in /readyz.
no_owner | No server owns the document at this moment. | {again}
owner_away | The server that owns the document does not answer. | {again}
not_the_owner | Another server owns the document now. | {again}
log_behind | This server is still reading the log. | {again}
deposed | Another server took the document over. | {again}
data_in_use | Another server uses the data folder, or the database. | Stop it, or share PostgreSQL and Redis.
document_in_use | Another server writes this document. | Stop it, or share PostgreSQL and Redis.
log_conflict | Another server wrote the same row. | Stop it, or share PostgreSQL and Redis.
process_ended | A process of the server that does heavy work ended. | Try again; if it stays, look into the log.
bad_row | A row of the log cannot be read. | Restore the database from a backup.
not_the_same | Compacting would have changed a document and was not done. | Report it; nothing is lost.
internal | The server made a mistake. | Try again; if it stays, report it with the request id.
not_a_backup | The folder or file is no backup of ours, or of a newer version. | Name one that `maquette backup` made.
no_such_server | The data folder holds no server. | Name the folder that `maquette serve --data` was given.
not_empty | The target of a backup or restore holds something already. | Name an empty folder or database.
blob_missing | The backup lacks a blob that it names. | Take it from an earlier backup, or restore without it.
## The client
unreachable | The server does not answer. | Check the address and the network; clients go on trying.
disconnected | The connection ended before the edit was saved. | It is sent again after reconnecting.
left | A script used a connection after its block had ended. | Join anew, and edit inside the block.
http_error | The server answered a handshake with an error. | Check the address and the credentials.
refused | The server refused this replica. | {anew}
other_generation | The document was founded anew while this replica was away. | Its edits are offered as a proposal.
schema_too_new | The document is of a newer version. | Update the client; until then it is read-only.
"""


def failures() -> dict[str, dict[str, Failure]]:
    """Failures by code, by the heading that they stand under."""
    sections: dict[str, dict[str, Failure]] = {}
    texts = {"other": _OTHER_REQUEST, "client": _UPDATE_CLIENT, "anew": _ANEW, "again": _AGAIN, "less": _LESS}
    for line in _TABLE.strip().splitlines():
        if line.startswith("## "):
            section = sections.setdefault(line.removeprefix("## "), {})
        else:
            code, cause, then = line.split(" | ")
            section[code] = Failure(cause, then.format(**texts))
    return sections


def page() -> str:
    """docs/errors.md."""
    lines = [
        "# Failures", "",
        'Every refusal, over HTTP as `{"error": {"code", "message", "hint"}}` and on sockets as a *refused* message,',
        "has a stable code. The page is made by `python -m server.failures > docs/errors.md`.",
    ]  # fmt: skip
    for heading, found in failures().items():
        lines += ["", f"## {heading}", "| code | cause | what to do |", "|---|---|---|"]
        lines += [f"| `{code}` | {failure.cause} | {failure.next} |" for code, failure in found.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
