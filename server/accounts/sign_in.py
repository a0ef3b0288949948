"""Coming in: by address and password, by the access key, by a share link; making an account, changing a password."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass

from server.accounts.credentials import SIGN_INS, Credentials
from server.accounts.directory import CredentialRow, User
from server.accounts.links import Links
from server.accounts.passwords import Passwords
from server.accounts.people import People, normalise_email
from server.accounts.refresh import Families, TokenPair
from server.accounts.throttle import Throttle
from server.errors import Forbidden, NotAuthorised
from server.permissions import Standing
from server.settings import SignUp

RESET_SECONDS = 24 * 3600
TICKET_SECONDS = 30
_RANKS: tuple[Standing, ...] = ("guest", "member", "team", "admin")


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from. user: who is signed in already, None for nobody."""

    user: User | None
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """cookie: of a new session; project: where a share link leads."""

    user: User
    cookie: str
    project: str | None = None


class SignIn:
    """access_key: of the invitation, None where there is none. session_seconds: how long a session lasts unused."""

    def __init__(
        self, people: People, credentials: Credentials, links: Links, families: Families, passwords: Passwords,
        throttle: Throttle, *, access_key: str | None, policy: SignUp, session_seconds: float,
    ) -> None:  # fmt: skip
        self._people = people
        self._credentials = credentials
        self._links = links
        self._families = families
        self._passwords = passwords
        self._throttle = throttle
        self._access_key = access_key
        self._policy = policy
        self._session_seconds = session_seconds
        self._making = asyncio.Lock()

    # -- accounts

    async def sign_up(
        self, email: str, password: str, name: str, key: str | None, link: str | None, caller: Caller
    ) -> SignedIn:
        """Make an account. Who is here as a guest or holder of the key keeps their id, and so all that is theirs."""
        address = normalise_email(email)
        await self._check_invitation(key, link, caller)
        await self._throttle.attempt(address, caller.address)
        hashed = await self._passwords.hash(password)
        async with self._making:  # of two first ones one becomes the admin
            user = await self._make(address, hashed, name, await self._standing(key), caller.user)
        await self._throttle.succeeded(address, caller.address)
        taken = await self._links.take(link, user.id) if link else None
        return SignedIn(user, await self._open_session(user, caller), taken.project if taken else None)

    async def _check_invitation(self, key: str | None, link: str | None, caller: Caller) -> None:
        if key is not None:
            await self._check_key(key, caller)
        if link is not None:
            await self._links.check(link)
        if self._policy == "closed" and (key is None or await self._people.has_admin()):
            raise Forbidden("sign_up_closed", "nobody can make an account here", "ask an admin")
        is_invited = key is not None or link is not None or caller.user is not None
        if self._policy == "invited" and not is_invited:
            raise Forbidden("invitation_needed", "accounts are for the invited", "open an invitation or a share link")

    async def _standing(self, key: str | None) -> Standing:
        if key is None:
            return "member"
        return "team" if await self._people.has_admin() else "admin"

    async def _make(self, email: str, hashed: str, name: str, standing: Standing, here: User | None) -> User:
        if here is None or here.is_account:
            return await self._people.create(name, standing, email, hashed)
        return await self._people.change(
            here.id, name=name, email=email, password=hashed, standing=higher(here.standing, standing)
        )

    async def sign_in(self, email: str, password: str, caller: Caller) -> SignedIn:
        user = await self._check_login(email, password, caller)
        return SignedIn(user, await self._open_session(user, caller))

    async def tokens(self, email: str, password: str, caller: Caller) -> TokenPair:
        """The same for programs: an access token and a refresh token."""
        user = await self._check_login(email, password, caller)
        return await self._families.begin(user.id, caller.agent)

    async def _check_login(self, email: str, password: str, caller: Caller) -> User:
        """One answer, after the same time, for an address that is not known and a password that is wrong."""
        address = normalise_email(email)
        await self._throttle.attempt(address, caller.address)
        user = await self._people.by_email(address)
        kept = user.password if user else None
        if not await self._passwords.verify(kept, password) or user is None or kept is None:
            raise NotAuthorised("wrong_login", "the address or the password is wrong", "check both, or ask an admin")
        await self._throttle.succeeded(address, caller.address)
        if user.disabled:
            raise disabled()
        if self._passwords.is_outdated(kept):
            await self._people.change(user.id, password=await self._passwords.hash(password))
        return user

    # -- without an account

    async def by_key(self, key: str, name: str, caller: Caller) -> SignedIn:
        """A holder of the access key: of the team from now on."""
        await self._check_key(key, caller)
        user = caller.user
        if user is None:
            user = await self._people.create(name, "team")
        elif higher(user.standing, "team") != user.standing:
            user = await self._people.change(user.id, standing="team")
        return SignedIn(user, await self._open_session(user, caller))

    async def by_link(self, link: str, name: str, caller: Caller) -> SignedIn:
        """Somebody who opens a share link: with their account, or as a guest."""
        user = caller.user
        if user is None:
            await self._links.check(link)
            user = await self._people.create(name, "guest")
        taken = await self._links.take(link, user.id)
        return SignedIn(user, await self._open_session(user, caller), taken.project)

    async def _check_key(self, key: str, caller: Caller) -> None:
        await self._throttle.attempt("the access key", caller.address)
        if self._access_key is None or not hmac.compare_digest(key.encode(), self._access_key.encode()):
            raise NotAuthorised("bad_key", "the key is not that of this server", "ask for a new invitation link")
        await self._throttle.succeeded("the access key", caller.address)

    async def _open_session(self, user: User, caller: Caller) -> str:
        _, cookie = await self._credentials.issue("session", user.id, self._session_seconds, agent=caller.agent)
        return cookie

    # -- passwords

    async def change_password(self, user: User, current: str, new: str, keep: str, caller: Caller) -> None:
        """keep: the session that goes on; all other sign-ins of theirs end."""
        await self.confirm(user, current, caller)
        await self._people.change(user.id, password=await self._passwords.hash(new))
        await self._credentials.revoke_all(user.id, [*SIGN_INS, "reset"], keep)

    async def confirm(self, user: User, password: str, caller: Caller) -> None:
        """That it is still they who ask: NotAuthorised when the password is wrong, TooMany after many tries."""
        await self._throttle.attempt(user.email or user.id, caller.address)
        if not await self._passwords.verify(user.password, password):
            raise NotAuthorised("wrong_login", "the current password is wrong")
        await self._throttle.succeeded(user.email or user.id, caller.address)

    async def make_reset(self, user: User) -> tuple[CredentialRow, str]:
        """A token that sets a new password once; the one before it is void."""
        await self._credentials.revoke_all(user.id, ["reset"])
        return await self._credentials.issue("reset", user.id, RESET_SECONDS)

    async def reset(self, token: str, password: str) -> None:
        hashed = await self._passwords.hash(password)
        spent = await self._credentials.spend("reset", token)
        if spent is None or spent.user is None:
            raise NotAuthorised("bad_reset", "the link was used, has expired, or is none", "ask an admin for a new one")
        await self._people.change(spent.user, password=hashed)
        await self._credentials.revoke_all(spent.user, SIGN_INS)


def higher(one: Standing, other: Standing) -> Standing:
    return max(one, other, key=_RANKS.index)


def disabled() -> NotAuthorised:
    return NotAuthorised("account_disabled", "this account is disabled", "ask an admin")
