"""The four tasks, as both clients ask for them."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from scorestream.parts import PART_BYTES
from scorestream.pictures import format_of
from scorestream.reading import Reading
from scorestream.results import take_latent, take_likelihood, take_picture
from scorestream.sources import each, to_image_source, to_tensor_source
from scorestream.v1.scorestream_pb2 import (
    DecodeRequest,
    EncodeRequest,
    JobOptions,
    LogLikelihoodRequest,
    SampleRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from scorestream.pictures import Format
    from scorestream.retry import Retry
    from scorestream.sources import LatentSource, PictureSource
    from scorestream.v1.scorestream_pb2 import (
        Condition,
        Image,
        ImageFormat,
        JobEvent,
        LikelihoodResult,
        PreviewOptions,
        ProbabilityFlow,
        Sampler,
    )

TaskRequest: TypeAlias = "SampleRequest | EncodeRequest | DecodeRequest | LogLikelihoodRequest"

Pictures = TypeVar("Pictures")
Latents = TypeVar("Latents")
Likelihoods = TypeVar("Likelihoods")
Request = TypeVar("Request", SampleRequest, EncodeRequest, DecodeRequest, LogLikelihoodRequest)
R = TypeVar("R")


class Tasks(ABC, Generic[Pictures, Latents, Likelihoods]):
    """The four tasks, each of which starts a job and answers with it.

    Arguments are the fields of the contract's requests (docs/protocol.md). Those that are left out
    take the model's defaults, and the job's `completed` echoes what was used. An argument that can
    be no such field raises TypeError or ValueError at once; all else fails when the job is read.

    With retries on, a request without an idempotency key is given one: sent again, it gets the job
    that it started the first time.
    """

    _retry: Retry
    _max_event_bytes: int

    @abstractmethod
    def _picture_job(self, reading: Reading[Image]) -> Pictures: ...

    @abstractmethod
    def _latent_job(self, reading: Reading[NDArray[np.float32]]) -> Latents: ...

    @abstractmethod
    def _likelihood_job(self, reading: Reading[LikelihoodResult]) -> Likelihoods: ...

    def sample(
        self,
        *,
        model: str = "",
        count: int = 1,
        seed: int = 0,
        sampler: Sampler | None = None,
        condition: Condition | None = None,
        preview: PreviewOptions | None = None,
        format: Format | ImageFormat.ValueType = "png",  # noqa: A002 - the contract's name
        options: JobOptions | None = None,
    ) -> Pictures:
        """Draws samples, free ones or with a condition.

        Args:
            model: Empty: the server's default.
            count: Samples, 1 to the server's `--max-count`.
            seed: 0 to 2^64 - 1. Sample i draws its noise from (seed, i): the same seed gives the
                same pictures.
            sampler: Such as `Sampler(fast=FastSolver(method="dpm-solver++2m", steps=20))`.
            condition: From `of_class`, `inpaint`, `colorize` or `super_resolve`.
            preview: Such as `PreviewOptions(every_steps=5)`.
            format: Of the pictures. "raw-float32" has the exact values.
            options: Such as `JobOptions(detached=True)`.

        Returns:
            A job of `count` pictures.
        """
        request = _message(
            SampleRequest,
            model=model,
            count=count,
            seed=seed,
            sampler=sampler,
            condition=condition,
            preview=preview,
            format=format_of(format, "format"),
            options=options,
        )
        return self._picture_job(self._reading("Sample", request, take_picture))

    def encode(
        self,
        images: Iterable[PictureSource],
        *,
        model: str = "",
        solver: ProbabilityFlow | None = None,
        time_eps: float = 0,
        options: JobOptions | None = None,
    ) -> Latents:
        """Takes each picture up the probability flow to its latent.

        That is of about the prior's scale where the picture is like the model's data: noise that
        these lack is magnified. No noise is drawn: the same picture has the same latent.

        Args:
            images: Of the model's size, 1 to the server's `--max-count`.
            model: Empty: the server's default.
            solver: Such as `ProbabilityFlow(relative_tolerance=1e-3, absolute_tolerance=1e-3)`.
            time_eps: Where the flow starts; 0: the model's `likelihoodEps`.
            options: Such as `JobOptions(tenant="me")`.

        Returns:
            A job of one latent a picture. It fails with "invalid-argument" or "upload-not-found" at
            `images[i]`, or "solver-failed".
        """
        sources = each(images, "images")
        request = _message(
            EncodeRequest,
            model=model,
            images=[to_image_source(source, f"images[{i}]") for i, source in enumerate(sources)],
            solver=solver,
            time_eps=time_eps,
            options=options,
        )
        return self._latent_job(self._reading("Encode", request, take_latent))

    def decode(
        self,
        latents: Iterable[LatentSource],
        *,
        model: str = "",
        solver: ProbabilityFlow | None = None,
        time_eps: float = 0,
        temperature: float = 1.0,
        preview: PreviewOptions | None = None,
        format: Format | ImageFormat.ValueType = "png",  # noqa: A002 - the contract's name
        options: JobOptions | None = None,
    ) -> Pictures:
        """Takes each latent down the probability flow to its picture, which undoes `encode`.

        Args:
            latents: float32[rows, channels, height, width] of the model's shape, or a list of such
                latents and of uploads; 1 to the server's `--max-count`.
            model: Empty: the server's default.
            solver: As `encode` has it.
            time_eps: Where the flow stops; the same as of `encode` gives its picture back.
            temperature: Scales the latents.
            preview: Such as `PreviewOptions(every_steps=5)`.
            format: Of the pictures.
            options: Such as `JobOptions(tenant="me")`.

        Returns:
            A job of one picture a latent. It fails with "invalid-argument" or "upload-not-found" at
            `latents[i]`, or "solver-failed".
        """
        sources = each(latents, "latents")
        request = _message(
            DecodeRequest,
            model=model,
            latents=[to_tensor_source(source, f"latents[{i}]") for i, source in enumerate(sources)],
            solver=solver,
            time_eps=time_eps,
            preview=preview,
            format=format_of(format, "format"),
            options=options,
            temperature=temperature,
        )
        return self._picture_job(self._reading("Decode", request, take_picture))

    def log_likelihood(
        self,
        images: Iterable[PictureSource],
        *,
        model: str = "",
        solver: ProbabilityFlow | None = None,
        time_eps: float = 0,
        probes: int = 1,
        probe: Literal["rademacher", "gaussian", "exact"] = "rademacher",
        dequantizations: int = 1,
        importance_weighted: bool = False,
        seed: int = 0,
        options: JobOptions | None = None,
    ) -> Likelihoods:
        """How likely the model finds each picture (docs/likelihood.md).

        Args:
            images: Of the model's size, 1 to the server's `--max-count`. An array of float32 is a
                point, which is not dequantised.
            model: Empty: the server's default.
            solver: As `encode` has it.
            time_eps: Where the flow starts; 0: the model's `likelihoodEps`.
            probes: Of each draw of each picture.
            probe: "exact" is for models of few dimensions.
            dequantizations: Draws averaged per picture.
            importance_weighted: log-mean-exp over the draws in place of their mean.
            seed: Of probes and draws.
            options: Such as `JobOptions(tenant="me")`.

        Returns:
            A job of one likelihood a picture; `completed.likelihood` has the settings that it
            depends on. It fails with "invalid-argument" or "upload-not-found" at `images[i]`,
            "capability-missing" where the model's network can't be differentiated, "solver-failed".
        """
        sources = each(images, "images")
        request = _message(
            LogLikelihoodRequest,
            model=model,
            images=[to_image_source(source, f"images[{i}]") for i, source in enumerate(sources)],
            solver=solver,
            time_eps=time_eps,
            probes=probes,
            probe=probe,
            dequantizations=dequantizations,
            importance_weighted=importance_weighted,
            seed=seed,
            options=options,
        )
        return self._likelihood_job(self._reading("LogLikelihood", request, take_likelihood))

    def _reading(
        self, name: str, request: TaskRequest, take: Callable[[JobEvent], tuple[int, R] | None]
    ) -> Reading[R]:
        if self._retry.attempts > 1 and request.options.idempotency_key == "":
            request.options.idempotency_key = str(uuid.uuid4())
        if request.options.part_bytes == 0:
            request.options.part_bytes = PART_BYTES
        return Reading(
            (name, request),
            detached=request.options.detached,
            take=take,
            retry=self._retry,
            max_event_bytes=self._max_event_bytes,
        )


def _message(kind: type[Request], **fields: Any) -> Request:
    """A request; where a field's value does not fit, an error that names the field."""
    try:
        return kind(**fields)
    except (TypeError, ValueError):
        for name, value in fields.items():
            try:
                kind(**{name: value})
            except (TypeError, ValueError) as error:
                message = f"{name}: seen {value!r}, which the contract has no place for: {error}"
                raise type(error)(message) from None
        raise
