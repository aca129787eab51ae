"""The one place where the words of S3 and of its clients become Sealift's errors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sealift.destinations.s3_rules import BY_CODE, BY_STATUS, BY_TROUBLE, Rule
from sealift.errors import OutcomeUnknownError, SealiftError, ThrottledError, TransientError

OBSTORE_VERSION: Final = "0.12.1"
"""The version whose error texts are read here; they are no interface, so a test guards it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a failed call tells, whichever client made it."""

    status: int = 0
    """HTTP status; 0 if no answer came."""

    code: str = ""
    """S3's own word for it, such as `SlowDown`; empty if the answer had none."""

    trouble: str = ""
    """A word of `BY_TROUBLE` for what went wrong besides a plain answer."""

    detail: str = ""
    """One sentence that may be shown: it holds no key and nothing of the store's text."""

    retry_after_seconds: float = 0.0


# Line breaks tell the structure from a key, where obstore lets none pass.
_STATUS = re.compile(r"\n +inner: Status \{\n +status: (\d{3}),")
_CODE = re.compile(r"<Code>([\w.]{1,80})</Code>")
_KIND = re.compile(r"HttpError \{\n +kind: (\w+),")
_CONNECTING = re.compile(r"legacy::Error\(\n +Connect,")
_MARKS = {
    re.compile(r'\n +path: "External AWS credential provider",'): "credentials",
    re.compile(r"\n +inner: BareRedirect,"): "region",
    re.compile(r"\n +source: MissingEtag,"): "no-etag",
    re.compile(r"\n +error: InvalidCertificate\("): "certificate",
    re.compile(r'\n +"dns error",'): "name",
}
_KINDS = {"Connect": "connect", "Timeout": "timeout"}


def read_obstore(error: BaseException) -> Answer:
    """Read what obstore's exception tells; it has no attributes, only a text."""
    if type(error).__name__ == "PanicException":
        return Answer(trouble="panic")
    if isinstance(error, ValueError):
        return Answer(trouble="key")
    text = str(error)
    # Before this mark stands the key, which may hold anything.
    debug = text[text.rfind("Debug source:") :]
    if found := _STATUS.search(debug):
        code = _CODE.search(debug, found.end())
        return Answer(status=int(found[1]), code=code[1] if code else "")
    for mark, trouble in _MARKS.items():
        if mark.search(debug):
            return Answer(trouble=trouble)
    return Answer(trouble=_transport(debug))


def _transport(debug: str) -> str:
    found = _KIND.search(debug)
    if not found:
        return "unknown"
    if _CONNECTING.search(debug):
        return "connect"
    # obstore calls some of these "not sent"; the body may have arrived all the same.
    return _KINDS.get(found[1], "broken")


_BOTOCORE: Final[Mapping[str, str]] = {
    "EndpointConnectionError": "connect",
    "ConnectTimeoutError": "connect",
    "ProxyConnectionError": "connect",
    "ReadTimeoutError": "timeout",
    "ConnectionClosedError": "broken",
    "HTTPClientError": "broken",
    "NoCredentialsError": "credentials",
    "PartialCredentialsError": "credentials",
    "CredentialRetrievalError": "credentials",
    "TokenRetrievalError": "credentials",
    "SSOError": "credentials",
    "ProfileNotFound": "credentials",
}


def read_botocore(error: Exception) -> Answer:
    """Read what botocore's exception tells, without importing botocore."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        meta = response.get("ResponseMetadata", {})
        code = str(response["Error"].get("Code", ""))
        return Answer(
            status=int(meta.get("HTTPStatusCode", 0)),
            code="" if code.isdigit() else code,
            retry_after_seconds=_retry_after(meta.get("HTTPHeaders", {})),
        )
    names = [kind.__name__ for kind in type(error).__mro__]
    if "SSLError" in names:
        return Answer(
            trouble="certificate" if "CERTIFICATE_VERIFY_FAILED" in str(error) else "broken"
        )
    return Answer(trouble=next((_BOTOCORE[name] for name in names if name in _BOTOCORE), "unknown"))


def _retry_after(headers: Mapping[str, str]) -> float:
    for name, unit in (("x-amz-retry-after", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        if value.isdigit():
            return int(value) * unit
    return 0.0


def rule_for(answer: Answer) -> Rule:
    """Give the rule for *answer*: by its code, else its status, else the trouble."""
    if answer.code in BY_CODE:
        # Some gateways answer 503 with a code of their own for an overload.
        return BY_CODE[answer.code]
    if answer.status in BY_STATUS:
        return BY_STATUS[answer.status]
    if answer.trouble:
        return BY_TROUBLE[answer.trouble]
    return BY_STATUS[500 if answer.status >= 500 else 400]


def explain(answer: Answer, *, doing: str, writing: bool) -> SealiftError:
    """Make Sealift's error from *answer*.

    Args:
        answer: What the failed call told.
        doing: Names the call and the bucket, never the key: a file's name may
            be personal.
        writing: Something may have been stored. Without it, an unclear outcome
            is merely a look that failed.
    """
    rule = rule_for(answer)
    what = " ".join(filter(None, (str(answer.status or ""), answer.code)))
    message = f"{doing}: {rule.says}{f' ({what})' if what else ''}."
    if answer.detail:
        message = f"{message} {answer.detail}"
    if rule.error is ThrottledError:
        return ThrottledError(
            message, hint=rule.hint, retry_after_seconds=answer.retry_after_seconds
        )
    if issubclass(rule.error, OutcomeUnknownError) and not writing:
        return TransientError(message, hint=rule.hint)
    return rule.error(message, hint=rule.hint)
