"""What can be set about the service, by `tiekd serve`'s options or by `TIEKD_*` in the environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from tiekd.errors import ConfigError
from tiekd.faults import faults_as
from tiekd.limits import Threads

NameList = Annotated[tuple[str, ...], NoDecode]
PathList = Annotated[tuple[Path, ...], NoDecode]


class Settings(BaseSettings):
    """Settings of one server process; in the environment, lists are separated by commas or JSON."""

    model_config = SettingsConfigDict(env_prefix="TIEKD_", extra="ignore", frozen=True, allow_inf_nan=False)

    models: NameList = Field(default=(), description="names or files; empty: every row with weights here")
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:N or mps")
    engine: str = Field(default="auto", description="what computes the networks")
    untrained: bool = Field(
        default=False, description="give rows without weights random ones, marked as such"
    )

    strict: bool = Field(
        default=False, description="/readyz answers 503 while a model has failed; else it is ready without it"
    )

    results: PathList = Field(default=(), description="folders of METHOD/FRAME.png to show as galleries")
    configs: PathList = Field(
        default=(), description="JSON configurations of the published viewer, for `/?config=NAME`"
    )
    depth_scale: float = Field(default=256, gt=0, description="stored integer per metre in their 16-bit PNG")
    depth_range: str = Field(default="0.001:80", description="MIN:MAX metres of their colours in the viewer")
    magma_ranges: NameList = Field(
        default=(), description="METHOD=MIN:MAX: folders whose pictures are magma_r of that range in metres"
    )

    sources: NameList = Field(
        default=(),
        description="METHOD=SETTINGS: how a folder is read (docs/results.md); with * between them, or JSON",
    )

    follow_links: bool = Field(
        default=False, description="also show what links in a folder of results lead to outside of it"
    )

    max_upload_bytes: int = Field(default=32 * 2**20, gt=0, description="of a request's body")
    max_photo_pixels: int = Field(default=50_000_000, gt=0, description="of a photo, before it is decoded")
    memory_bytes: int = Field(
        default=2 * 2**30, gt=0, description="that all requests may hold: bodies, pixels at work, answers"
    )
    queue_size: int = Field(default=32, ge=1, description="requests that may wait for one model")
    deadline_s: float = Field(default=60, gt=0, description="after this time a request is answered 504")
    workers: int | None = Field(
        default=None, ge=1, le=64, description="pictures computed at the same time; default: by the cores"
    )
    threads: Threads | None = Field(
        default=None, description="threads of each; default: OMP_NUM_THREADS, else by the cores"
    )
    stop_patience_s: float = Field(
        default=10, ge=0,
        description="how long a stop waits for the model that is being loaded; `tiekd serve` says 1",
    )  # fmt: skip
    header_timeout_s: float = Field(default=10, gt=0, description="how long the header of a request may take")
    transfer_timeout_s: float = Field(
        default=20, gt=0,
        description="how long a body may take to arrive, and an answer to be taken; see min_bytes_per_s",
    )  # fmt: skip
    min_bytes_per_s: int = Field(
        default=16 * 1024, ge=1, description="each so many bytes that move give a second more"
    )
    keep_alive_s: int = Field(default=5, ge=0, description="how long a connection may be idle, once used")
    max_connections: int = Field(default=400, ge=1, description="connections that may be open at a time")
    grace_s: float = Field(default=7, ge=0, description="how long a stop waits for requests that have begun")
    cache_bytes: int = Field(default=256 * 2**20, ge=0, description="predictions kept for /dpm")

    @field_validator("sources", mode="before")
    @classmethod
    def _split_sources(cls, value: Any) -> Any:
        """A declaration has commas of its own."""
        if not isinstance(value, str):
            return value
        parts = json.loads(value) if value.startswith("[") else value.split("*")
        return tuple(part for part in parts if part)

    @field_validator("models", "results", "configs", "magma_ranges", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # A JSON list holds names that have commas in them.
        parts = json.loads(value) if value.startswith("[") else value.split(",")
        return tuple(part for part in parts if part)


def read_settings() -> Settings:
    """The settings that the environment states. Raises ConfigError that names every fault."""
    hint = "Settings come from the options of `tiekd serve` and from TIEKD_ variables."
    with faults_as(ConfigError, "The set-up of the server", model=Settings, hint=hint):
        return Settings()
