"""Measure the listener beside rsyslog, with the load on the same machine: `-m bench.listener`."""

import argparse
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

CONNECTIONS = 20
_BATCH = 100
_STARTED_SECONDS = 20.0
_TICK_SECONDS = 0.004


def make_event(number: int) -> bytes:
    """An event of 1 KB with its number, and 17 fields as access control systems send them."""
    fields = b"".join(
        b"<field%02d>value number %02d of it</field%02d>" % (i, i, i) for i in range(16)
    )
    head = b"<EVENT><id>%012d</id>" % number
    text = b"<text>%s</text></EVENT>\n"
    return head + fields + text % (b"x" * (1024 - len(head) - len(fields) - len(text) + 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one server did."""

    what: str
    events_per_second: float
    cpu_us: float
    """CPU time of the server for each event, in microseconds."""

    rss_mb: float
    """Its largest resident memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server, and how to know that it has written everything."""

    process: subprocess.Popen[bytes]
    port: int
    acknowledges: bool
    written: Callable[[], int]
    """Bytes that it has written so far."""


def flood(port: int, count: int, *, acknowledged: bool) -> None:
    """Send events over all connections at once; wait for the last acknowledgement, if any."""
    each = count // CONNECTIONS
    batch = b"".join(map(make_event, range(_BATCH)))

    def send() -> None:
        with socket.create_connection(("127.0.0.1", port)) as sender:
            reader = threading.Thread(target=_read_to, args=(sender, each))
            if acknowledged:
                reader.start()
            for _ in range(each // _BATCH):
                sender.sendall(batch)
            if acknowledged:
                reader.join()

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _read_to(sender: socket.socket, count: int) -> None:
    held = b""
    while f"OK {count}\n".encode() not in held:
        more = sender.recv(65536)
        if not more:
            raise ConnectionError("the server closed the connection")
        held = held[-30:] + more


def measure(what: str, server: Server, count: int) -> Row:
    """Flood a server from a process of its own, until all is written."""
    process = psutil.Process(server.process.pid)
    before = _cpu(process)
    begun = time.perf_counter()
    subprocess.run(
        [
            *(sys.executable, "-m", __spec__.name, "--flood", str(server.port)),
            *("--events", str(count), *(["--acknowledged"] if server.acknowledges else [])),
        ],
        check=True,
    )
    while not server.acknowledges and server.written() < count * len(make_event(0)):
        time.sleep(0.01)
    seconds = time.perf_counter() - begun
    return Row(
        what=what,
        events_per_second=count / seconds,
        cpu_us=(_cpu(process) - before) / count * 1e6,
        rss_mb=_peak_mb(process.pid),
    )


def latencies(port: int, rate: int, seconds: float) -> list[float]:
    """Send at a steady rate; give the time from each send to its acknowledgement, sorted."""
    each_tick = round(rate * _TICK_SECONDS)
    events = [make_event(number) for number in range(1000)]
    sent: list[list[float]] = [[] for _ in range(CONNECTIONS)]
    waited: list[float] = []
    with ExitStack() as stack:
        senders = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            for _ in range(CONNECTIONS)
        ]
        begun = time.perf_counter()
        ticks = held = 0
        text = [b""] * CONNECTIONS
        seen = [0] * CONNECTIONS
        total = int(seconds / _TICK_SECONDS) * each_tick
        while len(waited) < total:
            now = time.perf_counter()
            while ticks * _TICK_SECONDS <= now - begun and held < total:
                for _ in range(each_tick):
                    number = held % CONNECTIONS
                    sent[number].append(time.perf_counter())
                    senders[number].sendall(events[held % len(events)])
                    held += 1
                ticks += 1
            ready, _, _ = select.select(senders, [], [], _TICK_SECONDS / 4)
            for sender in ready:
                number = senders.index(sender)
                *lines, text[number] = (text[number] + sender.recv(65536)).split(b"\n")
                now = time.perf_counter()
                if lines:
                    done = int(lines[-1][3:])
                    waited += [now - at for at in sent[number][seen[number] : done]]
                    seen[number] = done
    return sorted(waited)


@contextmanager
def sealift(work: Path, destination: str) -> Iterator[Server]:
    """Run `sealift run` with a listener whose files go to *destination*."""
    work.mkdir()
    (work / "out").mkdir()
    port = _free_port()
    (work / "sealift.toml").write_text(
        f"""
[routes.events]
key = "{{name}}"
[routes.events.source]
kind = "listener"
port = {port}
acknowledge = true
max_file_bytes = 50000000
[routes.events.destination]
{destination}
"""
    )
    environ = {**os.environ, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    program = shutil.which("sealift", path=str(Path(sys.executable).parent)) or "sealift"
    with _running([program, "run"], work, environ) as process:
        yield Server(process=process, port=_reached(port), acknowledges=True, written=lambda: 0)


@contextmanager
def rsyslog(work: Path, program: str, modules: str, *, synced: bool) -> Iterator[Server]:
    """Run rsyslog writing each line to a file, with or without a sync after each batch."""
    work.mkdir()
    port = _free_port()
    out = work / "out.log"
    (work / "rsyslog.conf").write_text(
        f"""
global(workDirectory="{work}" maxMessageSize="64k")
module(load="imtcp" maxSessions="200")
template(name="raw" type="string" string="%rawmsg%\\n")
input(type="imtcp" port="{port}" address="127.0.0.1" ruleset="r")
ruleset(name="r" queue.type="linkedList" queue.size="100000" queue.dequeueBatchSize="1024") {{
  action(type="omfile" file="{out}" template="raw" sync="{"on" if synced else "off"}"
         asyncWriting="off" flushOnTXEnd="on")
}}
"""
    )
    command = [program, "-n", "-f", str(work / "rsyslog.conf"), "-i", str(work / "pid")]
    with _running([*command, *(["-M", modules] if modules else [])], work, None) as process:
        yield Server(
            process=process,
            port=_reached(port),
            acknowledges=False,
            written=lambda: out.stat().st_size if out.exists() else 0,
        )


@contextmanager
def _running(
    command: list[str], work: Path, environ: dict[str, str] | None
) -> Iterator[subprocess.Popen[bytes]]:
    with (work / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=work, env=environ, stdout=said, stderr=said)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _reached(port: int) -> int:
    """Wait until the port answers."""
    end = time.monotonic() + _STARTED_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return port


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def run(work: Path, options: argparse.Namespace, console: Console) -> None:
    """Measure everything, and print it."""
    rows = []
    with sealift(work / "a", 'kind = "directory"\npath = "out"') as server:
        rows.append(measure("Sealift, synced, delivering", server, options.events))
    with sealift(work / "b", 'kind = "directory"\npath = "out"') as server:
        waited = latencies(server.port, 5000, options.seconds)
    nobody = f'kind = "s3"\nbucket = "bucket"\nendpoint_url = "http://127.0.0.1:{_free_port()}"'
    with sealift(work / "c", nobody + '\nregion = "us-east-1"') as server:
        rows.append(measure("Sealift, synced, S3 away", server, options.outage_events))
    if options.rsyslogd:
        for synced in (False, True):
            name = f"rsyslog, {'synced' if synced else 'not synced'}"
            place = work / name.replace(" ", "")
            with rsyslog(place, options.rsyslogd, options.modules, synced=synced) as server:
                rows.append(measure(name, server, options.events))
    table = Table("", "events/s", "CPU µs/event", "peak RSS MB")
    for row in rows:
        table.add_row(
            row.what, f"{row.events_per_second:,.0f}", f"{row.cpu_us:.0f}", f"{row.rss_mb:.0f}"
        )
    console.print(table)
    parts = (0.5, 0.99, 0.999)
    told = ", ".join(f"p{100 * p:g} {waited[int(p * len(waited))] * 1e3:.1f} ms" for p in parts)
    console.print(f"From send to acknowledged at 5,000/s: {told} ({len(waited)} events)")


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--outage-events", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of the steady rate")
    parser.add_argument("--rsyslogd", default=shutil.which("rsyslogd") or "")
    parser.add_argument("--modules", default="", help="folder of rsyslog's modules")
    parser.add_argument("--flood", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--acknowledged", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.flood:
        flood(options.flood, options.events, acknowledged=options.acknowledged)
        return
    with tempfile.TemporaryDirectory() as work:
        run(Path(work), options, Console())


if __name__ == "__main__":
    main()
