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
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from server.http.openapi import PROBLEM_TYPE
from server.http.patience import SlowClientError
from server.http.schemas import Fault, Problem
from server.inference import errors as service
from tiekd import errors

CLIENT_CLOSED_REQUEST = 499
_SEE_DOCS = "Every call and its parameters are described at /docs."
log = logging.getLogger("tiekd.server")

_STATUS: dict[type[errors.TiekdError], int] = {
    errors.TiekdError: 500,
    errors.ConfigError: 400,
    errors.UnknownNameError: 400,
    errors.NotFoundError: 404,
    errors.DataError: 422,
    errors.InputSizeError: 422,
    errors.CheckpointError: 503,
    errors.UnavailableError: 503,
    errors.WeightsUnavailableError: 503,
    SlowClientError: 408,
    service.NotServedError: 404,
    service.LoadFailedError: 503,
    service.TryLaterError: 503,
    service.DeadlineError: 504,
}
"""The status of each class of errors and of the classes below it."""
_IMAGE_STATUS: dict[Literal["type", "size", "decode"], int] = {"type": 415, "size": 413, "decode": 422}


def status_of(error: errors.TiekdError) -> int:
    """The HTTP status of an error: that of its own class, else that of the nearest class above."""
    if isinstance(error, errors.ImageError):
        return _IMAGE_STATUS[error.reason]
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def problem(status: int, detail: str, *, hint: str = "", **more: Any) -> Problem:
    """The body of a problem; `more` are its other fields."""
    title = HTTPStatus(status).phrase
    more |= {"hint": hint} if hint else {}
    return Problem(type="about:blank", title=title, status=status, detail=detail, **more)


def problem_answer(body: Problem, *, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as an answer."""
    return Response(body.json_bytes(), body.status, headers=headers, media_type=PROBLEM_TYPE)


def problem_of(error: errors.TiekdError) -> Problem:
    """The body of the problem that one of our errors is."""
    near = error.near if isinstance(error, errors.UnknownNameError | service.NotServedError) else []
    return problem(status_of(error), str(error), hint=error.hint, **({"near": near} if near else {}))


def headers_of(error: errors.TiekdError) -> dict[str, str]:
    """The headers that an error's answer carries besides those of every answer."""
    if isinstance(error, service.TryLaterError):
        return {"Retry-After": str(error.retry_after_s)}
    # The rest of the body would be read as the next request.
    return {"Connection": "close"} if isinstance(error, SlowClientError) else {}


async def _on_tiekd_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TiekdError)
    body = problem_of(error)
    if body.status >= 500 and not isinstance(error, service.ServiceError):
        log.error("%s %s: %s", request.method, request.url.path, error)
    return _answer(request, body, headers=headers_of(error))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    path = request.url.path
    if error.status_code == 405:
        allowed = ", ".join([*headers.get("Allow", headers.get("allow", "GET")).split(", "), "OPTIONS"])
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allowed})
        body = problem(405, f"{path} does not answer {request.method}.", hint=f"Use {allowed}.")
        return _answer(request, body, headers={"Allow": allowed})
    if error.status_code == 404:
        return _answer(request, problem(404, f"There is nothing at {path}.", hint=_SEE_DOCS))
    return _answer(request, problem(error.status_code, str(error.detail), hint=_SEE_DOCS), headers=headers)


async def _on_bad_parameter(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(found) for found in error.errors()]
    detail = "; ".join(
        f"{fault.parameter}{'' if fault.value is None else f'={fault.value}'}: {fault.message}"
        for fault in faults
    )
    return _answer(request, problem(400, detail, hint=_SEE_DOCS, errors=faults))


async def _on_gone(_request: Request, _error: Exception) -> Response:
    # Nobody receives this answer; the status is for the counters.
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def _on_bug(request: Request, _error: Exception) -> Response:
    # Starlette raises the error again after this answer, so the server's log has the traceback.
    detail = "Something went wrong in the server; the log says what."
    return _answer(request, problem(500, detail, hint="Please report it with the time of the request."))


def _answer(request: Request, body: Problem, *, headers: Mapping[str, str] | None = None) -> Response:
    if request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", ""):
        page: Response = request.app.state.pages.error(
            request, status=body.status, title=body.title, detail=body.detail, hint=body.hint or ""
        )
        page.headers.update(headers or {})
        return page
    return problem_answer(body, headers=headers)


def _fault(found: Mapping[str, Any]) -> Fault:
    parameter, message = str(found["loc"][-1]), str(found["msg"])
    if found["type"] == "missing":
        return Fault(parameter=parameter, message=message)
    text = str(found["input"])
    return Fault(parameter=parameter, message=message, value=text if len(text) <= 100 else text[:100] + "…")


def install(app: FastAPI) -> None:
    """Give every error of `app` its answer."""
    app.add_exception_handler(errors.TiekdError, _on_tiekd_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_bad_parameter)
    app.add_exception_handler(ClientDisconnect, _on_gone)
    app.add_exception_handler(Exception, _on_bug)
