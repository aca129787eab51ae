"""After any crash, all that was reserved is due again, and all that arrived is settled."""

import random
import shutil
import signal
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from sealift.ledger.ledger import Ledger
from tests.ledger.samples import NOW, arrived, due_seqs, failed, new_item, reserved, running

TO = ("a", "b")
ROUTES = ("r", "s")
Leg = tuple[int, str]


class Crashes(RuleBasedStateMachine):
    """The ledger against dicts: turns as the agent makes them, and crashes between them."""

    @initialize()
    def begin(self) -> None:
        self.dir = Path(tempfile.mkdtemp())
        self.ledger = Ledger(self.dir)
        self.number = 0
        self.route_of: dict[int, str] = {}
        self.open: set[Leg] = set()  # no destination is known to have it
        self.unsettled: set[int] = set()  # arrived everywhere, not known to be settled
        self._forget()

    def teardown(self) -> None:
        self.ledger.close()
        shutil.rmtree(self.dir)

    def _forget(self) -> None:
        """What a crash takes away."""
        self.flying: set[Leg] = set()
        self.complete: set[int] = set()
        self.settled: set[int] = set()

    @rule(data=st.data(), route=st.sampled_from(ROUTES), new=st.integers(0, 3), crash=st.booleans())
    def turn(self, data: st.DataObject, route: str, new: int, *, crash: bool) -> None:
        flying = sorted(leg for leg in self.flying if self.route_of[leg[0]] == route)
        ended = data.draw(st.lists(st.sampled_from(flying), unique=True)) if flying else []
        well = {leg for leg in ended if data.draw(st.booleans())}
        ill = set(ended) - well
        settled = {seq for seq in self.settled if self.route_of[seq] == route}
        still = set(flying) - set(ended)
        later = NOW + data.draw(st.sampled_from([-1.0, 1e6]))
        try:
            with self.ledger.commit():
                whole = self.ledger.record(
                    [arrived(*leg) for leg in well], [failed(*leg, at=later) for leg in ill]
                )
                self.ledger.done([(seq, b"x") for seq in settled], NOW)
                waits = {seq for seq in self.complete if self.route_of[seq] == route} - settled
                in_hand = {seq for seq, _ in still} | whole | waits
                self.ledger.mark(route, min(in_hand, default=None))
                seqs = self._reserve(route, new)
                if crash:
                    raise ConnectionError  # noqa: TRY301
        except ConnectionError:
            self.crash_and_recover()
            return
        self.open = (self.open - well) | {(seq, to) for seq in seqs for to in TO}
        self.flying = (self.flying - set(ended)) | {(seq, to) for seq in seqs for to in TO}
        assert whole == {s for s, _ in well if not {(s, to) for to in TO} & self.open}
        self.unsettled = (self.unsettled | whole) - settled
        self.complete = (self.complete | whole) - settled
        self.settled -= settled

    def _reserve(self, route: str, new: int) -> list[int]:
        numbers = range(self.number, self.number + new)
        self.number += new
        seqs = reserved(self.ledger, *numbers, route=route, to=TO)
        self.route_of |= dict.fromkeys(seqs, route)
        return seqs

    @rule(route=st.sampled_from(ROUTES), to=st.sampled_from(TO), now=st.sampled_from([0, NOW * 2]))
    def take_what_is_due(self, route: str, to: str, now: float) -> None:
        due = self.ledger.due(route, to, now=now, limit=2)
        due = [d for d in due if (d.item.seq, to) not in self.flying]
        self.ledger.claim(due, until=NOW * 3)
        self.flying |= {(d.item.seq, to) for d in due}

    @precondition(lambda self: self.complete)
    @rule(data=st.data(), well=st.booleans())
    def settle(self, data: st.DataObject, *, well: bool) -> None:
        seq = data.draw(st.sampled_from(sorted(self.complete)))
        if well:
            self.settled.add(seq)
        else:
            self.ledger.unsettled_now([seq])
            self.complete.discard(seq)

    @rule()
    def crash_and_recover(self) -> None:
        self.ledger.close()
        self.ledger = Ledger(self.dir)
        self._forget()
        for route in ROUTES:
            self.ledger.recover(route)
            for to in TO:
                assert set(due_seqs(self.ledger, to, route=route)) == {
                    seq for seq, name in self.open if name == to and self.route_of[seq] == route
                }
            found = {item.seq for item in self.ledger.unsettled(route)}
            assert found == {seq for seq in self.unsettled if self.route_of[seq] == route}

    @invariant()
    def no_leg_is_forgotten(self) -> None:
        waiting = sum(self.ledger.waiting(route) for route in ROUTES)
        assert waiting <= len(self.open)


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def test_what_was_tried_again_is_found_although_newer_ones_passed_it(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        (old,) = reserved(ledger, 0)
        ledger.record([], [failed(old)])
        with ledger.commit():
            ledger.mark("r", None)
            newer = reserved(ledger, *range(1, 50))
        with ledger.commit():
            whole = ledger.record([arrived(old)])
            ledger.mark("r", min({*whole, *newer}))
    with Ledger(tmp_path) as ledger:
        ledger.recover("r")
        assert [item.seq for item in ledger.unsettled("r")] == [old]
        assert sorted(due_seqs(ledger)) == newer


def test_recovery_of_one_route_leaves_the_others_in_flight(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        reserved(ledger, 1)
        ledger.reserve([(new_item(2, route="other"), {"a": "k"})])
        ledger.recover("r")
        assert (len(due_seqs(ledger)), due_seqs(ledger, route="other")) == (1, [])


_AGENT = """
import sys
from pathlib import Path
from sealift.ledger.ledger import Ledger
from tests.ledger.samples import NOW, arrived, failed, reserved
ledger, run = Ledger(Path(sys.argv[1])), int(sys.argv[2])
ledger.recover("r")
print("ready", flush=True)
flying, settled = [], []
for number in range(run * 10**6, run * 10**6 + 10**5, 8):
    with ledger.commit():
        bad = [seq for seq in flying if seq % 5 == 0]
        whole = ledger.record([arrived(s) for s in flying if s not in bad],
            [failed(s) for s in bad])
        ledger.done([(seq, b"x") for seq in settled], NOW)
        ledger.mark("r", min(whole, default=None))
        seqs = reserved(ledger, *range(number, number + 8))
    print("reserved", *seqs, flush=True)
    print("arrived", *whole, flush=True)
    print("done", *settled, flush=True)
    flying, settled = seqs, list(whole)
"""


def test_34_after_kills_at_any_moment_nothing_reserved_is_forgotten(tmp_path: Path) -> None:
    chance = random.Random(38)
    told: dict[str, set[int]] = {"reserved": set(), "arrived": set(), "done": set()}
    for run in range(8):
        with running(_AGENT, tmp_path, str(run)) as agent:
            assert agent.stdout
            assert next(agent.stdout) == "ready\n"
            lines = [next(agent.stdout) for _ in range(chance.randrange(1, 60))]
            agent.send_signal(signal.SIGKILL)
            lines += [line for line in agent.stdout if line.endswith("\n")]
        for word, *seqs in map(str.split, lines):
            told[word] |= set(map(int, seqs))
        with Ledger(tmp_path, check=True) as ledger:
            _all_is_accounted_for(ledger, told)


def _all_is_accounted_for(ledger: Ledger, told: dict[str, set[int]]) -> None:
    ledger.recover("r")
    states = dict(ledger.fetch("SELECT seq, state FROM item"))
    due = {seq for (seq,) in ledger.fetch("SELECT seq FROM delivery WHERE next_try_at = 0")}
    due &= {seq for (seq,) in ledger.fetch("SELECT seq FROM delivery WHERE state = 'waiting'")}
    unsettled = {item.seq for item in ledger.unsettled("r")}
    assert told["reserved"] <= set(states)
    assert all(states[seq] == "done" for seq in told["done"])
    assert all(seq in unsettled or states[seq] == "done" for seq in told["arrived"])
    for seq, state in states.items():
        assert (seq in due) + (seq in unsettled) + (state == "done") == 1, (seq, state)
