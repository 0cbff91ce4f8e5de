"""Each task against the model whose answers are known, and what goes in and out."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from pixels import CORRECTED, LOOSE, SIZE, levels, most_apart

from scorestream import (
    Client,
    FastSolver,
    JobOptions,
    Resized,
    Sampler,
    colorize,
    inpaint,
    interpolate,
    of_class,
    super_resolve,
)
from scorestream.v1.scorestream_pb2 import ClassCondition


def test_list_models_tells_what_each_can_do(client: Client) -> None:
    digits, mixture, _ = sorted(client.list_models(), key=lambda model: model.name)
    assert (digits.shape.channels, digits.shape.height, digits.shape.width) == (3, 32, 32)
    assert list(digits.classes) == [str(digit) for digit in range(10)]
    assert mixture.forward_process == "vp"
    assert "encode" in mixture.tasks


def test_samples_are_the_same_pictures_in_every_form(client: Client) -> None:
    images = client.sample(count=2, seed=3).images()
    assert [(image.mode, image.size) for image in images] == [("RGB", (SIZE, SIZE))] * 2
    array = client.sample(count=2, seed=3).numpy()
    assert (str(array.dtype), array.shape) == ("uint8", (2, SIZE, SIZE, 3))
    # The noise is the same whatever shares a batch; rounding may differ.
    assert most_apart(np.stack([np.asarray(image) for image in images]), array) <= 1
    assert most_apart(client.sample(count=2, seed=3, format="raw-uint8").numpy(), array) <= 1
    exact = client.sample(count=2, seed=3, format="raw-float32").numpy()
    assert (str(exact.dtype), exact.shape) == ("float32", (2, 3, SIZE, SIZE))
    assert most_apart((exact.transpose(0, 2, 3, 1) + 1) * 127.5, array) <= 1.5
    assert most_apart(array[0], array[1]) > 10, "two pictures"
    array[:] = 0  # The caller's own.


def test_encoding_and_decoding_give_the_pictures_back_in_order(client: Client) -> None:
    samples = client.sample(count=2, seed=3).numpy()
    latents = client.encode(samples).latents()
    assert (str(latents.dtype), latents.shape) == ("float32", (2, 3, SIZE, SIZE))
    assert most_apart(client.decode(latents).numpy(), samples) <= 1
    # Exact values in place of a file: the same latent.
    exact = client.decode(latents[:1], format="raw-float32").numpy()
    assert most_apart(client.encode(exact).latents(), latents[:1]) < 0.01
    cold = client.decode(latents, temperature=0.5).numpy()
    assert most_apart(cold, samples) > 5


def test_every_source_of_a_picture_has_the_same_latent(client: Client, tmp_path: Path) -> None:
    values = levels(SIZE, SIZE, 3)
    image = PIL.Image.fromarray(values)
    path = tmp_path / "picture.png"
    image.save(path)
    uploaded = client.upload(path)
    assert uploaded.upload_id == hashlib.sha256(path.read_bytes()).hexdigest()
    exact = (values.transpose(2, 0, 1) / 127.5 - 1).astype(np.float32)
    numbers = client.upload(exact)
    sources = [values, image, path, str(path), path.read_bytes(), uploaded, exact, numbers]
    latents = client.encode(sources, solver=LOOSE).latents()
    for latent in latents[1:]:
        assert most_apart(latent, latents[0]) < 0.01
    kept = client.upload(latents[0])
    one, other = client.decode([latents[0], kept], solver=LOOSE).numpy()
    assert most_apart(one, other) == 0


def test_an_upload_of_many_parts_is_its_tenant_s(client: Client) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    uploaded = client.upload(noise, tenant="a")
    images = [Resized(uploaded, "fill")]
    assert client.encode(images, options=JobOptions(tenant="a")).latents().shape[0] == 1


def test_likelihoods_are_in_order_and_say_what_they_depend_on(client: Client) -> None:
    sample = client.sample(seed=5).numpy()[0]
    checkerboard = np.where(np.arange(48) % 2 == 0, 0, 255).astype(np.uint8).reshape(4, 4, 3)
    job = client.log_likelihood(
        [sample, checkerboard],
        solver=LOOSE,
        probes=2,
        dequantizations=2,
        importance_weighted=True,
    )
    likely, unlikely = job.likelihoods()
    # Uniform levels have 8.
    assert likely.bits_per_dim < 8 < unlikely.bits_per_dim
    assert likely.standard_error_bits_per_dim > 0
    assert job.completed is not None
    settings = job.completed.likelihood
    assert (settings.probe, settings.probes, settings.dequantizations) == ("rademacher", 2, 2)
    assert (settings.importance_weighted, settings.data_low, settings.data_high) == (True, -1, 1)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_known_pixels_come_out_as_they_went_in(client: Client, kind: type[np.generic]) -> None:
    image = levels(SIZE, SIZE, 3)
    known = np.zeros((SIZE, SIZE), np.bool_)
    known[:, :2] = True
    mask = {bool: known, np.uint8: np.uint8(255) * known}.get(kind, np.float32(known)[None])
    filled = client.sample(condition=inpaint(image, mask), count=3, sampler=CORRECTED).numpy()
    for values in filled:
        assert most_apart(values[known], image[known]) == 0
        assert most_apart(values[~known], image[~known]) > 5
    assert most_apart(filled[0], filled[1]) > 5


def test_a_colouring_s_gray_is_the_gray_that_was_given(client: Client) -> None:
    gray = levels(SIZE, SIZE)
    coloured = client.sample(condition=colorize(gray), count=3, sampler=CORRECTED).numpy()
    for values in coloured:
        assert most_apart(values.mean(2), gray) <= 1
        assert np.ptp(values, 2).max() > 10, "colours"


def test_block_averages_are_the_low_resolution_that_was_given(client: Client) -> None:
    low = np.array([[[100, 150, 200]]], np.uint8)
    drawn = client.sample(condition=super_resolve(low, 4), count=3, sampler=CORRECTED).numpy()
    for values in drawn:
        assert most_apart(values.mean((0, 1), keepdims=True), low) <= 1
        assert np.ptp(values) > 20, "no flat picture"


def test_a_class_is_drawn_with_its_scale(client: Client) -> None:
    job = client.sample(
        model="color-digits",
        condition=of_class("7", guidance_scale=2),
        sampler=Sampler(fast=FastSolver(method="dpm-solver++2m", steps=4)),
    )
    assert [image.size for image in job.images()] == [(32, 32)]
    assert job.completed is not None
    assert job.completed.class_label == ClassCondition(label="7", guidance_scale=2)
    assert job.completed.sampler.fast.steps == 4


def test_an_interpolation_begins_and_ends_with_its_pictures(client: Client) -> None:
    a, b = client.sample(count=2, seed=3).images()
    shown = [np.asarray(image) for image in interpolate(client, a, b, frames=5)]
    assert len(shown) == 5
    assert most_apart(shown[0], np.asarray(a)) <= 1
    assert most_apart(shown[4], np.asarray(b)) <= 1
    for frame in shown[1:4]:
        assert most_apart(frame, shown[0]) > 5
        assert most_apart(frame, shown[4]) > 5
    with pytest.raises(ValueError, match=r"^frames: seen 1"):
        interpolate(client, a, b, frames=1)


def test_jpeg_and_webp_come_as_asked_for(client: Client) -> None:
    for form in ("jpeg", "webp"):
        [image] = client.sample(format=form).results()
        assert PIL.Image.open(io.BytesIO(image.data)).format == form.upper()
        assert client.sample(format=form).numpy().shape == (1, SIZE, SIZE, 3)
