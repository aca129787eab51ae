"""Processes that die anywhere and lose answers end with exactly what the model says."""

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sealift.errors import OutcomeUnknownError, TransientError
from tests.aggregate.rig import Killed, MemoryVersions, Process

SEEDS = int(os.environ.get("AGGREGATE_SEEDS", "40"))
PROCESSES = 3
STEPS = 60


class Model:
    """What was accepted, by process, in order."""

    def __init__(self) -> None:
        self.accepted: dict[int, list[tuple[str, tuple[str, ...]]]] = {}

    def add(self, number: int, uid: str, segments: tuple[str, ...]) -> None:
        self.accepted.setdefault(number, []).append((uid, segments))

    def check(self, profiles: list[dict[str, Any]], merge: str) -> None:
        getattr(self, f"check_{merge}")(profiles)

    def of_uid(self, uid: str) -> list[list[tuple[str, ...]]]:
        """The sets of one uid, by process."""
        found = ([s for u, s in events if u == uid] for events in self.accepted.values())
        return [one for one in found if one]

    def uids(self) -> set[str]:
        return {uid for events in self.accepted.values() for uid, _ in events}

    def check_append(self, profiles: list[dict[str, Any]]) -> None:
        stored = [(one["smi_uid"], tuple(one["segments"])) for one in profiles]
        everything = [event for events in self.accepted.values() for event in events]
        assert Counter(stored) == Counter(everything)
        for events in self.accepted.values():
            mine = set(events)
            assert [e for e in stored if e in mine] == events

    def check_union(self, profiles: list[dict[str, Any]]) -> None:
        assert len(profiles) == len(self.uids())
        for one in profiles:
            stored = one["segments"]
            assert len(stored) == len(set(stored))
            for sets in self.of_uid(one["smi_uid"]):
                in_order = list(dict.fromkeys(s for each in sets for s in each))
                assert [s for s in stored if s in set(in_order)] == in_order
            everything = {s for sets in self.of_uid(one["smi_uid"]) for each in sets for s in each}
            assert set(stored) == everything

    def check_latest(self, profiles: list[dict[str, Any]]) -> None:
        assert len(profiles) == len(self.uids())
        for one in profiles:
            last_ones = {sets[-1] for sets in self.of_uid(one["smi_uid"])}
            assert tuple(one["segments"]) in last_ones


class World:
    """A store, processes that come and go, and the model of what they accepted."""

    def __init__(self, home: Path, merge: str, seed: int) -> None:
        self.chance = random.Random(seed)
        self.store = MemoryVersions()
        self.home = home
        self.merge = merge
        self.model = Model()
        self.count = 0
        self.processes: dict[int, Process] = {}
        self.store.before = self.trouble
        self.store.after = self.trouble
        self.trouble_rate = 0.0

    def trouble(self, op: str, key: str) -> None:
        if self.chance.random() >= self.trouble_rate:
            return
        if self.chance.random() < 0.3:
            raise Killed
        raise OutcomeUnknownError(f"{op} {key}")

    def process(self, number: int) -> Process:
        if number not in self.processes:
            self.processes[number] = Process(
                self.store,
                self.home / str(number),
                seed=self.chance.randrange(1 << 30),
                merge=self.merge,
                direct_bytes=self.chance.choice([300, 1 << 20]),
                now=1.8e9 + self.count,
            )
        return self.processes[number]

    def step(self) -> None:
        number = self.chance.randrange(PROCESSES)
        process = self.process(number)
        action = self.chance.choices(
            ["submit", "flush", "compact", "die", "restart"], [10, 6, 2, 1, 1]
        )[0]
        try:
            self.act(process, number, action)
        except Killed:
            self.die(number)
        except TransientError:
            pass

    def act(self, process: Process, number: int, action: str) -> None:
        match action:
            case "submit":
                self.count += 1
                # The shared uid gets segments that tell whose they are.
                uid = self.chance.choice([f"own-{number}", f"own-{number}b", "shared"])
                segments = (f"s{self.count}", f"p{number}-{self.chance.randrange(3)}")
                process.submit(uid, *segments)
                self.model.add(number, uid, segments)
            case "flush":
                process.flush()
            case "compact":
                process.compact()
            case _:
                self.die(number)

    def die(self, number: int) -> None:
        self.processes.pop(number).die()

    def finish(self) -> None:
        self.trouble_rate = 0.0
        for number in range(PROCESSES):
            process = self.process(number)
            process.flush()
            self.store.now += 1000.0
            process.compact()
            assert not process.pending
            assert not process.journal.parted()


@pytest.mark.parametrize("merge", ["union", "latest", "append"])
def test_51_nothing_is_lost_and_nothing_counted_twice(tmp_path: Path, merge: str) -> None:
    for seed in range(SEEDS):
        world = World(tmp_path / str(seed), merge, seed)
        world.trouble_rate = [0.0, 0.05, 0.2][seed % 3]
        for _ in range(STEPS):
            world.step()
            world.store.now += 1.0
        world.finish()
        if world.count:
            try:
                world.model.check(world.store.json()["profiles"], merge)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}") from error
        for process in world.processes.values():
            process.die()
