"""The same over asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from pixels import LONG, LOOSE, SIZE, SLOW, levels, most_apart

from scorestream import (
    AsyncClient,
    JobOptions,
    PreviewOptions,
    ScoreStreamError,
    interpolate_async,
)


def with_client(target: str, use: Callable[[AsyncClient], Awaitable[None]]) -> None:
    async def run() -> None:
        async with AsyncClient(target) as client:
            await use(client)

    asyncio.run(run())


async def is_cancelled(client: AsyncClient, job_id: str | None) -> bool:
    assert job_id is not None
    with pytest.raises(ScoreStreamError) as failed:
        await client.watch(job_id).results()
    return failed.value.code == "cancelled"


def test_every_task_is_awaited(target: str) -> None:
    async def use(client: AsyncClient) -> None:
        assert len(await client.list_models()) == 3
        samples = await client.sample(count=2, seed=3).numpy()
        uploaded = await client.upload(samples[0])
        latents = await client.encode([uploaded, samples[1]]).latents()
        assert most_apart(await client.decode(latents).numpy(), samples) <= 1
        images = await client.decode(latents).images()
        [likelihood] = await client.log_likelihood(images[:1], solver=LOOSE).likelihoods()
        assert likelihood.bits_per_dim < 8
        frames = await interpolate_async(client, images[0], images[1], frames=3)
        assert most_apart(np.asarray(frames[2]), samples[1]) <= 1

    with_client(target, use)


def test_jobs_run_side_by_side(target: str) -> None:
    async def use(client: AsyncClient) -> None:
        jobs = [client.sample(seed=seed).numpy() for seed in range(4)]
        pictures = await asyncio.gather(*jobs)
        assert most_apart(pictures[0], pictures[1]) > 5

    with_client(target, use)


def test_previews_come_by_iterator_and_by_callback(target: str) -> None:
    async def use(client: AsyncClient) -> None:
        job = client.sample(preview=PreviewOptions(every_steps=1))
        sizes = {preview.image.size async for preview in job.previews()}
        assert sizes == {(SIZE, SIZE)}
        assert len(await job.images()) == 1
        rows: list[int] = []
        job = client.sample(preview=PreviewOptions(every_steps=1))
        await job.images(on_preview=lambda preview: rows.append(preview.row))
        assert set(rows) == {0}

    with_client(target, use)


def test_leaving_ends_the_job_in_each_way(target: str) -> None:
    async def use(client: AsyncClient) -> None:
        broken = client.sample(sampler=LONG)
        async for _ in broken:
            break
        assert await is_cancelled(client, broken.id)
        previews = client.sample(sampler=LONG, preview=PreviewOptions(every_steps=1))
        async for _ in previews.previews():
            break
        assert await is_cancelled(client, previews.id)
        async with client.sample(sampler=LONG) as left:
            await anext(aiter(left))
        assert await is_cancelled(client, left.id)
        with pytest.raises(RuntimeError, match="once only"):
            await left.images()

    with_client(target, use)


def test_cancelling_the_task_cancels_the_job(target: str) -> None:
    async def use(client: AsyncClient) -> None:
        job = client.sample(sampler=LONG)
        begun = asyncio.Event()
        task = asyncio.create_task(job.results(on_event=lambda _: begun.set()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await is_cancelled(client, job.id)

    with_client(target, use)


def test_closing_ends_the_reader(target: str) -> None:
    async def use(client: AsyncClient) -> None:
        job = client.sample(sampler=LONG)
        begun = asyncio.Event()
        task = asyncio.create_task(job.results(on_event=lambda _: begun.set()))
        await begun.wait()
        job.close()
        with pytest.raises(ScoreStreamError) as ended:
            await task
        assert (ended.value.status, ended.value.code) == ("CANCELLED", None)
        assert await is_cancelled(client, job.id)

    with_client(target, use)


def test_a_detached_job_is_watched_and_cancelled(target: str) -> None:
    async def use(client: AsyncClient) -> None:
        async with client.sample(sampler=LONG, options=JobOptions(detached=True)) as job:
            await anext(aiter(job))
        assert job.id is not None
        async for event in client.watch(job.id, job.sequence):
            assert event.sequence == job.sequence + 1
            break
        assert (await client.cancel(job.id)).cancelled
        assert await is_cancelled(client, job.id)

    with_client(target, use)


def test_errors_have_a_code_and_the_field(target: str) -> None:
    async def use(client: AsyncClient) -> None:
        with pytest.raises(ScoreStreamError) as failed:
            await client.encode([levels(3, 3, 3)]).latents()
        assert (failed.value.code, failed.value.field) == ("invalid-argument", "images[0]")
        with pytest.raises(ScoreStreamError) as failed:
            await client.upload(levels(3, 3, 3), "image/jpeg")
        assert failed.value.field == "header.content_type"

    with_client(target, use)


def test_images_are_cancelled_by_themselves(target: str) -> None:
    async def use(client: AsyncClient) -> None:
        job = client.sample(count=2, sampler=SLOW)
        async for event in job:
            if event.HasField("accepted"):
                assert not (await client.cancel(event.job_id, rows=[])).cancelled
                assert list((await client.cancel(event.job_id, rows=[0])).rows) == [0]
        assert job.completed is not None
        assert list(job.completed.cancelled_rows) == [0]
        with pytest.raises(ScoreStreamError, match="image 0 of the job was cancelled"):
            await job.images()

    with_client(target, use)
