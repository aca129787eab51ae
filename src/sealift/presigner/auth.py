"""Which device sends a request: the contract that each way of proving it keeps."""

from typing import Protocol

from sealift.presigner.exchange import Request


class RefusedError(Exception):
    """The request does not prove its device. The reason is for the audit, never for the answer."""

    def __init__(self, reason: str, device: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.device = device
        """The device that it claims to be from, if it could be read; proves nothing."""


class Authenticator(Protocol):
    """One way of proving a device."""

    @property
    def scheme(self) -> str:
        """What the WWW-Authenticate header asks for."""
        ...

    @property
    def may_block(self) -> bool:
        """It may ask a server, so it must not run where others wait for it."""
        ...

    def device(self, request: Request, now: float) -> str:
        """Tell which device sends *request*; empty if the body is to be believed.

        Args:
            request: The request.
            now: Seconds since 1970.

        Raises:
            RefusedError: It proves none.
        """
        ...


class Unproven:
    """Believes what the body says: for local use only."""

    scheme = "None"
    may_block = False

    def device(self, request: Request, now: float) -> str:  # noqa: ARG002 - the contract's
        """Leave it to the body."""
        return ""


class Vouched:
    """Believes the authorizer of the API gateway before the service, and nobody else."""

    scheme = "Bearer"
    may_block = False

    def device(self, request: Request, now: float) -> str:  # noqa: ARG002 - the contract's
        """Give the device that the gateway vouches for.

        Raises:
            RefusedError: It vouches for none.
        """
        if not request.authorized_device:
            raise RefusedError("no word of the gateway's authorizer")
        return request.authorized_device


def credentials_of(request: Request, scheme: str) -> str:
    """Give what stands after *scheme* in the Authorization header.

    Raises:
        RefusedError: There is no such header, or it is for another scheme.
    """
    said, _, rest = request.headers.get("authorization", "").partition(" ")
    if not rest:
        raise RefusedError("no credentials")
    if said.lower() != scheme.lower():
        raise RefusedError("another scheme")
    return rest.strip()
