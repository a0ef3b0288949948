"""Everything that routes work with, opened together and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from server.activity import Activity
from server.answers import Answers
from server.auth import Authenticator, load_secrets
from server.blobs import BlobStore
from server.dispatcher import Dispatcher
from server.jobs.intake import Intake
from server.jobs.leases import Leases
from server.jobs.mirror import SessionMirror
from server.jobs.queue import JobQueue
from server.ledger import BlobLedger
from server.metrics import Metrics
from server.migrations import migrate
from server.projects import Projects
from server.rooms import Rooms
from server.scenes import Scenes
from server.settings import Settings
from server.storage.base import UpdateLog
from server.storage.sql import SqlUpdateLog, open_engine
from server.telemetry import Telemetry
from server.websocket import Sync


@dataclass(frozen=True)
class Services:
    settings: Settings
    auth: Authenticator
    telemetry: Telemetry
    metrics: Metrics
    engine: AsyncEngine
    log: UpdateLog
    projects: Projects
    rooms: Rooms
    sync: Sync
    scenes: Scenes
    blobs: BlobStore
    ledger: BlobLedger
    dispatcher: Dispatcher
    answers: Answers


@asynccontextmanager
async def open_services(settings: Settings, clock: Callable[[], float]) -> AsyncIterator[Services]:
    """Bring the database up to date, open blobs, rooms and queue, and keep their tasks running until the end."""
    secrets = load_secrets(settings.data, with_access_key=settings.mode == "key")
    telemetry = Telemetry()
    engine = open_engine(settings.database_url)
    try:
        await migrate(engine)
        blobs = BlobStore.open(settings.blobs_url)
        await blobs.remove_leftovers()
        projects, ledger, queue = Projects(engine, clock), BlobLedger(engine, clock), JobQueue(engine, clock)
        leases = Leases(engine, clock, seconds=settings.lease_seconds, attempts=settings.job_attempts)
        mirror, activity = SessionMirror(queue), Activity(projects)
        log = SqlUpdateLog(engine)
        async with Rooms(log, telemetry, idle_seconds=settings.room_idle_seconds) as rooms:
            dispatcher = Dispatcher(
                engine, queue, leases, mirror, rooms, ledger, blobs, quota=settings.job_quota, clock=clock
            )
            intake = Intake(rooms, dispatcher, mirror)
            rooms.on_load(mirror.repair)
            rooms.on_load(intake.loaded)
            rooms.on_commit(intake.committed)
            rooms.on_commit(activity.committed)
            auth = Authenticator(
                secrets, local=settings.mode == "local", session_seconds=settings.session_days * 86400, clock=clock
            )
            async with _running(dispatcher.run(), intake.run(), activity.run()):
                yield Services(
                    settings, auth, telemetry, Metrics(telemetry), engine, log, projects, rooms,
                    Sync(rooms, auth, projects.read, telemetry), Scenes(rooms), blobs, ledger, dispatcher,
                    Answers(engine, clock),
                )  # fmt: skip
            dispatcher.signals.close()
        await activity.flush()
    finally:
        await engine.dispose()


@asynccontextmanager
async def _running(*tasks: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run tasks for as long as the body does. One that fails ends the server: none of them may be missing."""
    async with asyncio.TaskGroup() as group:
        started = [group.create_task(task) for task in tasks]
        yield
        for task in started:
            task.cancel()
