"""The picture in a request: a multipart field called `image`, or the raw body of type `image/*`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from server.http.problems import ServiceError
from tiekd.errors import ConfigError, ImageError

T = TypeVar("T")
FIELD = "image"
_EXAMPLE = f"curl -F {FIELD}=@photo.jpg …"
REQUEST_BODY = {
    "requestBody": {
        "required": True,
        "description": "A JPEG, PNG, WebP, GIF (first frame) or BMP picture.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "binary"}},
                }
            },
            "image/*": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""OpenAPI's description of the body, for `openapi_extra`."""


@dataclass(frozen=True, slots=True)
class Upload:
    """The bytes of one uploaded picture; `digest` names them."""

    data: bytes
    digest: bytes


async def read_upload(request: Request) -> Upload:
    """The picture of a request; how large it may be is watched by `middleware.BodyLimit`.

    Raises ConfigError without a picture, and ImageError for a body that is said to be something else.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        data = await _from_form(request)
    elif kind.startswith("image/") or kind in {"", "application/octet-stream"}:
        data = await request.body()
    else:
        raise ImageError(
            f"A body of type {kind} is not a picture.",
            reason="type",
            hint=f"Send a multipart form with a field {FIELD!r}, or the picture as image/jpeg, image/png, …",
        )
    if not data:
        raise ConfigError("The request holds no picture.", hint=_EXAMPLE)
    return Upload(data, hashlib.sha256(data).digest())


async def _from_form(request: Request) -> bytes:
    """The file in the form's field. Raises ConfigError unless there is exactly one."""
    try:
        async with request.form(max_files=4, max_fields=16) as form:
            parts = [part for part in form.getlist(FIELD) if isinstance(part, UploadFile)]
            if len(parts) == 1:
                return await parts[0].read()
    except HTTPException as error:
        raise ConfigError(f"The form can't be read: {error.detail}", hint=_EXAMPLE) from error
    found = f"{len(parts)} files" if parts else "no file"
    raise ConfigError(f"The form has {found} in a field called {FIELD!r}.", hint=f"Send one: {_EXAMPLE}")


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """`work`'s result, given up when the client goes away first. Raises ClientDisconnect then."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        gone.cancel()
        task.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def too_large(limit_bytes: int) -> ServiceError:
    """The 413 of a body over the limit."""
    return ServiceError(
        f"The body is larger than {limit_bytes / 2**20:g} MiB.",
        status=413,
        hint="Send a smaller picture; networks see about half a megapixel anyway.",
    )
