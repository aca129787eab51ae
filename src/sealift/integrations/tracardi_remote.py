"""What the remote service answers to Tracardi; which server carries it does not matter here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sealift.integrations.tracardi import forms
from sealift.integrations.tracardi.settings import Place, cleaned, problems
from sealift.integrations.tracardi.upload import UploadError

SERVICE: Final = "sealift-s3"
"""Id of the one service."""

ACTION: Final = "sealift-s3-segments"
"""Id of its one action."""

_KEYS: Final = ("aws_access_key_id", "aws_secret_access_key")
_UNCHANGED: Final = dict.fromkeys(
    ("event", "session", "profile", "metrics", "memory", "ux", "node")
)
"""The context that goes back: null means to Tracardi that it was not changed."""

Json = dict[str, Any]


class UnknownError(Exception):
    """There is no such service or action."""


class WrongFieldsError(Exception):
    """Fields of a form cannot be right.

    Args:
        fields: What is wrong with each.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {said}" for name, said in fields.items()))
        self.fields = dict(fields)


class MalformedError(Exception):
    """A request's body is not what the protocol says; the text says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccess:
    """How the service itself gets to S3 when a resource brings no keys: by the AWS chain."""

    endpoint_url: str = ""
    region: str = ""


class RemoteService:
    """Answers each call of the protocol.

    Args:
        own: What goes with the service's own AWS credentials.
        upload: Brings a payload's segments to a place, and says so; see `upload`.
    """

    def __init__(self, own: OwnAccess, upload: Callable[[Place, object], Awaitable[str]]) -> None:
        self._own = own
        self._upload = upload

    def services(self) -> Json:
        """List the services."""
        return {"total": 1, "result": {SERVICE: "Sealift: S3 segments"}}

    def actions(self, service: str) -> Json:
        """List a service's actions."""
        _known(service)
        return {"total": 1, "result": {ACTION: forms.NAME}}

    def form(self, service: str, action: str) -> Json:
        """Give an action's form, and what stands in it at first."""
        _known(service, action)
        return {"init": forms.init_of(forms.REMOTE_NODE), "form": forms.form_of(forms.REMOTE_NODE)}

    def resource(self, service: str) -> Json:
        """Give the form of what the service needs once for all its nodes."""
        _known(service)
        groups = forms.REMOTE_RESOURCE
        return {"init": forms.init_of(groups), "form": forms.form_of(groups)}

    def check_resource(self, service: str, resource: object) -> bool:
        """Check what was filled into the resource's form.

        Raises:
            WrongFieldsError: It cannot be right.
            MalformedError: It is no object.
        """
        _known(service)
        self._access(resource)
        return True

    def registry(self, service: str) -> Json:
        """Describe the node that Tracardi makes of the service; its own class runs it."""
        _known(service)
        return {
            "start": False,
            "spec": {
                "module": "tracardi.process_engine.action.v1.microservice.plugin",
                "className": "MicroserviceAction",
                "inputs": [forms.INPUT],
                "outputs": ["response", "error"],
                "init": {},
                "version": forms.VERSION,
                "license": forms.LICENSE,
                "author": forms.AUTHOR,
            },
            "metadata": {
                "name": forms.NAME,
                "desc": forms.DESCRIPTION,
                "keywords": list(forms.KEYWORDS),
                "icon": forms.ICON,
                "group": list(forms.GROUPS),
                "purpose": list(forms.PURPOSES),
                "tags": ["microservice", "remote"],
                "remote": True,
                "documentation": {
                    "inputs": {forms.INPUT: {"desc": forms.INPUT_IS}},
                    "outputs": {
                        "response": {"desc": forms.SUCCESS_IS},
                        "error": {"desc": forms.ERROR_IS},
                    },
                },
            },
        }

    def check_node(self, service: str, action: str, body: object) -> Json:
        """Check what was filled into a node's form, and give what the node is to keep.

        Raises:
            WrongFieldsError: It cannot be right.
            MalformedError: The body is not as the protocol says.
        """
        _known(service, action)
        given = _object(body, "the body")
        node = _read(forms.REMOTE_NODE, _object(given.get("config"), "config"))
        self._place(node, given.get("credentials"))
        return node

    async def run(self, service: str, action: str, body: object) -> Json:
        """Upload what an event brought.

        What goes wrong with the node, the payload or S3 is an answer on the port `error`.

        Raises:
            MalformedError: The body is not as the protocol says.
        """
        _known(service, action)
        given = _object(body, "the body")
        node = _object(given.get("init"), "init")
        payload = _object(given.get("params"), "params").get("payload")
        try:
            place = self._place(_read(forms.REMOTE_NODE, node), _resource_in(given))
            message = await self._upload(place, payload)
        except WrongFieldsError as error:
            return _result("error", {"error": f"The node's configuration is wrong: {error}"})
        except UploadError as error:
            return _result("error", {"error": str(error)})
        return _result("response", {"message": message})

    def _place(self, node: Mapping[str, str], resource: object) -> Place:
        return Place(**{**node, **self._access(resource)})

    def _access(self, resource: object) -> dict[str, str]:
        """Read the resource, or take the service's own way to S3."""
        given = _object({} if resource is None else resource, "the resource")
        access = _read(forms.REMOTE_RESOURCE, given, optional=_KEYS)
        if all(access[name] for name in _KEYS):
            return access
        wrong = {
            name: "Give both keys, or neither to use the service's own credentials."
            for name in _KEYS
            if not access[name] and any(access[other] for other in _KEYS)
        }
        if access["endpoint_url"]:
            # Otherwise whoever may edit a resource could have the service's own
            # credentials sent wherever they like.
            wrong["endpoint_url"] = "An endpoint needs keys of its own in this resource."
        if wrong:
            raise WrongFieldsError(wrong)
        own = self._own
        return {
            **access,
            "endpoint_url": own.endpoint_url,
            "region": access["region"] or own.region,
        }


def _known(service: str, action: str = ACTION) -> None:
    if service != SERVICE:
        raise UnknownError("There is no such service here; GET /services lists them.")
    if action != ACTION:
        raise UnknownError("There is no such action here; GET /actions lists them.")


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedError(f"It must be a JSON object: {name}.")
    return value


def _read(
    groups: Sequence[forms.Group], given: Mapping[str, Any], optional: Sequence[str] = ()
) -> dict[str, str]:
    """Take a form's fields; what is not given is as it was at first."""
    init = forms.init_of(groups)
    unknown = {name: "There is no such field." for name in given if name not in init}
    values = {
        name: first if given.get(name) is None else cleaned(given[name])
        for name, first in init.items()
    }
    asked = {name: value for name, value in values.items() if value or name not in optional}
    if wrong := {**problems(asked), **unknown}:
        raise WrongFieldsError(wrong)
    return {name: str(value) for name, value in values.items()}


def _resource_in(given: Mapping[str, Any]) -> object:
    """Find the resource in a run's context, where Tracardi sends it along with the node."""
    found: object = given.get("context")
    for name in ("node", "microservice", "plugin", "resource"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _result(port: str, value: Json) -> Json:
    errors = [value["error"]] if port == "error" else []
    return {
        "result": {"port": port, "value": value},
        "context": _UNCHANGED,
        "console": {"infos": [], "warnings": [], "errors": errors},
    }
