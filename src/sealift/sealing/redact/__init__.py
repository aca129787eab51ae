"""Removes what is personal or secret from documents, and leaves all else byte for byte."""

from sealift.sealing.redact.packs import load_pack
from sealift.sealing.redact.redactor import Redacted, Redactor
from sealift.sealing.redact.rules.rule import Rule

__all__ = ["Redacted", "Redactor", "Rule", "load_pack"]
