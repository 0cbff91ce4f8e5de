# %% [markdown]
# # A tour of scorestream
#
# Draws digits, fills in missing halves, walks from one digit to another and scores them. Run it
# cell by cell, as a script (`python tour.py`), or as a notebook (`jupytext --to notebook tour.py`).
# It needs a running server (`npm run quickstart`), at `SCORESTREAM_SERVER`; its pictures go to the
# folder `TOUR_OUT`.

# %%
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import PIL.Image

from scorestream import (
    Client,
    FastSolver,
    PredictorCorrector,
    PreviewOptions,
    ProbabilityFlow,
    Sampler,
    inpaint,
    of_class,
    on_arc,
)

MODEL = "color-digits"
# Pictures in a row.
COUNT = int(os.environ.get("TOUR_COUNT", "8"))
OUT = Path(os.environ.get("TOUR_OUT", "tour"))
OUT.mkdir(exist_ok=True)
client = Client(os.environ.get("SCORESTREAM_SERVER", "127.0.0.1:50051"))


def sheet(rows: Iterable[Iterable[PIL.Image.Image]], name: str, side: int = 64) -> PIL.Image.Image:
    """One picture of rows of pictures, which is also written."""
    scaled = [
        [image.resize((side, side), PIL.Image.Resampling.NEAREST) for image in row] for row in rows
    ]
    width = max(len(row) for row in scaled)
    page = PIL.Image.new("RGB", (width * (side + 2) + 2, len(scaled) * (side + 2) + 2), "white")
    for y, row in enumerate(scaled):
        for x, image in enumerate(row):
            page.paste(image, (2 + x * (side + 2), 2 + y * (side + 2)))
    page.save(OUT / name)
    return page


# %% [markdown]
# ## Draw
#
# A fast solver, eight digits, and the estimate of each while it comes out of the noise: a row a
# moment.

# %%
fast = Sampler(fast=FastSolver(method="dpm-solver++2m-sde", steps=30))
job = client.sample(
    model=MODEL, count=COUNT, seed=7, sampler=fast, preview=PreviewOptions(every_steps=6)
)
moments: dict[int, dict[int, PIL.Image.Image]] = {}
digits = job.images(
    progress="drawing",
    on_preview=lambda preview: moments.setdefault(preview.evaluations, {}).update(
        {preview.row: preview.image}
    ),
)
# A reader that is slower than the job gets the newest previews only: show whole rows.
whole = [
    [row[i] for i in sorted(row)] for _, row in sorted(moments.items()) if len(row) == len(digits)
]
sheet([*whole, digits], "drawn.png")

# %% [markdown]
# Of one class, with the gradient of the model's classifier: sevens.

# %%
sevens = client.sample(
    model=MODEL, count=COUNT, seed=1, sampler=fast, condition=of_class("7", guidance_scale=2)
).images(progress="sevens")
sheet([sevens], "sevens.png")

# %% [markdown]
# ## Inpaint
#
# The left half is known; the rest is drawn to go with it. Corrector steps make it agree.

# %%
corrected = Sampler(
    predictor_corrector=PredictorCorrector(
        predictor="ancestral",
        corrector="annealed-langevin",
        steps=20,
        corrector_steps=2,
        signal_to_noise=0.5,
    )
)
known = np.zeros((32, 32), bool)
known[:, :16] = True
rows = []
for seed, digit in enumerate(digits[:2]):
    filled = client.sample(
        model=MODEL, count=COUNT // 2, seed=seed, sampler=corrected, condition=inpaint(digit, known)
    ).images(progress=f"filling {seed + 1} of 2")
    for image in filled:
        assert (np.asarray(image)[known] == np.asarray(digit)[known]).all()
    gray_where_unknown = np.where(known[:, :, None], np.asarray(digit), np.uint8(128))
    rows.append([digit, PIL.Image.fromarray(gray_where_unknown), *filled])
sheet(rows, "inpainted.png")

# %% [markdown]
# ## Encode and interpolate
#
# A latent is a picture's place in the prior. Encoding and decoding give the picture back, and what
# lies on the arc between two latents decodes to digits too. (`interpolate` does all of this.)

# %%
loose = ProbabilityFlow(relative_tolerance=0.1, absolute_tolerance=0.1)
first, last = client.encode(digits[:2], model=MODEL, solver=loose).latents(progress="encoding")
print(f"a latent: {first.dtype}{list(first.shape)}, std {first.std():.2f}; the prior's is 1")
latents = [on_arc(first, last, float(fraction)) for fraction in np.linspace(0, 1, COUNT)]
frames = client.decode(latents, model=MODEL, solver=loose).images(progress="decoding")
apart = np.abs(np.asarray(frames[0], np.int16) - np.asarray(digits[0], np.int16)).mean()
print(f"mean difference after the way back: {apart:.2f} of 255")
sheet([frames], "interpolated.png")

# %% [markdown]
# ## Score
#
# How likely the model finds a digit, its negative, and noise, in bits per dimension: fewer is
# likelier.

# %%
positive = np.asarray(digits[0])
noise = np.random.default_rng(0).integers(0, 256, positive.shape, dtype=np.uint8)
scored = client.log_likelihood(
    [positive, 255 - positive, noise], model=MODEL, solver=loose
).likelihoods(progress="scoring")
for name, likelihood in zip(["a digit", "its negative", "noise"], scored, strict=True):
    print(f"{name}: {likelihood.bits_per_dim:.2f} bits per dimension")

# %%
client.close()
