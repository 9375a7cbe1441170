"""The picture in a request: a multipart field called `image`, or the raw body of type `image/*`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from server.http.patience import SlowClientError
from server.inference.errors import DeadlineError
from server.inference.service import Service
from server.inference.work import Admitted
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


async def read_upload(request: Request) -> bytes:
    """The picture file of a request; `middleware.BodyLimit` keeps it from being too large.

    Raises ConfigError for a request without a picture, and ImageError for a body of another type.
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
    return data


async def _from_form(request: Request) -> bytes:
    """The file in the form's field. Raises ConfigError unless there is exactly one."""
    try:
        async with request.form(max_files=4, max_fields=16) as form:
            parts = [part for part in form.getlist(FIELD) if isinstance(part, UploadFile)]
            if len(parts) == 1:
                return await parts[0].read()
    except HTTPException as error:
        raise ConfigError(f"The form can't be read: {error.detail}", hint=_EXAMPLE) from error
    except UnicodeError as error:  # Some encodings that a form may state can't decode anything.
        raise ConfigError(f"The form can't be read: {error}.", hint=_EXAMPLE) from error
    found = f"{len(parts)} files" if parts else "no file"
    raise ConfigError(f"The form has {found} in a field called {FIELD!r}.", hint=f"Send one: {_EXAMPLE}")


async def answered(
    request: Request, service: Service, models: Sequence[str], work: Callable[[Admitted], Awaitable[T]]
) -> T:
    """The result of `work` for the picture in a request, within the deadline of a whole request.

    Raises DeadlineError, SlowClientError when the time ends before the upload, ClientDisconnect when the
    client leaves first, and as `read_upload` and `Service.admit` do.
    """
    uploaded: bytes | None = None
    try:
        async with service.deadline(models[0]):
            uploaded = await read_upload(request)
            admitted = await service.admit(uploaded, models)
            return await unless_gone(request, work(admitted))
    except DeadlineError as error:
        if uploaded is None:
            raise SlowClientError("body", service.settings.deadline_s) from error
        raise


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """The result of `work`; when the client goes away first, the work is cancelled.

    Raises ClientDisconnect then.
    """
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


def too_large(limit_bytes: int) -> ImageError:
    """The error for a body over the limit."""
    return ImageError(
        f"The body is larger than {limit_bytes / 2**20:g} MiB.",
        reason="size",
        hint="Send a smaller picture; networks see about half a megapixel anyway.",
    )
