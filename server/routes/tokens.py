"""Sign-ins of programs: an access token for a quarter of an hour, a refresh token for the next one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from server.accounts.refresh import TokenPair
from server.routes.api import Body, RightsRoute, Use, refusals
from server.routes.session import Calling, Login, need_accounts

router = APIRouter(prefix="/api/v1/auth", tags=["session"], route_class=RightsRoute)


class RefreshToken(Body):
    refresh: Annotated[str, Field(max_length=200)]


class TokenAnswer(BaseModel):
    access: str
    refresh: str
    seconds: int
    type: str


@router.post("/token", response_model=TokenAnswer, responses=refusals(429, 503))
async def make_tokens(services: Use, caller: Calling, body: Login) -> dict[str, Any]:
    """Sign in a program: an access token and the refresh token for the next one."""
    return _as_api(await services.accounts.sign_in.tokens(body.email, body.password, caller))


@router.post("/refresh", response_model=TokenAnswer, responses=refusals())
async def refresh(services: Use, body: RefreshToken) -> dict[str, Any]:
    """The next pair. A refresh token is good once; its second use ends the whole family."""
    need_accounts(services)
    return _as_api(await services.accounts.families.refresh(body.refresh))


@router.post("/revoke", status_code=204, responses=refusals())
async def revoke(services: Use, body: RefreshToken) -> Response:
    """Sign a program out: its tokens end at once."""
    need_accounts(services)
    await services.accounts.families.revoke(body.refresh)
    return Response(status_code=204)


def _as_api(pair: TokenPair) -> dict[str, Any]:
    return {"access": pair.access, "refresh": pair.refresh, "seconds": pair.seconds, "type": "Bearer"}
