"""Start a real S3-compatible server (ministack, with signatures checked) on a free port."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from sealift.errors import SealiftError

_REGION = "us-east-1"
_STOP_SECONDS = 5.0
_READY_SECONDS = 30.0
_ALLOW_S3 = (
    '{"Version": "2012-10-17",'
    ' "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """A running S3-compatible server, and keys that it accepts."""

    endpoint_url: str
    """`http://127.0.0.1:PORT`, without a trailing slash."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str = _REGION

    def client(self, service: str = "s3") -> Any:
        """Make a boto3 client that talks to this server and reads nothing of the environment."""
        import boto3  # noqa: PLC0415 - heavy, and only wanted when a server is
        from botocore.config import Config  # noqa: PLC0415

        return boto3.session.Session().client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(
                s3={"addressing_style": "path"},
                proxies={},
                read_timeout=_READY_SECONDS,
                retries={"total_max_attempts": 1},
            ),
        )


@contextmanager
def ministack() -> Iterator[S3Server]:
    """
    Run ministack with signature checks until the block ends.

    It listens on 127.0.0.1 only, keeps everything in memory, and ends with
    this process even if this process is killed. The keys belong to an IAM user
    that may do everything in S3: a wrong secret is answered 403.

    Raises:
        SealiftError: The server did not start. Nothing is left running.
    """
    with tempfile.TemporaryFile() as log:
        server, port = _start(log)
        try:
            yield _with_user(f"http://127.0.0.1:{port}", log)
        finally:
            _stop(server)


def _start(log: IO[bytes]) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server as a process of its own; it answers once it is up."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        port = listener.getsockname()[1]
        # A connection made before the server is up waits in the listener's queue,
        # so nobody has to poll, and no other process can take the port.
        server = subprocess.Popen(  # noqa: S603 - this very module
            [sys.executable, "-m", __name__, str(listener.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            pass_fds=[listener.fileno()],
            env=_environment(port),
            start_new_session=True,
        )
    return server, port


def _environment(port: int) -> dict[str, str]:
    """Give the server what it needs of ours, and none of our AWS settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "ERROR",
        "MINISTACK_REGION": _REGION,
    }


def _with_user(endpoint_url: str, log: IO[bytes]) -> S3Server:
    """Make a user whose secret is checked; the built-in root's is not."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    root = S3Server(endpoint_url=endpoint_url, access_key_id="test", secret_access_key="test")  # noqa: S106
    try:
        iam = root.client("iam")
        iam.create_user(UserName="sealift")
        iam.put_user_policy(UserName="sealift", PolicyName="s3", PolicyDocument=_ALLOW_S3)
        keys = iam.create_access_key(UserName="sealift")["AccessKey"]
        iam.close()
    except (BotoCoreError, ClientError) as error:
        log.seek(0)
        said = log.read().decode(errors="replace").strip().rpartition("\n")[2]
        raise SealiftError(
            f"The S3 server to try things out with did not start: {said or error}",
            hint="Install it with: pip install 'sealift[demo]'",
        ) from error
    return S3Server(
        endpoint_url=endpoint_url,
        access_key_id=keys["AccessKeyId"],
        secret_access_key=keys["SecretAccessKey"],
    )


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Close the server's standard input, which ends it; kill it if it does not end."""
    if server.stdin and not server.stdin.closed:
        server.stdin.close()
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _serve(listener_fd: int) -> None:
    """Serve on the inherited listener until standard input ends, as it does with our parent."""
    import ministack.app  # noqa: PLC0415 - only in the child, only with the extra
    from hypercorn.asyncio import serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    config = Config()
    config.bind = [f"fd://{listener_fd}"]
    config.graceful_timeout = 0.1
    config.loglevel = "ERROR"

    async def parent_is_gone() -> None:
        await asyncio.to_thread(sys.stdin.buffer.read)

    asyncio.run(serve(ministack.app.app, config, shutdown_trigger=parent_is_gone))


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
