"""What the OpenAPI document says of answers: statuses, media types, headers, examples.

A route states its answers in `responses=` with these functions. A test compares what the suite really
receives with what is stated here.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from types import UnionType
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from server.http.schemas import Problem

Responses = dict[int | str, dict[str, Any]]

PROBLEM_TYPE = "application/problem+json"
DEPTH_HEADERS = ("X-Depth-Unit", "X-Model", "X-Depth-Range", "Server-Timing")
"""The headers of every depth answer."""

_HEADERS: dict[str, tuple[str, str]] = {
    "X-Depth-Unit": ("unit of the values", "m"),
    "X-Model": (
        "the model, or all models separated by commas; %XX where a character is not ASCII",
        "tiekd_mobilenetv2.demo",
    ),
    "X-Depth-Range": ("MIN,MAX: the depths in metres that the model can answer", "0.001,80"),
    "Server-Timing": ("milliseconds by stage", "queue;dur=0.05, decode;dur=4.10, infer;dur=21.50"),
    "X-Depth-Scale": ("stored integer per metre", "256"),
    "X-Depth-Width": ("pixels in a row", "1242"),
    "X-Depth-Height": ("rows", "375"),
    "X-Value-Range": ("MIN,MAX: the values at the two ends of the colours", "0,10"),
    "X-Value-Unit": ("unit of the values", "probability"),
    "X-Source": ("own: the model's own DPM; target: the target DPM of its depth", "own"),
    "X-Target": ("kind of the target DPM", "published"),
    "X-Statistics": ("the statistics of the JSON body, in one line", '{"mean":0.12,"median":0.05}'),
    "ETag": ("names this version of the file", '"0123456789abcdef0123"'),
    "Retry-After": ("seconds after which it is worth trying again", "2"),
}
_PROBLEMS: dict[int, tuple[str, str, str]] = {
    400: ("A parameter or the form is wrong.", "range=9,3 is not MIN,MAX with MIN below MAX.",
          "For example range=1,80."),
    404: ("There is nothing of this name.", "Unknown model 'tiekd_mobilenet'.",
          "Did you mean tiekd_mobilenetv2.demo?"),
    408: ("The body arrives too slowly.", "The body of the request did not arrive within 20 s.",
          "Send it again over a faster connection, or send a smaller photo."),
    413: ("The picture has too many bytes or pixels.", "The body is larger than 32 MiB.",
          "Send a smaller picture; networks see about half a megapixel anyway."),
    415: ("The body is not a picture.", "A body of type text/plain is not a picture.",
          "Send a multipart form with a field 'image', or the picture as image/jpeg, image/png, …"),
    422: ("The file can't be read.", "The picture is truncated.", "Send the whole file."),
    500: ("A fault of the server.", "Something went wrong in the server; the log says what.",
          "Please report it with the time of the request."),
    503: ("The model is not loaded, its queue is full, or the server stops.",
          "tiekd_mobilenetv2.demo is still being loaded.", "Try again in 2 s."),
    504: ("No answer within the time limit.", "tiekd_mobilenetv2.demo had no answer within 60 s.",
          "The server is busy; try again later or with a smaller photo."),
}  # fmt: skip
"""Status -> what it means, and an example's detail and hint."""


def headers(always: Sequence[str], *, sometimes: Sequence[str] = ()) -> dict[str, Any]:
    """OpenAPI's description of response headers."""
    needed = set(always)
    return {
        name: {
            "description": _HEADERS[name][0],
            "required": name in needed,
            "schema": {"type": "string"},
            "example": _HEADERS[name][1],
        }
        for name in (*always, *sometimes)
    }


def unchanged() -> Responses:
    """The 304 of a client that holds the newest version."""
    about = "The version in If-None-Match is still the newest."
    return {304: {"description": about, "headers": headers(["ETag"])}}


def files(
    *media_types: str,
    about: str,
    always: Sequence[str] = (),
    sometimes: Sequence[str] = (),
    json: type[BaseModel] | UnionType | None = None,
) -> Responses:
    """A 200 with a file of one of the media types, or the JSON body."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    answer: dict[str, Any] = {
        "description": about,
        "content": content,
        "headers": headers(always, sometimes=sometimes),
    }
    return {200: answer | ({"model": json} if json else {})}


def problems(*statuses: int, page: bool) -> Responses:
    """The problem answers of a route, 500 included. page: a browser that asks for HTML gets a page (GET)."""
    return {status: problem_document(status, page=page) for status in (*statuses, 500)}


def problem_document(
    status: int, *, page: bool, about: str = "", body: type[Problem] = Problem
) -> dict[str, Any]:
    """OpenAPI's description of one problem answer, with an example."""
    usually, detail, hint = _PROBLEMS[status]
    example = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "hint": hint,
    }
    # FastAPI puts the model's schema under application/json; `install` moves it to the true media type.
    content: dict[str, Any] = {"application/json": {"example": example} if body is Problem else {}}
    content |= {"text/html": {"schema": {"type": "string"}}} if page else {}
    answer = {"model": body, "description": about or usually, "content": content}
    return answer | ({"headers": headers((), sometimes=["Retry-After"])} if status == 503 else {})


def install(app: FastAPI) -> None:
    """Let `app.openapi()` name problem+json as the media type of problems."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        document = make()
        for operations in document["paths"].values():
            for operation in operations.values():
                _name_problems(operation["responses"])
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to change the document


def _name_problems(responses: dict[str, Any]) -> None:
    for status, answer in responses.items():
        content = answer.get("content", {})
        if int(status) >= 400 and "application/json" in content:
            content[PROBLEM_TYPE] = content.pop("application/json")
