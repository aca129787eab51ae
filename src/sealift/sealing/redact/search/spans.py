"""What was found in a text, as stretches of it."""

from typing import TypeAlias

Stretch: TypeAlias = tuple[int, int]
"""Where something begins, and where it ends."""

Span: TypeAlias = tuple[int, int, int]
"""Start, end, and the number of the rule that found what is between."""


def merged(spans: list[Span]) -> list[Span]:
    """Join what overlaps, named after the longest: nothing that a rule found is left over."""
    if len(spans) < 2:
        return spans
    spans = sorted(spans, key=lambda span: (span[0], -span[1], span[2]))
    joined: list[Span] = []
    longest = 0
    for span in spans:
        start, end, number = span
        if not joined or start >= joined[-1][1]:
            joined.append(span)
            longest = end - start
            continue
        first, last, name = joined[-1]
        if end - start > longest:
            longest, name = end - start, number
        joined[-1] = (first, max(last, end), name)
    return joined
