"""Every error as RFC 9457 `application/problem+json`, with a `hint` that says what to do.

People who open a wrong address in a browser get the same words as a page.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from tiekd import errors

MEDIA_TYPE = "application/problem+json"
CLIENT_CLOSED_REQUEST = 499
_SEE_DOCS = "Every call and its parameters are described at /docs."
log = logging.getLogger("tiekd.server")

_IMAGE_STATUS: dict[Literal["type", "size", "decode"], int] = {"type": 415, "size": 413, "decode": 422}
_STATUS: tuple[tuple[type[errors.TiekdError], int], ...] = (
    (errors.ConfigError, 400),
    (errors.InputSizeError, 422),
    (errors.UnavailableError, 503),
    (errors.CheckpointError, 503),
    (errors.WeightsUnavailableError, 503),
    (errors.DataError, 422),
)


class ServiceError(errors.TiekdError):
    """The service can't answer now or can't take this request; `status` is the HTTP status."""

    def __init__(
        self, message: str, *, status: int, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.headers = dict(headers or {})


def busy(message: str, *, retry_after_s: int) -> ServiceError:
    """A 503 that says when to come back."""
    headers = {"Retry-After": str(retry_after_s)}
    return ServiceError(message, status=503, hint=f"Try again in {retry_after_s} s.", headers=headers)


def status_of(error: errors.TiekdError) -> int:
    """The HTTP status that fits an error."""
    if isinstance(error, ServiceError):
        return error.status
    if isinstance(error, errors.ImageError):
        return _IMAGE_STATUS[error.reason]
    if isinstance(error, errors.UnknownNameError):
        return 404 if error.kind.split()[0] in {"model", "gallery", "method", "frame", "photo"} else 400
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem(
    status: int, detail: str, *, hint: str = "", headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """A problem+json answer; `more` are extension members."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body |= {"hint": hint} if hint else {}
    return JSONResponse(body | more, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


async def _on_tiekd_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TiekdError)
    status = status_of(error)
    if status >= 500 and not isinstance(error, ServiceError):
        log.error("%s %s: %s", request.method, request.url.path, error)
    more = {"near": error.near} if isinstance(error, errors.UnknownNameError) and error.near else {}
    headers = error.headers if isinstance(error, ServiceError) else None
    return _answer(request, status, str(error), hint=error.hint, headers=headers, **more)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        allowed = ", ".join([*headers.get("Allow", headers.get("allow", "GET")).split(", "), "OPTIONS"])
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allowed})
        detail = f"{request.url.path} does not answer {request.method}."
        return _answer(request, 405, detail, hint=f"Use {allowed}.", headers={"Allow": allowed})
    if error.status_code == 404:
        return _answer(
            request,
            404,
            f"There is nothing at {request.url.path}.",
            hint=_SEE_DOCS,
        )
    return _answer(request, error.status_code, str(error.detail), hint=_SEE_DOCS, headers=headers)


async def _on_bad_parameter(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = []
    for fault in error.errors():
        found = {"parameter": str(fault["loc"][-1]), "message": fault["msg"]}
        faults.append(found if fault["type"] == "missing" else found | {"value": _shown(fault["input"])})
    detail = "; ".join(
        f"{fault['parameter']}{'=' + fault['value'] if 'value' in fault else ''}: {fault['message']}"
        for fault in faults
    )
    return _answer(request, 400, detail, hint=_SEE_DOCS, errors=faults)


async def _on_gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def _on_bug(request: Request, _error: Exception) -> Response:
    # Starlette raises the error again after this answer, so the server's log has the traceback.
    detail = "Something went wrong in the server; the log says what."
    return _answer(request, 500, detail, hint="Please report it with the time of the request.")


def _answer(
    request: Request,
    status: int,
    detail: str,
    *,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    if request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", ""):
        page: Response = request.app.state.pages.error(
            request, status=status, title=HTTPStatus(status).phrase, detail=detail, hint=hint
        )
        page.headers.update(headers or {})
        return page
    return problem(status, detail, hint=hint, headers=headers, **more)


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else text[:100] + "…"


def install(app: FastAPI) -> None:
    """Give every error of `app` its answer."""
    app.add_exception_handler(errors.TiekdError, _on_tiekd_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_bad_parameter)
    app.add_exception_handler(ClientDisconnect, _on_gone)
    app.add_exception_handler(Exception, _on_bug)
