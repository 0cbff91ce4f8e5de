"""What goes wrong, and where it says so."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import PIL.Image
import pytest
from conftest import REPOSITORY
from pixels import SIZE, levels

from scorestream import (
    ERROR_CODES,
    Client,
    Retry,
    ScoreStreamError,
    UploadResponse,
    inpaint,
    of_class,
    to_pillow,
)


def failure(call: Any) -> ScoreStreamError:
    with pytest.raises(ScoreStreamError) as failed:
        call()
    return failed.value


def test_errors_have_a_code_the_field_and_the_server_s_sentence(client: Client) -> None:
    good, small = levels(SIZE, SIZE, 3), levels(3, 3, 3)
    size = failure(client.encode([good, small]).latents)
    assert (size.code, size.status, size.field) == (
        "invalid-argument",
        "INVALID_ARGUMENT",
        "images[1]",
    )
    assert re.match(r"images\[1\]: seen .*3 x 3", str(size))
    assert size.__cause__ is not None
    gone = UploadResponse(upload_id="none")
    lost = failure(client.sample(condition=inpaint(good, gone)).images)
    assert (lost.code, lost.field) == ("upload-not-found", "condition.inpaint.mask.upload_id")
    classes = failure(client.sample(condition=of_class("7")).images)
    assert (classes.code, classes.field) == ("capability-missing", "condition.class_label")
    wrong = failure(lambda: client.upload(good, "image/webp"))
    assert (wrong.code, wrong.field) == ("invalid-argument", "header.content_type")
    model = failure(client.decode([], model="x").images)
    assert (model.code, model.status, model.field) == ("model-not-found", "NOT_FOUND", None)
    assert failure(lambda: client.cancel("nobody")).code == "job-not-found"


def test_a_server_that_is_not_there_is_grpc_s_own_error() -> None:
    with Client("127.0.0.1:1", retry=None) as nobody:
        error = failure(nobody.list_models)
    assert (error.code, error.status, error.field) == (None, "UNAVAILABLE", None)


def test_the_codes_are_those_of_the_protocol() -> None:
    protocol = (REPOSITORY / "docs/protocol.md").read_text("utf8")
    assert list(ERROR_CODES) == re.findall(r"^\| `([a-z-]+)` \| [A-Z_]+ \|", protocol, re.M)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda c: c.encode(b"PNG"), r"TypeError: images: seen one bytes, expected a list of them"),
        (lambda c: c.encode(PIL.Image.new("L", (4, 4))), r"TypeError: images: seen one Image"),
        (lambda c: c.encode([3]), r"TypeError: images\[0\]: seen int, expected bytes, a path"),
        (lambda c: c.encode([np.zeros((4, 4))]), r"ValueError: images\[0\]: seen float64\[4, 4\]"),
        (
            lambda c: c.encode([np.zeros((4, 4), np.float32)]),
            r"ValueError: images\[0\]: seen float32\[4, 4\], expected float32\[channels",
        ),
        (lambda c: c.encode([PIL.Image.new("F", (4, 4))]), r"ValueError: images\[0\]: .* mode F"),
        (lambda c: c.encode(["no such file"]), r"FileNotFoundError: .*no such file"),
        (lambda c: c.decode([levels(4, 4, 3)]), r"ValueError: latents\[0\]: seen uint8\[4, 4, 3\]"),
        (lambda c: c.decode([[1.0]]), r"TypeError: latents\[0\]: seen list, expected an array"),
        (lambda c: c.sample(format="gif"), r"ValueError: format: seen 'gif', expected one of png"),
        (lambda c: c.sample(seed=-1), r"ValueError: seed: seen -1"),
        (lambda c: c.sample(count=1.5), r"TypeError: count: seen 1.5"),
        (
            lambda c: c.upload(b"GIF89a"),
            r"ValueError: content_type: seen bytes that begin b'GIF89a'",
        ),
        (lambda c: c.upload(b"", "image/gif"), r"ValueError: content_type: seen 'image/gif'"),
        (
            lambda c: to_pillow(c.sample(format="raw-float32").results()[0]),
            r"ValueError: format: seen raw-float32",
        ),
        (lambda _: Retry(attempts=0), r"ValueError: attempts: seen 0"),
        (lambda _: Retry(first_delay=-1), r"ValueError: first_delay: seen -1"),
    ],
)
def test_what_can_be_no_field_is_refused_by_name(client: Client, call: Any, expected: str) -> None:
    with pytest.raises((TypeError, ValueError, OSError)) as refused:
        call(client)
    assert re.match(expected, f"{type(refused.value).__name__}: {refused.value}")
