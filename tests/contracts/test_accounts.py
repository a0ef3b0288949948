"""What two requests at the same moment must not both do, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.errors import MaquetteError
from server.accounts.access_tokens import AccessTokens
from server.accounts.changes import Changed, Changes
from server.accounts.credentials import Credentials
from server.accounts.directory import Directory
from server.accounts.links import Links
from server.accounts.members import Members
from server.accounts.people import People
from server.accounts.refresh import Families
from server.accounts.tokens import Vault
from server.projects import Projects

NOW = 1_800_000_000.0


class Desk:
    """Everything that is rows, over one engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.changes, vault = Changes(), Vault(b"key")
        self.directory = Directory(engine, self.changes)
        self.people = People(engine, self.clock, self.changes)
        self.members = Members(engine, self.clock, self.changes)
        self.links = Links(engine, self.clock, vault, self.changes)
        self.credentials = Credentials(engine, self.clock, vault, self.changes)
        self.families = Families(self.credentials, self.directory, vault, AccessTokens(b"k" * 32, self.clock))
        self.projects = Projects(engine, self.clock)

    @staticmethod
    def clock() -> float:
        return NOW


@pytest.fixture
def desk(engine: AsyncEngine) -> Desk:
    return Desk(engine)


async def outcomes(*asked: object) -> Counter[str]:
    """ok, or the code of the refusal, of calls that run together."""
    results = await asyncio.gather(*asked, return_exceptions=True)  # type: ignore[call-overload]
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, MaquetteError):
            raise result
    return Counter(result.code if isinstance(result, MaquetteError) else "ok" for result in results)


async def test_one_address_has_one_account(desk: Desk) -> None:
    asked = [desk.people.create("Ada", "member", "ada@example.org", "x") for _ in range(4)]
    assert await outcomes(*asked) == {"ok": 1, "email_taken": 3}


async def test_two_owners_who_leave_at_once_do_not_both(desk: Desk) -> None:
    one, other = [await desk.people.create(name, "member") for name in ("one", "other")]
    project = await desk.projects.create("p", owner=one.id)
    await desk.members.put(project.id, other.id, "owner")
    leaving = [desk.members.remove(project.id, user.id) for user in (one, other)]
    assert await outcomes(*leaving) == {"ok": 1, "last_owner": 1}


async def test_two_admins_who_step_down_at_once_do_not_both(desk: Desk) -> None:
    admins = [await desk.people.create(name, "admin", f"{name}@x.test", "x") for name in ("one", "other")]
    assert await outcomes(*(desk.people.change(admin.id, standing="member") for admin in admins)) == {
        "ok": 1, "last_admin": 1,
    }  # fmt: skip


async def test_a_link_is_used_so_often_and_no_more(desk: Desk) -> None:
    owner = await desk.people.create("owner", "member")
    project = await desk.projects.create("p", owner=owner.id)
    link, token = await desk.links.create(project.id, owner.id, "viewer", "", None, 2)
    guests = [await desk.people.create("guest", "guest") for _ in range(5)]
    assert await outcomes(*(desk.links.take(token, guest.id) for guest in guests)) == {"ok": 2, "bad_link": 3}
    assert [one.used for one in await desk.links.of(project.id)] == [2]
    assert len([one for one in await desk.members.of(project.id) if one.link == link.id]) == 2


async def test_a_refresh_token_is_spent_once(desk: Desk) -> None:
    pair = await desk.families.begin("user", "agent")
    found = await outcomes(*(desk.families.refresh(pair.refresh) for _ in range(3)))
    assert found["ok"] <= 1
    assert found["ok"] + found["token_reused"] + found["bad_token"] == 3
    assert await desk.credentials.of("user", ["family"]) == [], "whoever it was, the family has ended"


async def test_a_ticket_is_spent_once(desk: Desk) -> None:
    _, ticket = await desk.credentials.issue("ticket", None, 30, name="session")
    spent = await asyncio.gather(*(desk.credentials.spend("ticket", ticket) for _ in range(4)))
    assert [one is not None for one in spent].count(True) == 1


async def test_what_is_remembered_is_what_was_committed(desk: Desk) -> None:
    owner = await desk.people.create("owner", "member")
    project = await desk.projects.create("p", owner=owner.id)
    told: list[Changed] = []
    desk.changes.listen(told.append)
    assert [grant.role for grant in (await desk.directory.place(owner.id, project.id)).grants] == ["owner"]
    await desk.members.put(project.id, (other := await desk.people.create("other", "member")).id, "owner")
    await desk.members.put(project.id, owner.id, "viewer")
    assert [grant.role for grant in (await desk.directory.place(owner.id, project.id)).grants] == ["viewer"]
    assert [(change.user, change.project) for change in told] == [(other.id, project.id), (owner.id, project.id)]
    reads = [desk.directory.place(owner.id, project.id) for _ in range(8)]
    *_, last = await asyncio.gather(desk.members.remove(project.id, owner.id), *reads)
    assert (await desk.directory.place(owner.id, project.id)).grants == ()
    assert len(last.grants) <= 1


async def test_a_project_that_was_asked_for_too_early_is_there_once_it_is_made(desk: Desk) -> None:
    assert not (await desk.directory.place("visitor", "early0000000")).exists
    project = await desk.projects.create("p", id="early0000000")
    assert (await desk.directory.place("visitor", project.id)).exists


async def test_who_is_granted_something_later_is_found(desk: Desk) -> None:
    owner, late = [await desk.people.create(name, "member") for name in ("owner", "late")]
    project = await desk.projects.create("p", owner=owner.id)
    assert (await desk.directory.place(late.id, project.id)).grants == ()
    await desk.members.put(project.id, late.id, "viewer")
    assert [grant.role for grant in (await desk.directory.place(late.id, project.id)).grants] == ["viewer"]


async def test_in_a_large_crowd_everybody_is_found(desk: Desk) -> None:
    project = await desk.projects.create("p")
    people = [await desk.people.create(f"{number}", "member") for number in range(70)]
    for person in people:
        await desk.members.put(project.id, person.id, "editor")
    assert len((await desk.directory.place(people[-1].id, project.id)).grants) == 1
    assert (await desk.directory.place("nobody", project.id)).grants == ()
