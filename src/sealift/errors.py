"""Every error that Sealift raises, in one tree.

SealiftError                     exit 1
├── TransientError               exit 3   the same call may work later; nothing is lost by waiting
│   ├── NotSentError                      the store was not reached: nothing landed
│   ├── ThrottledError                    the store asks for fewer requests
│   ├── StoreFullError                    the store has no room for now
│   ├── OutcomeUnknownError               the bytes may have landed: look before the next step
│   │   ├── AlreadyThereError             something is at the key: ours from before, or another's
│   │   └── ChangedMeanwhileError         the object is no longer the version that was read
│   ├── SourceChangedError                the file changed while it was read
│   ├── ShortageError                     this machine is short of files or memory for now
│   ├── OvertakenError                    another sync of the collection was quicker
│   ├── NoTransactionsError               the database has none
│   └── PausedError              exit 4   the world is wrong: the whole route waits, and probes
│       ├── CredentialsError
│       ├── AccessDeniedError
│       ├── BucketError
│       ├── ClockError
│       ├── StoreRefusedError
│       ├── LedgerWaitsError                 the ledger cannot be written for now
│       └── SourceFolderError
└── PermanentError               exit 1   the same call will fail again
    ├── ConfigError              exit 2
    ├── UsageError               exit 2
    ├── StateError               exit 1   the ledger or the state directory cannot be used
    │   └── AgentRunningError    exit 2
    └── ItemError                exit 3   this item cannot go as it is: it waits in quarantine
        ├── InvalidContentError
        ├── PayloadError
        ├── RedactionError
        ├── TooLargeError
        ├── KeyNameError
        ├── KeyCollisionError
        ├── SourceRefusedError
        ├── StaleDocumentError
        └── ItemRefusedError
"""

from typing import ClassVar


class SealiftError(Exception):
    """Something failed, and the message says what, where, and what to do.

    Args:
        message: One sentence: what was being done, to what. No secret, no
            document text.
        hint: One order to the person who reads it, or empty.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class TransientError(SealiftError):
    """The same call may work later. The item stays and is tried again."""

    exit_code = 3
    code = "transient"


class NotSentError(TransientError):
    """The store was not reached, so nothing landed."""

    code = "not_sent"


class ThrottledError(TransientError):
    """The store asks for fewer requests.

    Args:
        retry_after_seconds: How long the store asked to wait; 0 if it did not say.
    """

    code = "throttled"

    def __init__(self, message: str, *, hint: str = "", retry_after_seconds: float = 0.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class StoreFullError(TransientError):
    """The store has no room or the quota is used up; it may be enlarged while we wait."""

    code = "store_full"


class OutcomeUnknownError(TransientError):
    """The bytes may or may not be stored under the key. Look with `head`, then decide."""

    code = "outcome_unknown"


class AlreadyThereError(OutcomeUnknownError):
    """The store says that something is at the key. Only a look can tell whose it is."""

    code = "already_there"


class ChangedMeanwhileError(OutcomeUnknownError):
    """The object is no longer the version that was read. It was not replaced by this call.

    It may hold these very bytes all the same, from an attempt whose answer was lost.
    """

    code = "changed_meanwhile"


class SourceChangedError(TransientError):
    """The file changed while it was read. Nothing of that reading is used."""

    code = "source_changed"


class ShortageError(TransientError):
    """This machine is short of open files or memory for now. It is no item's fault."""

    code = "shortage"


class OvertakenError(TransientError):
    """Another sync was quicker. This one has changed nothing that readers see."""

    code = "overtaken"


class NoTransactionsError(TransientError):
    """The server has no transactions. Nothing was written."""

    code = "no_transactions"


class PausedError(TransientError):
    """The world is wrong for every item of the route. Data stays; a probe now and then resumes."""

    exit_code = 4
    code = "paused"


class CredentialsError(PausedError):
    """No credentials, or the store does not accept them."""

    code = "credentials"


class AccessDeniedError(PausedError):
    """The credentials are known, but may not do this."""

    code = "access_denied"


class BucketError(PausedError):
    """The bucket does not exist, or lives in another region."""

    code = "bucket"


class ClockError(PausedError):
    """This machine's clock is too far from the store's."""

    code = "clock"


class StoreRefusedError(PausedError):
    """The store refuses the request for a reason that no single item can mend."""

    code = "store_refused"


class LedgerWaitsError(PausedError):
    """The ledger cannot be written for now: its disk is full, or another process holds it.

    Nothing is delivered without it, and nothing is lost: what was committed stays.
    """

    code = "ledger_waits"


class SourceFolderError(PausedError):
    """The watched folder is gone, or may not be read."""

    code = "source_folder"


class PermanentError(SealiftError):
    """The same call will fail again until somebody changes something."""

    code = "permanent"


class ConfigError(PermanentError):
    """The configuration is wrong. Nothing was started."""

    exit_code = 2
    code = "config"


class UsageError(PermanentError):
    """The command line or the call is wrong. Nothing was started."""

    exit_code = 2
    code = "usage"


class StateError(PermanentError):
    """The ledger or the state directory cannot be used. Nothing is delivered without it."""

    code = "state"


class AgentRunningError(StateError):
    """Another agent holds this state directory."""

    exit_code = 2
    code = "agent_running"


class ItemError(PermanentError):
    """This item cannot be delivered as it is. It waits in quarantine, its source untouched."""

    exit_code = 3
    code = "item"


class InvalidContentError(ItemError):
    """The content is not what the route delivers: not well-formed, or against its schema."""

    code = "invalid_content"


class PayloadError(ItemError):
    """An event is not what an aggregate takes. It was not accepted; nothing was written."""

    code = "payload"


class RedactionError(ItemError):
    """Redaction failed or ran too long. Nothing of the item leaves."""

    code = "redaction"


class TooLargeError(ItemError):
    """The item is over a size limit."""

    code = "too_large"


class KeyNameError(ItemError):
    """No valid object key can be made from the item's name."""

    code = "key_name"


class KeyCollisionError(ItemError):
    """Somebody else's object is at the key. It was not touched."""

    code = "key_collision"


class SourceRefusedError(ItemError):
    """The path is not a plain file inside the watched folder. It was never opened for reading."""

    code = "source_refused"


class StaleDocumentError(ItemError):
    """A newer document is stored already. It was not replaced."""

    code = "stale"


class ItemRefusedError(ItemError):
    """The store refuses this item for a reason of its own: its key, size, tags or metadata."""

    code = "item_refused"
