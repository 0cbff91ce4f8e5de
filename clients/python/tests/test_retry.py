"""Calls that are made again, and jobs that are attached to again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from conftest import MAX_ROWS
from pixels import LONG
from proxy import Proxy

from scorestream import (
    AsyncClient,
    Client,
    JobEvent,
    JobOptions,
    PredictorCorrector,
    Retry,
    Sampler,
    ScoreStreamError,
)

DETACHED = JobOptions(detached=True)
SLOW = Sampler(predictor_corrector=PredictorCorrector(steps=2_000))
QUICK = Retry(attempts=20, first_delay=0.05)


@dataclass(frozen=True)
class Watched(Retry):
    """Sees each failure, and comes back soon whatever the server said."""

    attempts: int = 200
    seen: list[ScoreStreamError] = field(default_factory=list)
    on_failure: Callable[[], object] = lambda: None

    def delay(self, made: int, failure: ScoreStreamError) -> float | None:
        whole = super().delay(made, failure)
        self.seen.append(failure)
        self.on_failure()
        return None if whole is None else min(whole, 0.05)


def cut_once(proxy: Proxy, seen: list[int]) -> Callable[[JobEvent], None]:
    """Loses the connection at the first event of a row's progress; keeps each event's sequence."""
    is_cut = False

    def on_event(event: JobEvent) -> None:
        nonlocal is_cut
        seen.append(event.sequence)
        if event.HasField("progress") and not is_cut:
            is_cut = True
            proxy.cut()

    return on_event


def wait_until_full(client: Client) -> None:
    """Asks for samples until the server has no room; the test's time bounds it."""
    sampler = Sampler(predictor_corrector=PredictorCorrector(steps=1))
    while True:
        try:
            client.sample(sampler=sampler).results()
        except ScoreStreamError as full:
            assert full.code == "queue-full"
            return


def test_a_detached_job_is_attached_to_again(target: str) -> None:
    seen: list[int] = []
    with Proxy(target) as proxy, Client(proxy.target, retry=QUICK) as client:
        cut = cut_once(proxy, seen)
        job = client.sample(count=2, sampler=SLOW, options=DETACHED)
        images = job.results(on_event=cut)
        assert proxy.accepted >= 2
    assert len(images) == 2
    assert seen == sorted(set(seen)), "no event twice"
    assert job.completed is not None


def test_an_async_job_is_attached_to_again(target: str) -> None:
    seen: list[int] = []

    async def read(proxy: Proxy) -> int:
        cut = cut_once(proxy, seen)
        async with AsyncClient(proxy.target, retry=QUICK) as client:
            job = client.sample(count=2, sampler=SLOW, options=DETACHED)
            return len(await job.results(on_event=cut))

    with Proxy(target) as proxy:
        assert asyncio.run(read(proxy)) == 2
        assert proxy.accepted >= 2
    assert seen == sorted(set(seen)), "no event twice"


def test_a_job_that_is_not_detached_is_lost_with_its_connection(
    target: str, client: Client
) -> None:
    with Proxy(target) as proxy, Client(proxy.target, retry=QUICK) as other:
        job = other.sample(sampler=LONG)
        with pytest.raises(ScoreStreamError) as lost:
            job.results(on_event=cut_once(proxy, []))
    assert (lost.value.code, lost.value.status) == (None, "UNAVAILABLE")
    assert job.id is not None
    with pytest.raises(ScoreStreamError, match="was cancelled"):
        list(client.watch(job.id))


def test_a_call_is_made_again_until_there_is_a_connection(target: str) -> None:
    with Proxy(target) as proxy:
        proxy.refuses = True
        with Client(proxy.target, retry=None) as impatient:
            with pytest.raises(ScoreStreamError) as failed:
                impatient.list_models()
            assert failed.value.status == "UNAVAILABLE"
        retry = Watched(on_failure=lambda: setattr(proxy, "refuses", False))
        with Client(proxy.target, retry=retry) as client:
            assert len(client.list_models()) == 3
        assert [failure.status for failure in retry.seen][:1] == ["UNAVAILABLE"]


def test_a_request_whose_answer_was_lost_gets_the_job_that_it_started(target: str) -> None:
    retry = Watched()
    with (
        Proxy(target) as proxy,
        Client(proxy.target, retry=retry) as client,
        Client(target, retry=None) as direct,
    ):
        client.list_models()
        proxy.swallows = True
        # All the rows that the server holds: a second such job would be refused at first.
        job = client.sample(count=MAX_ROWS, sampler=LONG, options=DETACHED)
        wait_until_full(direct)
        proxy.swallows = False
        proxy.cut()
        assert next(iter(job)).accepted.rows == MAX_ROWS
        assert job.id is not None
        assert direct.cancel(job.id).cancelled
    assert {failure.code for failure in retry.seen} == {None}, "lost, never refused"


def test_a_job_is_asked_for_again_when_there_is_room(target: str, client: Client) -> None:
    filler = client.sample(count=MAX_ROWS, sampler=LONG)
    events = iter(filler)
    next(events)
    retry = Watched(longest_delay=1e6, on_failure=filler.close)
    with Client(target, retry=retry) as patient:
        assert len(patient.sample().images()) == 1
    assert {failure.code for failure in retry.seen} == {"queue-full"}
    assert (retry.seen[0].retry_after or 0) > 0


def test_an_async_job_is_asked_for_again_when_there_is_room(target: str, client: Client) -> None:
    filler = client.sample(count=MAX_ROWS, sampler=LONG)
    events = iter(filler)
    next(events)
    retry = Watched(longest_delay=1e6, on_failure=filler.close)

    async def read() -> int:
        async with AsyncClient(target, retry=retry) as patient:
            return len(await patient.sample().images())

    assert asyncio.run(read()) == 1
    assert {failure.code for failure in retry.seen} == {"queue-full"}


def test_delays_are_the_server_s_or_grow() -> None:
    retry = Retry(attempts=4, first_delay=1, longest_delay=3)
    lost = ScoreStreamError("lost", status="UNAVAILABLE")
    for made, whole in ((1, 1), (2, 2), (3, 3)):
        delay = retry.delay(made, lost)
        assert delay is not None
        assert whole / 2 <= delay <= whole
    assert retry.delay(4, lost) is None
    full = {"status": "RESOURCE_EXHAUSTED", "code": "queue-full"}
    delay = retry.delay(1, ScoreStreamError("full", **full, retry_after=2.5))  # type: ignore[arg-type]
    assert delay is not None
    assert 2.5 <= delay <= 2.75
    assert retry.delay(1, ScoreStreamError("full", **full, retry_after=4)) is None  # type: ignore[arg-type]
    wrong = ScoreStreamError("count: no", status="INVALID_ARGUMENT", code="invalid-argument")
    assert retry.delay(1, wrong) is None
