"""What the demo does, step by step."""

import importlib.util
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sealift
from sealift.cli.showing import item_lines, shown
from sealift.errors import UsageError
from sealift.events import Event, NotReady
from sealift.testing.ministack import S3Server, ministack

BUCKET: Final = "demo-bucket"
KEY_NAMES: Final = ("SEALIFT_DEMO_KEY_ID", "SEALIFT_DEMO_SECRET")

_CONFIG: Final = """\
[agent]
state_dir = "state"
device_id = "demo-laptop"

[routes.conversations]
after = "rename"

[routes.conversations.source]
kind = "folder"
path = "memory"
pattern = "*.json"
settle_seconds = 0.5
growth_seconds = 1.0

[routes.conversations.destination]
kind = "s3"
bucket = "{bucket}"
prefix = "uploads/"
region = "{region}"
endpoint_url = "{endpoint_url}"
access_key_id = {{ env = "{key_id}" }}
secret_access_key = {{ env = "{secret}" }}
"""


def play(folder: Path) -> int:
    """Play the demo in *folder*; 0 if everything went as it is told.

    Raises:
        UsageError: What it needs is not installed. Nothing was started.
    """
    for needed in ("ministack", "hypercorn"):
        if importlib.util.find_spec(needed) is None:
            raise UsageError(
                "The demo needs an S3-compatible server, which is not installed.",
                hint="Install it with: pip install 'sealift[demo]'",
            )
    _say("An S3-compatible server that checks signatures starts on this machine ...")
    with ministack() as server:
        client = server.client()
        client.create_bucket(Bucket=BUCKET)
        config = _write_config(folder, server)
        _write_samples(folder / "memory")
        first = _deliver(config, folder / "memory", growing=True)
        arrived = _show_bucket(client)
        _explain(config)
        _say("The same command again: nothing is sent twice.")
        second = _deliver(config, folder / "memory", growing=False)
        again = [found["Key"] for found in client.list_objects_v2(Bucket=BUCKET)["Contents"]]
        client.close()
        print(f"  {len(again)} objects, the same as before.")
    _say("That was it. Everything is removed; write your own sealift.toml and: sealift run")
    as_told = first == second == 3 and arrived == again and len(again) == 6
    return 0 if as_told else 1


def _say(text: str) -> None:
    print(f"\n── {text}", flush=True)


def _write_config(folder: Path, server: S3Server) -> Path:
    os.environ[KEY_NAMES[0]] = server.access_key_id
    os.environ[KEY_NAMES[1]] = server.secret_access_key
    text = _CONFIG.format(
        bucket=BUCKET,
        region=server.region,
        endpoint_url=server.endpoint_url,
        key_id=KEY_NAMES[0],
        secret=KEY_NAMES[1],
    )
    config = folder / "sealift.toml"
    config.write_text(text, encoding="utf-8")
    _say("The whole configuration, sealift.toml:")
    print(text.rstrip(), flush=True)
    return config


def _write_samples(memory: Path) -> None:
    """Write conversations, one of them with an odd name, and one that is broken."""
    memory.mkdir()
    names = ("monday.json", "tuesday.json", "wednesday.json", "thursday.json", "Grüße %1.json")
    for number, name in enumerate(names):
        text = json.dumps({"conversation": number, "messages": [{"role": "user", "text": "Hello"}]})
        (memory / name).write_text(text, encoding="utf-8")
    (memory / "broken.json").write_text('{"conversation": 5, "messages": [', encoding="utf-8")
    _say("The folder memory/ holds:")
    for file in sorted(memory.iterdir()):
        print(f"  {file.name}", flush=True)
    print("  growing.json, which its app is still writing", flush=True)


def _deliver(config: Path, memory: Path, *, growing: bool) -> int:
    _say("$ sealift run --once sealift.toml")
    settings = sealift.Config.load(config)
    with sealift.showing(settings.agent) as show, _growing(memory, show.notify, growing) as notify:
        routes = sealift.build_routes(settings, notify=notify)
        surroundings = sealift.Surroundings(notify=notify)
        with sealift.Agent(routes, settings.agent.state_dir, surroundings) as agent:
            code = agent.run(once=True).exit_code
    print(f"  exit code {code}: {_MEANING.get(code, 'not as told')}", flush=True)
    return code


_MEANING: Final = {3: "something is in quarantine, everything else is delivered"}


@contextmanager
def _growing(
    memory: Path, notify: Callable[[Event], None], wanted: bool
) -> Iterator[Callable[[Event], None]]:
    """Write half a file, and the rest as soon as Sealift has said that it waits for it."""
    if not wanted:
        yield notify
        return
    seen = threading.Event()
    file = memory / "growing.json"
    file.write_text('{"conversation": 6, ', encoding="utf-8")

    def watch(event: Event) -> None:
        notify(event)
        if isinstance(event, NotReady) and event.name == file.name:
            seen.set()

    def write() -> None:
        seen.wait(5)
        with file.open("a", encoding="utf-8") as rest:
            rest.write('"messages": []}')

    writer = threading.Thread(target=write, name="demo-app")
    writer.start()
    try:
        yield watch
    finally:
        seen.set()
        writer.join()


def _show_bucket(client: object) -> list[str]:
    _say(f"What the server holds in s3://{BUCKET}:")
    found = client.list_objects_v2(Bucket=BUCKET)["Contents"]  # type: ignore[attr-defined]
    for one in found:
        print(f"  {one['Size']:5} bytes  {shown(one['Key'])}", flush=True)
    return [one["Key"] for one in found]


def _explain(config: Path) -> None:
    settings = sealift.Config.load(config)
    _say("$ sealift history monday.json")
    for item in sealift.history(settings, "monday.json"):
        print("\n".join(item_lines(item)))
    _say("$ sealift quarantine list")
    for item in sealift.quarantined(settings):
        print(f"  {item.name}: {item.reason}", flush=True)
