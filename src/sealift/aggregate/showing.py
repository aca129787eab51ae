"""Shows a day as if its parts were folded already; writes nothing."""

from sealift.aggregate.added import Shown
from sealift.aggregate.days import Day, Days, ShapeError
from sealift.aggregate.merge import Event
from sealift.aggregate.parts import PartName, Parts


def shown(days: Days, parts: Parts, date: str, *, waiting: int) -> Shown:
    """Read a day's file and its parts.

    Args:
        days: The days' files.
        parts: What is kept beside them.
        date: The day.
        waiting: How many events wait in the journal.

    Raises:
        TransientError: It could not be read now.
    """
    # Parts first: one that is deleted meanwhile is in the file that is read after it.
    read = [(name, part) for name in parts.listed(date) if (part := parts.read(name))]
    day = days.read(date)
    late = [name for name, _ in read if not day.table.holds(name.writer, name.last)]
    events = {event for _, part in read for event in part.events}
    body, problem = _body(days, day, day.lacks(events))
    return Shown(
        date=date,
        key=day.key,
        url=days.store.url(day.key),
        etag=day.etag,
        rev=day.table.rev,
        writers=len({*day.table.writers, *_writers(late)}),
        parts=len(late),
        waiting=waiting,
        problem=problem,
        body=body,
    )


def _writers(names: list[PartName]) -> set[str]:
    return {name.writer for name in names}


def _body(days: Days, day: Day, events: list[Event]) -> tuple[bytes, str]:
    if not day.etag and not events:
        return b"", ""
    problem = day.problem
    if not problem:
        try:
            if not events:
                days.body_after(day, ())  # only to see that it is one
                return day.body, ""
            return days.body_after(day, events), ""
        except ShapeError as error:
            problem = str(error)
    return days.body_after(Day(key=day.key), events) if events else b"", problem
