"""How a job is read, left, watched and followed."""

from __future__ import annotations

import io
import sys
import threading
from contextlib import redirect_stderr

import numpy as np
import pytest
from pixels import LONG, LOOSE, SIZE, SLOW, levels

from scorestream import (
    Accepted,
    Client,
    FastSolver,
    JobEvent,
    JobOptions,
    PredictorCorrector,
    PreviewOptions,
    PreviewPicture,
    Progress,
    Sampler,
    ScoreStreamError,
)
from scorestream.v1.scorestream_pb2 import Progress as RowProgress
from scorestream.v1.scorestream_pb2 import SampleResult

STEPS = 60
STEADY = Sampler(predictor_corrector=PredictorCorrector(steps=STEPS))
EACH = PreviewOptions(every_steps=1)


def cancelled(client: Client, job_id: str | None) -> bool:
    """Whether a job ends by having been cancelled, and not by itself."""
    assert job_id is not None
    with pytest.raises(ScoreStreamError) as failed:
        list(client.watch(job_id))
    return failed.value.code == "cancelled"


def test_events_come_in_order_and_leave_the_results_behind(client: Client) -> None:
    job = client.sample(count=2, sampler=STEADY)
    assert (job.id, job.sequence, job.accepted, job.completed) == (None, 0, None, None)
    kinds: list[str | None] = []
    sequences: list[int] = []
    for event in job:
        kinds.append(event.WhichOneof("event"))
        sequences.append(event.sequence)
    assert (kinds[0], kinds[-1]) == ("accepted", "completed")
    assert kinds.count("sampled") == 2
    assert sequences == sorted(set(sequences))
    assert job.accepted is not None
    assert job.completed is not None
    assert (job.accepted.rows, job.completed.sampler.predictor_corrector.steps) == (2, STEPS)
    assert len(job.images()) == 2
    assert job.numpy().shape == (2, SIZE, SIZE, 3)
    with pytest.raises(RuntimeError, match="once only"):
        next(iter(job))


def test_leaving_the_loop_cancels_the_job(client: Client) -> None:
    job = client.sample(sampler=LONG)
    for _ in job:
        break
    assert cancelled(client, job.id)
    with pytest.raises(RuntimeError, match="once only"):
        job.images()


def test_the_end_of_a_with_cancels_the_job(client: Client) -> None:
    with client.sample(sampler=LONG) as job:
        events = iter(job)
        assert next(events).HasField("accepted")
    assert cancelled(client, job.id)
    with pytest.raises(ScoreStreamError) as ended:
        list(events)
    assert (ended.value.status, ended.value.code) == ("CANCELLED", None)


def test_closing_from_another_thread_ends_the_reader(client: Client) -> None:
    job = client.encode([levels(SIZE, SIZE, 3)], solver=None)
    job.close()
    with pytest.raises(ScoreStreamError) as ended:
        job.latents()
    assert ended.value.status == "CANCELLED"
    long = client.sample(sampler=LONG)
    begun = threading.Event()

    def close_when_begun() -> None:
        begun.wait()
        long.close()

    threading.Thread(target=close_when_begun).start()
    with pytest.raises(ScoreStreamError) as ended:
        long.results(on_event=lambda _: begun.set())
    assert ended.value.status == "CANCELLED"
    assert cancelled(client, long.id)


def test_closing_the_client_ends_its_jobs(target: str, client: Client) -> None:
    with Client(target) as other:
        job = other.sample(sampler=LONG)
        events = iter(job)
        next(events)
    with pytest.raises(ScoreStreamError) as ended:
        list(events)
    assert ended.value.status == "CANCELLED"
    assert cancelled(client, job.id)


def test_a_detached_job_goes_on_and_is_watched(client: Client) -> None:
    with client.sample(sampler=STEADY, options=JobOptions(detached=True)) as job:
        next(iter(job))
    assert job.id is not None
    watched = client.watch(job.id, job.sequence)
    events = list(watched)
    assert events[0].sequence == job.sequence + 1
    assert events[-1].HasField("completed")
    assert [event.sampled.row for event in watched.results()] == [0]
    assert not client.cancel(job.id).cancelled


def test_cancel_ends_a_job_for_all_who_read_it(client: Client) -> None:
    job = client.sample(sampler=LONG, options=JobOptions(detached=True))
    events = iter(job)
    next(events)
    assert job.id is not None
    assert client.cancel(job.id).cancelled
    with pytest.raises(ScoreStreamError) as ended:
        list(events)
    assert ended.value.code == "cancelled"


def test_previews_come_by_iterator_and_by_callback(client: Client) -> None:
    job = client.sample(count=2, sampler=STEADY, preview=EACH)
    previews = list(job.previews())
    assert {preview.row for preview in previews} == {0, 1}
    times = [preview.time for preview in previews if preview.row == 0]
    assert times == sorted(times, reverse=True)
    assert previews[0].image.size == (SIZE, SIZE)
    assert previews[0].numpy().shape == (SIZE, SIZE, 3)
    assert len(job.images()) == 2
    seen: list[PreviewPicture] = []
    array = client.sample(count=2, sampler=STEADY, preview=EACH).numpy(on_preview=seen.append)
    assert array.shape == (2, SIZE, SIZE, 3)
    assert {preview.row for preview in seen} == {0, 1}


def test_leaving_the_previews_cancels_the_job(client: Client) -> None:
    job = client.sample(sampler=LONG, preview=EACH)
    for _ in job.previews():
        break
    assert cancelled(client, job.id)


def test_progress_is_a_bar_that_fills(client: Client) -> None:
    shown = io.StringIO()
    with redirect_stderr(shown):
        client.sample(count=2, sampler=STEADY).images(progress="digits")
    assert "digits: 100%" in shown.getvalue()
    assert "2/2" in shown.getvalue()


def test_progress_without_tqdm_is_a_line(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    shown = io.StringIO()
    with redirect_stderr(shown):
        client.encode([levels(SIZE, SIZE, 3)] * 3, solver=LOOSE).latents(progress=True)
    first, *_, last = shown.getvalue().strip().split("\r")
    assert first.split() == ["0%", "|", "|", "0/3"]
    assert last.split() == ["100%", f"|{'#' * 30}|", "3/3"]


def test_progress_adds_up_what_each_row_has_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    shown = io.StringIO()
    with redirect_stderr(shown), Progress("two") as bar:
        bar(JobEvent(accepted=Accepted(rows=2)))
        bar(JobEvent(progress=RowProgress(row=0, fraction=0.5)))
        bar(JobEvent(progress=RowProgress(row=1, fraction=0.25)))
        bar(JobEvent(progress=RowProgress(row=0, fraction=0.75)))
        bar(JobEvent(sampled=SampleResult(row=1)))
    done = [line.split()[-1] for line in shown.getvalue().strip().split("\r")]
    assert done == ["0/2", "0.5/2", "0.75/2", "1/2", "1.75/2"]


def test_progress_counts_every_probe_as_a_row(client: Client) -> None:
    shown = io.StringIO()
    with redirect_stderr(shown), Progress() as bar:
        job = client.log_likelihood([levels(SIZE, SIZE, 3)], probes=3, solver=LOOSE)
        for event in job:
            bar(event)
    assert "3/3" in shown.getvalue()


def test_results_see_every_event(client: Client) -> None:
    seen: list[JobEvent] = []
    sampler = Sampler(fast=FastSolver(method="ddim", steps=5))
    [image] = client.sample(sampler=sampler).results(on_event=seen.append)
    assert image.shape.width == SIZE
    assert [event.WhichOneof("event") for event in seen][-1] == "completed"
    assert np.frombuffer(image.data[:4], np.uint8)[1:].tobytes() == b"PNG"


def test_images_are_cancelled_by_themselves(client: Client) -> None:
    job = client.sample(count=3, sampler=SLOW, options=JobOptions(detached=True))
    assert next(iter(job)).HasField("accepted")
    assert job.id is not None
    assert not client.cancel(job.id, rows=[]).cancelled
    with pytest.raises(ScoreStreamError) as refused:
        client.cancel(job.id, rows=[0, 3])
    assert refused.value.field == "rows[1]"
    answer = client.cancel(job.id, rows=[2, 0])
    assert (answer.cancelled, list(answer.rows)) == (True, [0, 2])
    watched = client.watch(job.id)
    seen = [event.WhichOneof("event") for event in watched]
    assert seen.count("row_cancelled") == 2
    assert [event.sampled.row for event in watched.results()] == [1]
    assert watched.completed is not None
    assert list(watched.completed.cancelled_rows) == [0, 2]
    assert not client.cancel(job.id, rows=[0, 1]).cancelled


def test_a_list_of_results_that_would_have_holes_is_an_error(client: Client) -> None:
    job = client.sample(count=2, sampler=SLOW)

    def cancel_one(event: JobEvent) -> None:
        if event.HasField("accepted"):
            client.cancel(event.job_id, rows=[1])

    with pytest.raises(ScoreStreamError, match="image 1 of the job was cancelled") as ended:
        job.results(on_event=cancel_one)
    assert ended.value.code == "cancelled"
