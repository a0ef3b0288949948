"""Everything that routes work with, opened together and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt import logs, spans
from crdt.spans import Tracing
from server.accounts.access import Access
from server.accounts.accounts import Accounts, make_accounts
from server.accounts.privacy import Privacy
from server.accounts.throttle import Throttle
from server.activity import Activity
from server.auth import Authenticator, Secrets, load_secrets
from server.blobs import BlobStore
from server.crash_reports import CrashReports
from server.history.histories import Histories, open_histories
from server.http.answers import Answers
from server.jobs.dispatcher import Dispatcher
from server.jobs.intake import Intake
from server.jobs.leases import Leases
from server.jobs.mirror import SessionMirror
from server.jobs.plain import PlainCopies
from server.jobs.queue import JobQueue
from server.ledger import BlobLedger
from server.limits.quotas import Quotas, QuotaValues
from server.limits.rates import MemoryWindow, Rates, Window
from server.limits.sockets import SocketLimits
from server.limits.values import RateValues, rate_values, socket_values
from server.metrics import LoopLag, Metrics
from server.migrations import migrate
from server.nodes.bridges import MirrorBridge, bridge_access, bridge_wake_ups
from server.nodes.cluster import Cluster, open_cluster
from server.projects import Projects
from server.scenes import Scenes
from server.settings import Settings
from server.side_process import SideProcess
from server.storage.base import StorageUnavailable, UpdateLog
from server.storage.sql import SqlUpdateLog, open_engine
from server.sync.rights import Rights
from server.sync.rooms import Rooms
from server.sync.session import Limits
from server.sync.websocket import Sync
from server.telemetry import Telemetry

_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Services:
    settings: Settings
    accounts: Accounts
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
    plain: PlainCopies
    answers: Answers
    intake: Intake
    activity: Activity
    rates: Rates
    rate_values: RateValues
    quotas: Quotas
    sockets: SocketLimits
    privacy: Privacy
    histories: Histories
    cluster: Cluster
    rights: Rights

    @property
    def auth(self) -> Authenticator:
        """Who asks: `await services.auth.identify(headers, cookies, query)`."""
        return self.accounts.auth

    @property
    def access(self) -> Access:
        """What they may do: `await services.access.role(identity, project)`."""
        return self.accounts.access


@asynccontextmanager
async def open_services(
    settings: Settings,
    clock: Callable[[], float],
    telemetry: Telemetry,
    rates: Rates,
    reports: CrashReports,
) -> AsyncIterator[Services]:
    """Bring the database up to date, open blobs, rooms and queue, and keep their tasks running until the end."""
    secrets = load_secrets(settings.data, with_access_key=settings.mode == "accounts", shared=settings.secret)
    logs.REDACTOR.add(secrets.peer_token, secrets.access_key or "", settings.secret)
    engine = open_engine(settings.database_url, idle=settings.node_lease_seconds)
    try:
        await migrate(engine)
        blobs = BlobStore.open(settings.blobs_url)
        await blobs.remove_leftovers()
        log, process = SqlUpdateLog(engine), SideProcess()
        try:
            async with (
                open_cluster(engine, settings.data, settings.redis, settings.node_lease_seconds) as cluster,
                Rooms(log, telemetry, idle_seconds=settings.room_idle_seconds, cluster=cluster) as rooms,
                open_histories(engine, log, rooms, Projects(engine, clock), blobs, clock) as histories,
            ):
                scenes = Scenes(rooms, process)
                services = _wire(
                    settings, secrets, clock, engine, log, telemetry, blobs, rooms, scenes, rates, histories, cluster
                )
                try:
                    rooms.on_failure(reports.write)
                    with reports.watching(asyncio.get_running_loop()):
                        async with _running(reports, *_tasks(services)):
                            yield services
                finally:
                    services.accounts.close()
        finally:
            await process.close()
            await log.close()
    finally:
        await engine.dispose()
        await rates.close()
        telemetry.tracing.close()


def _wire(
    settings: Settings, secrets: Secrets, clock: Callable[[], float], engine: AsyncEngine, log: UpdateLog,
    telemetry: Telemetry, blobs: BlobStore, rooms: Rooms, scenes: Scenes, rates: Rates, histories: Histories,
    cluster: Cluster,
) -> Services:  # fmt: skip
    queue, ledger, projects = JobQueue(engine, clock), BlobLedger(engine, clock), Projects(engine, clock)
    leases = Leases(engine, clock, seconds=settings.lease_seconds, attempts=settings.job_attempts)
    mirror = SessionMirror(queue)
    quotas, sockets = Quotas(engine, _quota_values(settings), clock), SocketLimits(socket_values(settings))
    dispatcher = Dispatcher(
        engine, queue, leases, mirror, rooms, ledger, quotas, rates, telemetry,
        job_rates=settings.rate_jobs, clock=clock,
    )  # fmt: skip
    # By the servers' clock, which tests turn, where Redis has none of its own.
    throttle = Throttle(rates.window if settings.redis else MemoryWindow(clock))
    accounts = make_accounts(settings, secrets, engine, clock, throttle)
    intake, activity = Intake(rooms, dispatcher, mirror, accounts.access), Activity(projects)
    rooms.on_load(mirror.repair)
    rooms.on_load(intake.loaded)
    rooms.on_commit(intake.committed)
    rooms.on_commit(activity.committed)
    rooms.on_commit(histories.compactor.committed)
    rooms.on_commit(histories.snapshots.committed)
    bridge_access(cluster.bulletin, accounts.access.changed)
    bridge_wake_ups(cluster.bulletin, dispatcher.signals)
    MirrorBridge(cluster.bulletin, mirror, queue)
    limits = Limits(message=settings.max_message)
    sync = Sync(rooms, accounts.auth, accounts.access, projects.read, telemetry, limits, sockets)
    metrics = Metrics(telemetry)
    metrics.watch_rooms(rooms.loaded)
    return Services(
        settings, accounts, telemetry, metrics, engine, log, projects, rooms, sync, scenes, blobs, ledger,
        dispatcher, PlainCopies(dispatcher, ledger, blobs), Answers(engine, clock), intake, activity,
        rates, rate_values(settings), quotas, sockets,
        Privacy(engine, rooms, histories.cleaner, accounts.access.changed), histories, cluster,
        Rights(rooms, accounts.auth, accounts.access, projects.read),
    )  # fmt: skip


def open_rates(settings: Settings) -> Rates:
    """Rates of this process, or of all servers of a Redis."""
    return Rates(_shared_window(settings.redis) if settings.redis else MemoryWindow())


def _shared_window(url: str) -> Window:
    # 7 MB of libraries that a server alone never uses.
    from server.limits.redis_rates import RedisWindow  # noqa: PLC0415

    return RedisWindow(url)


def open_tracing(settings: Settings) -> Tracing:
    """Traces where the settings ask for them; only then OpenTelemetry is imported."""
    return spans.start(settings.traces, "maquette-server", settings.trace_batches)


def _quota_values(settings: Settings) -> QuotaValues:
    return QuotaValues(
        project_jobs=settings.quota_project_jobs, user_jobs=settings.job_quota,
        project_compute=settings.quota_project_compute, user_compute=settings.quota_user_compute,
        project_storage=settings.quota_project_storage, user_storage=settings.quota_user_storage,
    )  # fmt: skip


def _tasks(services: Services) -> list[Callable[[], Coroutine[Any, Any, None]]]:
    return [
        services.dispatcher.run, services.intake.run, services.activity.run, services.histories.compactor.run,
        services.histories.snapshots.run,
        services.histories.cleaner.run, services.rights.run, LoopLag(services.telemetry).run,
    ]  # fmt: skip


@asynccontextmanager
async def _running(reports: CrashReports, *tasks: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run tasks for as long as the body does."""
    async with asyncio.TaskGroup() as group:
        started = [group.create_task(_lasting(task, reports)) for task in tasks]
        yield
        for task in started:
            task.cancel()


async def _lasting(task: Callable[[], Coroutine[Any, Any, None]], reports: CrashReports) -> None:
    """Run a task again when the database or the disk was away: it goes on when they are back."""
    while True:
        try:
            return await task()
        except (SQLAlchemyError, StorageUnavailable, OSError) as error:
            structlog.get_logger().error(
                "task_failed", task=task.__qualname__, error=f"{type(error).__name__}: {error}"
            )
            await asyncio.sleep(_RETRY_SECONDS)
        except Exception as error:
            reports.write(error, f"task {task.__qualname__}")
            raise
