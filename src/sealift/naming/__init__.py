"""From an item to its key: ids, names, times and key templates. Pure."""

from sealift.naming.ids import new_id
from sealift.naming.names import encode_name, text_of
from sealift.naming.template import MAX_KEY_BYTES, KeyFacts, KeyTemplate, prefixed
from sealift.naming.times import DateFrom, item_time

__all__ = [
    "MAX_KEY_BYTES",
    "DateFrom",
    "KeyFacts",
    "KeyTemplate",
    "encode_name",
    "item_time",
    "new_id",
    "prefixed",
    "text_of",
]
