"""Pictures and latents that are larger than one message."""

from __future__ import annotations

import asyncio
import hashlib

import numpy as np
import pytest
from conftest import LARGE, LARGE_SIZE
from proxy import Proxy

from scorestream import (
    AsyncClient,
    Client,
    FastSolver,
    JobEvent,
    JobOptions,
    PreviewOptions,
    ProbabilityFlow,
    Sampler,
    ScoreStreamError,
)
from scorestream.parts import PartJoiner
from scorestream.v1.scorestream_pb2 import EncodeResult, Part, Preview, SampleResult, Tensor
from scorestream.v1.scorestream_pb2 import Image as ContractImage

QUICK = Sampler(fast=FastSolver(method="ddim", steps=4))
STRICT = JobOptions(strict=True)
CONTENT = bytes(range(100))
# Of the large model's pictures, in float32.
SIZE_BYTES = 4 * 3 * LARGE_SIZE**2


def part(offset: int, sha256: str | None = None) -> JobEvent:
    """Forty bytes of CONTENT, or what there is of them."""
    is_last = offset + 40 >= len(CONTENT)
    told = hashlib.sha256(CONTENT).hexdigest() if is_last else ""
    data = CONTENT[offset : offset + 40]
    whole = Part(
        offset=offset, data=data, size_bytes=100, sha256=told if sha256 is None else sha256
    )
    return JobEvent(part=whole)


def sampled() -> JobEvent:
    return JobEvent(sampled=SampleResult(row=2, image=ContractImage()))


def test_parts_become_the_bytes_of_a_picture_or_a_latent() -> None:
    joiner = PartJoiner(100)
    wholes = [
        sampled(),
        JobEvent(preview=Preview(image=ContractImage())),
        JobEvent(encoded=EncodeResult(latent=Tensor())),
    ]
    for whole in wholes:
        # A connection that is lost in between begins anew.
        assert [joiner.take(part(offset)) for offset in (0, 40, 0, 40, 80)] == [None] * 5
        taken = joiner.take(whole)
        assert taken is not None
        found = (
            taken.sampled.image.data,
            taken.preview.image.data,
            taken.encoded.latent.float32,
        )
        assert max(found) == CONTENT
        assert joiner.take(sampled()) == sampled()


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([part(0), part(80)], "a part from byte 80 on, expected 40"),
        ([part(40)], "a part from byte 40 on, expected 0"),
        ([part(0), part(40), sampled()], "80 bytes, expected 100"),
        ([part(0), part(40), part(80, "ab"), sampled()], "expected ab"),
        ([part(0), part(40), part(80), JobEvent()], "parts before None"),
    ],
)
def test_parts_that_are_missing_or_changed_are_no_picture(
    events: list[JobEvent], message: str
) -> None:
    joiner = PartJoiner(100)
    with pytest.raises(ScoreStreamError, match=message) as failed:
        for event in events:
            joiner.take(event)
    assert (failed.value.status, failed.value.code) == ("DATA_LOSS", None)


def test_a_large_picture_and_its_previews_come_whole(client: Client) -> None:
    preview = PreviewOptions(every_steps=1, format=ContractImage().format, max_size=64)
    kinds: list[str | None] = []
    shown: set[tuple[int, int]] = set()
    job = client.sample(model=LARGE, sampler=QUICK, format="raw-float32", preview=preview)
    for event in job:
        kinds.append(event.WhichOneof("event"))
        if event.HasField("preview"):
            shown.add((event.preview.image.shape.height, event.preview.image.shape.width))
    assert "part" not in kinds
    assert shown <= {(64, 64)}
    assert job.numpy().shape == (1, 3, LARGE_SIZE, LARGE_SIZE)
    assert job.id is not None
    (again,) = client.watch(job.id).results()
    assert len(again.sampled.image.data) == SIZE_BYTES


def test_a_large_latent_comes_and_goes_by_an_upload(client: Client) -> None:
    picture = np.zeros((LARGE_SIZE, LARGE_SIZE, 3), np.uint8)
    solver = ProbabilityFlow(solver="euler", steps=2)
    latents = client.encode([picture], model=LARGE, solver=solver).latents()
    assert latents.shape == (1, 3, LARGE_SIZE, LARGE_SIZE)
    uploaded = client.upload(latents[0])
    (image,) = client.decode([uploaded], model=LARGE, solver=solver).images()
    assert image.size == (LARGE_SIZE, LARGE_SIZE)


def test_a_connection_lost_between_parts_begins_the_picture_anew(
    client: Client, target: str
) -> None:
    options = JobOptions(strict=True, detached=True)
    expected = client.sample(
        model=LARGE, sampler=QUICK, format="raw-float32", options=STRICT
    ).numpy()
    with Proxy(target) as proxy, Client(proxy.target) as other:
        proxy.cut_after = SIZE_BYTES // 2
        job = other.sample(model=LARGE, sampler=QUICK, format="raw-float32", options=options)
        seen = list(job)
        assert np.array_equal(job.numpy(), expected)
        sequences = [event.sequence for event in seen]
        assert sequences == sorted(set(sequences))
        assert proxy.accepted == 2


def test_more_than_the_client_takes_is_refused_and_the_job_is_left(target: str) -> None:
    limit = SIZE_BYTES - 1
    with Client(target, max_event_bytes=limit) as client:
        job = client.sample(model=LARGE, sampler=QUICK, format="raw-float32")
        with pytest.raises(
            ScoreStreamError, match=f"takes, {limit} \\(max_event_bytes\\)"
        ) as failed:
            job.results()
        assert failed.value.code == "too-large"
        # The same picture as a file is small enough.
        assert len(client.sample(model=LARGE, sampler=QUICK).images()) == 1


def test_the_client_for_asyncio_takes_parts_too(target: str) -> None:
    async def run() -> tuple[int, ...]:
        async with AsyncClient(target) as client:
            job = client.sample(model=LARGE, sampler=QUICK, format="raw-float32")
            return (await job.numpy()).shape

    assert asyncio.run(run()) == (1, 3, LARGE_SIZE, LARGE_SIZE)
