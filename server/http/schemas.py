"""Every JSON body that the server answers with, as a typed model; the OpenAPI document is made from these.

Those of galleries are in gallery_schemas.py.

A field with `Absent` is left out of the body where it does not apply; `| None` means that the body says null.
The models are built with the fields that are set and written with `exclude_unset`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel
from pydantic.json_schema import SkipJsonSchema

from tiekd.card import MethodName
from tiekd.files import as_text
from tiekd.methods import FAMILIES
from tiekd.targets import TargetName

Absent = SkipJsonSchema[None]
Family = Annotated[str, Field(description="its colour", json_schema_extra={"enum": list(FAMILIES)})]


Words = Annotated[str, BeforeValidator(as_text)]
"""A sentence, which may hold the name of a file."""


def _allow_more(schema: dict[str, Any]) -> None:
    """Clients must expect fields that a later version adds, so the document does not forbid them."""
    schema.pop("additionalProperties", None)


class Body(BaseModel):
    """A JSON object with these fields. Another field is an error; it is never dropped in silence."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_allow_more)

    def json_bytes(self) -> bytes:
        """The body on one line; absent fields are left out."""
        return self.model_dump_json(exclude_unset=True).encode()


class Fault(Body):
    """What is wrong with one parameter."""

    parameter: str
    message: str
    value: str | Absent = None


class Problem(Body):
    """An error (RFC 9457): what was wrong, and a hint that says what to do."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(description="the status in words", examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: Words = Field(examples=["Unknown model 'tiekd_mobilenet'."])
    hint: Words | Absent = Field(default=None, examples=["Did you mean tiekd_mobilenetv2.demo?"])
    near: list[str] | Absent = Field(default=None, description="known names that are spelt alike")
    errors: list[Fault] | Absent = Field(default=None, description="every wrong parameter")


class NotReady(Problem):
    """The 503 of /readyz: which models the server still waits for."""

    waiting: list[str] = Field(description="models that are not warm, the failed ones included")
    failed: list[str] = Field(description="models that could not be loaded")
    reasons: dict[str, str] | Absent = Field(default=None, description="failed model: why")


class Alive(Body):
    """The answer of /healthz."""

    status: Literal["ok"]
    version: str = Field(examples=["0.3.0"])


class Ready(Body):
    """The 200 of /readyz."""

    status: Literal["ready"]
    models: list[str] = Field(examples=[["tiekd_mobilenetv2.demo"]])
    failed: list[str] | Absent = Field(default=None, description="models that could not be loaded")
    reasons: dict[str, str] | Absent = Field(default=None, description="failed model: why")


class ModelEntry(Body):
    """One model of the server."""

    name: str = Field(examples=["tiekd_mobilenetv2.demo"])
    role: Literal["teacher", "student"]
    method: MethodName
    label: str = Field(description="what people call the method", examples=["TIE-KD"])
    family: Family
    teacher: str | None
    encoder: str = Field(examples=["mobilenetv2_100"])
    architecture: str = Field(examples=["densedepth_dpm_mobilenetv2_100"])
    dataset: str = Field(examples=["demo"])
    min_depth_m: float = Field(examples=[0.001])
    max_depth_m: float = Field(examples=[80.0])
    train_fx_px: float | None = Field(
        description="the focal length, in pixels, for which its depth is metric; null: nobody has stated "
        "it, and `fx` is refused",
        examples=[721.5377],
    )
    n_bins: int | None = Field(description="bins of its distribution over depth; null: it has none")
    target: TargetName | None = Field(description="kind of the target DPM of its training; null: it had none")
    sigma_m: float | None = Field(description="width of that target in metres", examples=[0.5])
    parameters: int | None
    engine: str | None = Field(description="what runs it; null until it is loaded", examples=["torch"])
    device: str | None = Field(examples=["cpu"])
    loaded: bool = Field(description="warm: it answers at once")
    metrics: dict[str, dict[str, float]] = Field(description="protocol: metric: our own measurement")
    licence: str = Field(examples=["Apache-2.0"])
    untrained: Literal[True] | Absent = Field(default=None, description="its weights are random")
    error: str | Absent = Field(default=None, examples=["can't be loaded"])


class ModelList(Body):
    """The answer of /api/models."""

    models: list[ModelEntry]
    families: list[str] = Field(description="every colour, in the order in which pages list models")


class Span(Body):
    """A range of depth in metres."""

    min_m: float = Field(examples=[0.001])
    max_m: float = Field(examples=[80.0])


class PackedArray(Body):
    """An array as its bytes: float32, little-endian, row by row, in base 64."""

    dtype: Literal["<f4"]
    shape: tuple[int, int]
    data: str = Field(examples=["AACAPwAAAEA="])


class ListedArray(Body):
    """An array as nested lists, rounded to 4 decimals."""

    shape: tuple[int, int]
    data: list[list[float]] = Field(examples=[[[1.0, 2.0]]])


Array = PackedArray | ListedArray


class Statistics(Body):
    """Statistics over all pixels; `p5` is the 5th percentile."""

    min: float
    max: float
    mean: float
    median: float
    p5: float
    p25: float
    p50: float
    p75: float
    p95: float


class DepthBody(Body):
    """The answer of /predict with `format=json`."""

    model: str = Field(examples=["tiekd_mobilenetv2.demo"])
    unit: Literal["m"]
    width: int = Field(description="pixels")
    height: int = Field(description="pixels")
    depth_range: Span = Field(description="what the model can answer")
    statistics: Statistics
    timings_ms: dict[str, float] = Field(description="stage: milliseconds", examples=[{"infer": 21.5}])
    depth_m: Array | Absent = Field(default=None, description="left out with `values=none`")


class Percentiles(Body):
    """Percentiles of |b - a| in metres."""

    p50: float
    p90: float
    p95: float
    p99: float


class DiffStatistics(Body):
    """Statistics of b - a in metres; `abs_rel` is the mean of |b - a| / a."""

    mean: float
    median: float
    mean_abs: float
    max_abs: float
    rmse: float
    abs_rel: float
    percentiles_abs: Percentiles


class DiffBody(Body):
    """The answer of /diff with `format=json`."""

    a: str
    b: str
    metric: Literal["abs", "signed", "relative"]
    unit: Literal["m", "1"] = Field(description="of `difference`; 1 for `metric=relative`")
    statistics: DiffStatistics
    width: int = Field(description="pixels")
    height: int = Field(description="pixels")
    difference: Array | Absent = Field(default=None, description="left out with `values=none`")


class ComparedModel(Body):
    """One model of /compare."""

    model: str = Field(examples=["tiekd_mobilenetv2.demo"])
    depth_range: Span = Field(description="what the model can answer")
    statistics: Statistics = Field(description="of its depth in metres")
    timings_ms: dict[str, float] = Field(description="stage: milliseconds", examples=[{"infer": 21.5}])
    difference: DiffStatistics | Absent = Field(
        default=None, description="of this model minus the reference, where one is named"
    )
    depth_m: Array | Absent = Field(default=None, description="left out with `values=none`")


class CompareBody(Body):
    """The answer of /compare with `format=json`."""

    unit: Literal["m"]
    width: int = Field(description="pixels")
    height: int = Field(description="pixels")
    reference: str | Absent = Field(default=None, examples=["adabins_efficientnet_b5.kitti"])
    models: list[ComparedModel] = Field(description="in the order in which they were named")


class ModelProblem(Problem):
    """What went wrong with one model among several."""

    model: str = Field(examples=["tiekd_mobilenetv2.demo"])


class DistributionBody(Body):
    """The answer of /dpm with `view=distribution`."""

    source: Literal["own", "target"] = Field(
        description="the model's own DPM, or the target DPM of its depth"
    )
    model: str = Field(examples=["tiekd_mobilenetv2.demo"])
    bin_edges_m: list[float] = Field(description="one more than there are bins", examples=[[1.0, 2.0, 4.0]])
    probability: list[float] = Field(description="of each bin; the sum is 1", examples=[[0.25, 0.75]])
    expectation_m: float = Field(examples=[2.625])
    mode_m: float = Field(description="centre of the most probable bin", examples=[3.0])
    entropy_nats: float = Field(examples=[0.5623])
    depth_m: float = Field(description="what /predict answers at this pixel", examples=[2.625])
    x: int
    y: int
    target: TargetName | Absent = Field(default=None, description="kind of the target DPM")
    sigma_m: float | Absent = Field(default=None, description="of the target DPM")


class DistributionList(RootModel[list[DistributionBody | ModelProblem]]):
    """The answer of /dpm to several models, in the order in which they were named."""
