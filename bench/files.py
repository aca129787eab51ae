"""Make folders of JSON conversations, the same ones each time."""

import json
import os
import random
import time
from pathlib import Path

_VOCABULARY = (
    "the a to of and in that it for on with as was at by from this have not are but which they "
    "one would all will there their what about when who more said can out time some could them "
    "then now only over also after first two new because day most way even work where through "
    "very project report meeting invoice customer weather garden kitchen travel recipe train "
    "question answer summary budget deadline picture letter music history water morning evening "
    "naïve café Zürich señor façade — “quoted” 東京 привет"
)
_WORDS = _VOCABULARY.split()
_CONTACTS = (
    "Please write to {name}.{number}@example.com about it.",
    "My number is +1 212 555 {number:04d}, call after six.",
    "The server at 10.20.{low}.7 answered 503 again.",
)
_NAMES = ("anna", "boris", "chen", "dalia", "emre", "fatou", "george", "hana")
SETTLE_SECONDS = 2.0
_OLD = 1_735_689_600  # 2025-01-01: long settled, so that no tool waits for a file to be finished


def make_conversations(folder: Path, count: int, *, kib: int = 10, seed: int = 1) -> int:
    """
    Write *count* different conversations of about *kib* KiB, and give their size in bytes.

    One message in ten holds something personal. The same arguments make the same bytes.
    """
    rng = random.Random(seed)
    sentences = [_sentence(rng) for _ in range(4000)]
    folder.mkdir(parents=True)
    return sum(
        _write(folder / f"conversation_{n:07d}.json", _conversation(rng, sentences, n, kib * 1024))
        for n in range(count)
    )


def make_tiny(folder: Path, count: int) -> int:
    """Write *count* different documents of about 45 bytes, and give their size in bytes."""
    folder.mkdir(parents=True)
    return sum(
        _write(folder / f"conversation_{n:07d}.json", f'{{"id":"conversation_{n}","messages":[]}}')
        for n in range(count)
    )


def copy_folder(source: Path, target: Path) -> None:
    """
    Copy the files of *source* as new files, their times included, and wait for the disk.

    Left unwritten, these pages would be written by the first fsync of the tool that is measured.
    And a new file's ctime, which nobody can set back, must be older than Sealift's settle time:
    what is measured is the delivery of finished files, not the wait for them to be finished.
    """
    target.mkdir()
    for entry in os.scandir(source):
        copy = target / entry.name
        copy.write_bytes(Path(entry.path).read_bytes())
        os.utime(copy, (_OLD, _OLD))
    os.sync()
    time.sleep(SETTLE_SECONDS + 0.2)


def _write(path: Path, text: str) -> int:
    data = text.encode()
    path.write_bytes(data)
    os.utime(path, (_OLD, _OLD))
    return len(data)


def _sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randint(5, 18))).capitalize() + "."


def _conversation(rng: random.Random, sentences: list[str], number: int, size: int) -> str:
    messages: list[dict[str, object]] = []
    length = 200
    while length < size:
        content = " ".join(rng.choices(sentences, k=rng.randint(1, 6)))
        if rng.random() < 0.1:
            contact = rng.choice(_CONTACTS)
            low, high = rng.randrange(256), rng.randrange(10_000)
            content += " " + contact.format(name=rng.choice(_NAMES), number=high, low=low)
        messages.append(
            {
                "role": ("user", "assistant")[len(messages) % 2],
                "content": content,
                "tokens": len(content) // 4,
                "score": round(rng.random(), 6),
            }
        )
        length += len(content.encode()) + 110
    document = {
        "id": f"conversation_{number}",
        "title": rng.choice(sentences)[:40],
        "createdAt": f"2025-01-{rng.randint(1, 28):02d}T10:30:{rng.randint(0, 59):02d}Z",
        "messages": messages,
    }
    # Laid out as desktop applications write it, by JSON.stringify(conversation, null, 2).
    return json.dumps(document, ensure_ascii=False, indent=2)
