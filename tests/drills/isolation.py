"""What faults are made of on Linux, as root: namespaces whose links can be cut, small disks, clocks that jump."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

MB = 1024 * 1024
_LIBFAKETIME = "lib/*/faketime/libfaketime.so.1"
_NETWORKS = [f"10.{number}" for number in range(77, 127)]
"""Every run of drills has one of these to itself."""


def missing() -> str | None:
    """What this machine lacks for drills; None when everything is there."""
    if os.geteuid() != 0:
        return "drills cut networks and mount small disks: run them as root, in a container"
    for program, package in (("ip", "iproute2"), ("mount", "mount")):
        if shutil.which(program) is None:
            return f"{program} is missing: apt-get install {package}"
    if _libfaketime() is None:
        return "libfaketime is missing: apt-get install libfaketime"
    probe = subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True, text=True)
    return None if probe.returncode == 0 else f"no network namespaces here: {probe.stderr.strip()}"


def _libfaketime() -> str | None:
    return next((str(path) for path in Path("/usr").glob(_LIBFAKETIME)), None)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")


@dataclass(frozen=True)
class Link:
    """A cable between this machine and a namespace; `outside` and `inside` are the addresses of its ends."""

    device: str
    outside: str
    inside: str

    def cut(self) -> None:
        _ip("link", "set", self.device, "down")

    def heal(self) -> None:
        _ip("link", "set", self.device, "up")


@dataclass(frozen=True)
class Namespace:
    """A machine of its own as far as the network goes. front: to its users; back: to database and bus."""

    name: str
    front: Link
    back: Link

    @property
    def prefix(self) -> list[str]:
        """Put before a command, it runs inside."""
        return ["ip", "netns", "exec", self.name]


@contextmanager
def namespace(number: int) -> Iterator[Namespace]:
    """number: 0…60, its own for each namespace that exists at the same time."""
    name = f"maquette{os.getpid()}-{number}"
    _remove_leftovers()
    with ExitStack() as stack:
        _ip("netns", "add", name)
        stack.callback(_ip, "netns", "del", name)
        _ip("-n", name, "link", "set", "lo", "up")
        front = stack.enter_context(_cable(name, "f", 4 * number + 1))
        yield Namespace(name, front, stack.enter_context(_cable(name, "b", 4 * number + 2)))


def _remove_leftovers() -> None:
    """Cables of drills that were killed: their addresses would lead nowhere."""
    links = subprocess.run(["ip", "-o", "link"], check=True, capture_output=True, text=True).stdout
    for device, process in re.findall(r"(mq[fb]\d+x(\d+))@", links):
        if not Path(f"/proc/{process}").exists():
            _ip("link", "del", device)


@functools.cache
def _network() -> str:
    """One that no other run uses now."""
    used = subprocess.run(["ip", "-o", "-4", "addr"], check=True, capture_output=True, text=True).stdout
    start = os.getpid() % len(_NETWORKS)
    candidates = [*_NETWORKS[start:], *_NETWORKS[:start]]
    return next(one for one in candidates if f" {one}." not in used)


@contextmanager
def _cable(name: str, side: str, subnet: int) -> Iterator[Link]:
    device, inner = f"mq{side}{subnet}x{os.getpid()}", f"{side}{subnet}"
    link = Link(device, f"{_network()}.{subnet}.1", f"{_network()}.{subnet}.2")
    _ip("link", "add", device, "type", "veth", "peer", "name", inner, "netns", name)
    try:
        _lay(link, name, inner)
        yield link
    finally:
        # Not left to the end of the namespace: the kernel takes cables away some time after it, and the next wants the
        # same name.
        _ip("link", "del", device)


def _lay(link: Link, name: str, inner: str) -> None:
    _ip("addr", "add", f"{link.outside}/30", "dev", link.device)
    _ip("-n", name, "addr", "add", f"{link.inside}/30", "dev", inner)
    _ip("link", "set", link.device, "up")
    _ip("-n", name, "link", "set", inner, "up")


@dataclass(frozen=True)
class Disk:
    """A small disk of its own."""

    folder: Path

    def fill(self) -> None:
        """Until not a byte is left."""
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT)
        try:
            for size in (MB, 4096, 1):
                self._write_until_full(descriptor, bytes(size))
        finally:
            os.close(descriptor)

    def _write_until_full(self, descriptor: int, block: bytes) -> None:
        try:
            while True:
                os.write(descriptor, block)
        except OSError:
            return  # full for blocks of this size

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@dataclass(frozen=True)
class Clock:
    """The wall clock of the processes that were started with `environment`; monotonic time goes on undisturbed."""

    file: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(_libfaketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, seconds: int) -> None:
        """Show another time than the machine's: so many seconds later, or earlier when negative."""
        self.file.write_text(f"{seconds:+d}s\n")
