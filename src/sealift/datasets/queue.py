"""Hears of new objects through SQS, to which S3 sends the bucket's events."""

import re
import threading
from typing import Any, Final
from urllib.parse import urlsplit

from sealift.destinations.s3_credentials import source_for
from sealift.destinations.s3_errors import explain, read_botocore
from sealift.destinations.s3_options import S3Options
from sealift.errors import ConfigError

_LONGEST_POLL_SECONDS: Final = 10
"""SQS allows 20; a signal to stop waits for the answer."""

_REGION: Final = re.compile(r"sqs\.([a-z0-9-]+)\.amazonaws\.")


class SqsNotices:
    """Messages of a queue. Each is a nudge to look; what it says is not read.

    A message stays in the queue until a sync has succeeded after it.

    Args:
        queue_url: The queue's URL.
        options: Whose credentials and region are used.

    Raises:
        ConfigError: The URL is none.
    """

    def __init__(self, queue_url: str, options: S3Options) -> None:
        split = urlsplit(queue_url)
        if split.scheme not in {"http", "https"} or not split.hostname:
            raise ConfigError(
                "queue_url is no URL of an SQS queue.", hint="Copy it from the SQS console."
            )
        self._url = queue_url
        self._endpoint = f"{split.scheme}://{split.netloc}"
        named = _REGION.search(split.netloc)
        self._region = named[1] if named else options.region or "us-east-1"
        self._source = source_for(options)
        self._woken = threading.Event()
        self._receipts: list[str] = []

    def wait(self, seconds: float) -> None:
        """Wait until a message comes, but at most so many seconds.

        Raises:
            SealiftError: The queue cannot be read now.
        """
        left = seconds
        while left > 0 and not self._woken.is_set():
            poll = max(1, min(_LONGEST_POLL_SECONDS, int(left)))
            answer = self._call("receive_message", MaxNumberOfMessages=10, WaitTimeSeconds=poll)
            if messages := answer.get("Messages", []):
                self._receipts += [message["ReceiptHandle"] for message in messages]
                break
            left -= poll
        self._woken.clear()

    def done(self) -> None:
        """Delete the messages that came.

        Raises:
            SealiftError: They cannot be deleted now; they will come again.
        """
        while self._receipts:
            self._call("delete_message", ReceiptHandle=self._receipts[-1])
            self._receipts.pop()

    def wake(self) -> None:
        """End a wait after the request that is under way."""
        self._woken.set()

    def _call(self, name: str, **arguments: object) -> dict[str, Any]:
        client = self._client()
        try:
            answer: dict[str, Any] = getattr(client, name)(QueueUrl=self._url, **arguments)
        except Exception as error:  # noqa: BLE001 - mapped at once
            raised = explain(read_botocore(error), doing="Reading the SQS queue", writing=False)
        else:
            return answer
        finally:
            client.close()
        raise raised

    def _client(self) -> Any:
        import boto3  # noqa: PLC0415 - heavy, and only wanted with a queue

        keys = self._source()
        return boto3.session.Session().client(
            "sqs",
            endpoint_url=self._endpoint,
            region_name=self._region,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.token or None,
        )
