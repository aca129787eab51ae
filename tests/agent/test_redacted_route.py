"""Of what a redacting route must remove, no byte reaches the server, whatever happens."""

import gzip
import json
import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from sealift.ledger.desk import Desk
from sealift.sealing.seal import POLICY, Sealer, SealOptions
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import LOST_ANSWER
from tests.agent.rig import Rig, s3
from tests.cli.commands import PROGRAM, environment, run, write_config
from tests.servers import Bucket

SEED = 20_261_123
KILLS = 6
PLANTED = ("john.smith@example.com", "4111 1111 1111 1111", "AKIAIOSFODNN7EXAMPLE")
LOOK = json.loads((Path(__file__).parents[1] / "fixtures" / "conversation.json").read_bytes())
REDACT = ("pii", "secrets")


def documents(count: int) -> dict[str, bytes]:
    """Every format, with each planted value in every place that it has."""
    made: dict[str, bytes] = {}
    for number in range(count):
        mail, card, key = PLANTED
        value = {**LOOK, "n": number, "to": mail, mail: [card, int(card.replace(" ", ""))]}
        value["keys"] = {"aws": key, "text": f"x {mail}\n{card}"}
        line = json.dumps(value)
        escaped = line.replace("@", "\\u0040").replace("4", "\\u0034", 0)
        xml = f"<r n='{number}' to='{mail}'><!-- {card} -->{key} &#x6A;ohn.smith@example.com</r>"
        made |= {
            f"a{number}.json": line.encode(),
            f"b{number}.json": escaped.encode(),
            f"c{number}.ndjson": f"{line}\n{escaped}\n".encode(),
            f"d{number}.xml": xml.encode(),
            f"e{number}.txt": f"{number}: {mail}, {card}; {key}".encode(),
        }
    return made


def fill(folder: Path, made: dict[str, bytes]) -> None:
    for name, data in made.items():
        (folder / name).write_bytes(data)


def leaks(received: bytes) -> list[str]:
    """Which planted values are in what came, also behind escapes and compression."""
    if received.startswith(b"\x1f\x8b"):
        received = gzip.decompress(received)
    text = received.decode("utf-8", "replace")
    for old, new in (("\\u0040", "@"), ("&#64;", "@"), ("&#x6A;", "j")):
        text = text.replace(old, new)
    seen = text + unquote(text)
    wanted = (*PLANTED, *(value.replace(" ", "") for value in PLANTED))
    return [value for value in wanted if value in seen]


def check_nothing_leaked(server: FaultServer) -> None:
    """Invariant I4, from the server's side: bodies, keys, headers and queries."""
    assert server.requests
    for request in server.requests:
        call = request.call
        said = json.dumps([call.key, dict(call.headers), dict(call.query)]).encode()
        assert leaks(said) == []
        assert leaks(call.body) == [], call.key


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as one:
        yield one


def redacting(rig: Rig, **options: object) -> Sealer:
    return Sealer(SealOptions(redact=REDACT, **options))


def test_50_nothing_planted_reaches_the_server_through_faults(
    tmp_path: Path, server: FaultServer
) -> None:
    rig = Rig(tmp_path, (s3(server),))
    made = documents(20)
    fill(rig.folder, made)
    server.fail(LOST_ANSWER, operation="PutObject", times=5, after=3)
    server.fail(operation="PutObject", status=503, code="SlowDown", times=3, after=20)
    sealer = redacting(rig)
    with rig.agent(replace(rig.route(), sealer=sealer)) as agent:
        assert agent.run(once=True).exit_code == 0
    assert rig.states() == {"done": len(made)}
    assert len(server.objects) == len(made)
    check_nothing_leaked(server)
    for found in server.objects.values():
        assert found.headers[f"x-amz-meta-{POLICY}"] == sealer.policy
        assert b"BLOCKED" in found.body
    for item in rig.items():
        assert sum(item.redactions.values()) >= 3
        assert set(item.redactions) <= {rule.name for rule in sealer._redactor._finder.rules}


@pytest.mark.slow
def test_34_nothing_planted_reaches_the_server_though_the_agent_is_killed(
    tmp_path: Path, server: FaultServer
) -> None:
    chance = random.Random(SEED)
    server.latency_seconds = 0.02
    server.fail(
        LOST_ANSWER, operation="PutObject", key=lambda _key: chance.random() < 0.05, times=None
    )
    config = write_config(
        tmp_path,
        destination=f'kind = "s3"\nbucket = "bucket"\nendpoint_url = "{server.endpoint_url}"\n'
        'region = "us-east-1"\ntrust_conditions = true\n'
        'access_key_id = { env = "K" }\nsecret_access_key = { env = "K" }',
        route="concurrency = 4",
    )
    seal = "[routes.a.seal]\nredact = ['pii', 'secrets']\ncompress = 'gzip'\n"
    config.write_text(config.read_text() + seal)
    made = documents(40)
    fill(tmp_path / "in", made)
    cut_short = 0
    for _ in range(KILLS):
        before = len(server.requests)
        process = subprocess.Popen(
            [PROGRAM, "run", str(config), "--once"],
            cwd=tmp_path,
            env=environment(tmp_path, K="k"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # The moment is the point: any time after its first requests.
        while len(server.requests) < before + 2 and process.poll() is None:
            server._server.ending.wait(0.01)
        server._server.ending.wait(chance.uniform(0.0, 0.15))
        process.kill()
        cut_short += process.wait(10) != 0
    server.heal()
    server.latency_seconds = 0.0
    last = run("run", config, "--once", home=tmp_path, K="k")
    assert last.returncode == 0, last.stderr
    assert cut_short >= KILLS // 2
    check_nothing_leaked(server)
    assert len(server.objects) == len(made)
    assert server.put_ids_with_second_keys() == {}
    assert leaks(last.stdout.encode() + last.stderr.encode()) == []


def test_33_ministack_receives_what_was_redacted(tmp_path: Path, ministack_bucket: Bucket) -> None:
    server = ministack_bucket.server
    config = write_config(
        tmp_path,
        destination=f'kind = "s3"\nbucket = "{ministack_bucket.name}"\n'
        f'endpoint_url = "{server.endpoint_url}"\nregion = "{server.region}"',
    )
    config.write_text(config.read_text() + "[routes.a.seal]\nredact = ['pii', 'secrets']\n")
    made = documents(4)
    fill(tmp_path / "in", made)
    keys = {
        "AWS_ACCESS_KEY_ID": server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
    }
    done = run("run", config, "--once", home=tmp_path, **keys)
    assert done.returncode == 0, done.stderr
    stored = ministack_bucket.keys()
    assert len(stored) == len(made)
    for key in stored:
        head = ministack_bucket.client.head_object(Bucket=ministack_bucket.name, Key=key)
        assert POLICY in head["Metadata"]
        assert leaks(json.dumps([key, head["Metadata"]]).encode()) == []
        assert leaks(ministack_bucket.raw_get(key) or b"") == []


def test_49_what_cannot_be_redacted_waits_and_sends_nothing(
    tmp_path: Path, server: FaultServer
) -> None:
    """Binary, half a document, a rule that fails: quarantine, with a reason and no text."""
    rig = Rig(tmp_path, (s3(server),))
    mail = PLANTED[0].encode()
    fill(
        rig.folder,
        {"a.txt": b"\x00\xff" + mail, "b.json": b'{"to": "' + mail, "c.xml": b"<a>" + mail},
    )
    with rig.agent(replace(rig.route(), sealer=redacting(rig))) as agent:
        assert agent.run(once=True).exit_code == 3
    (rig.folder / "d.txt").write_bytes(mail)
    slow = redacting(rig, redact_seconds=1e-9)
    with rig.agent(replace(rig.route(), sealer=slow)) as agent:
        assert agent.run(once=True).exit_code == 3
    assert server.calls("PutObject") == []
    items = {os.fsdecode(item.path): item for item in rig.items()}
    assert {name: (item.state, item.code) for name, item in items.items()} == {
        "a.txt": ("quarantined", "invalid_content"),
        "b.json": ("quarantined", "invalid_content"),
        "c.xml": ("quarantined", "invalid_content"),
        "d.txt": ("quarantined", "redaction"),
    }
    assert "at byte 0" in items["a.txt"].reason
    with Desk(rig.state_dir):
        files = [path for path in rig.state_dir.rglob("*") if path.is_file()]
        assert not any(leaks(path.read_bytes()) for path in files)


def test_50_nothing_planted_is_in_a_key(tmp_path: Path, server: FaultServer) -> None:
    rig = Rig(tmp_path, (s3(server),), template="{id}/{stem}/{name}")
    fill(rig.folder, {f"to_{value}.json": b"{}" for value in PLANTED})
    with rig.agent(replace(rig.route(), sealer=redacting(rig))) as agent:
        assert agent.run(once=True).exit_code == 0
    assert len(server.objects) == len(PLANTED)
    check_nothing_leaked(server)
