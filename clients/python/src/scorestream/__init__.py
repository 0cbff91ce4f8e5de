"""A client of scorestream, a streaming inference server for score-based diffusion models.

`Client` waits, `AsyncClient` is for asyncio. The messages that requests are made of, such as
`Sampler`, are those of the contract, proto/scorestream/v1/scorestream.proto.
"""

from google.protobuf.duration_pb2 import Duration

from scorestream.async_client import AsyncClient
from scorestream.async_job import AsyncJob, AsyncLatentJob, AsyncLikelihoodJob, AsyncPictureJob
from scorestream.client import Client
from scorestream.conditions import colorize, inpaint, of_class, super_resolve
from scorestream.errors import ERROR_CODES, ErrorCode, ScoreStreamError
from scorestream.interpolate import interpolate, interpolate_async
from scorestream.job import Job, LatentJob, LikelihoodJob, PictureJob
from scorestream.pictures import Format, PreviewPicture, to_numpy, to_pillow
from scorestream.progress import Progress
from scorestream.retry import Retry
from scorestream.sources import LatentSource, PictureSource, Resized
from scorestream.spherical import on_arc
from scorestream.v1.scorestream_pb2 import (
    Accepted,
    AnnealedLangevin,
    Completed,
    Condition,
    FastSolver,
    Image,
    ImageFormat,
    JobEvent,
    JobOptions,
    LikelihoodResult,
    Model,
    PredictorCorrector,
    Preview,
    PreviewOptions,
    ProbabilityFlow,
    Sampler,
    UploadResponse,
)

__all__ = [
    "ERROR_CODES",
    "Accepted",
    "AnnealedLangevin",
    "AsyncClient",
    "AsyncJob",
    "AsyncLatentJob",
    "AsyncLikelihoodJob",
    "AsyncPictureJob",
    "Client",
    "Completed",
    "Condition",
    "Duration",
    "ErrorCode",
    "FastSolver",
    "Format",
    "Image",
    "ImageFormat",
    "Job",
    "JobEvent",
    "JobOptions",
    "LatentJob",
    "LatentSource",
    "LikelihoodJob",
    "LikelihoodResult",
    "Model",
    "PictureJob",
    "PictureSource",
    "PredictorCorrector",
    "Preview",
    "PreviewOptions",
    "PreviewPicture",
    "ProbabilityFlow",
    "Progress",
    "Resized",
    "Retry",
    "Sampler",
    "ScoreStreamError",
    "UploadResponse",
    "colorize",
    "inpaint",
    "interpolate",
    "interpolate_async",
    "of_class",
    "on_arc",
    "super_resolve",
    "to_numpy",
    "to_pillow",
]
