"""The OpenAPI document as rows for the page at /docs, which shows them without any script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.http.uploads import FIELD


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter in words; `default` is empty where it has none."""

    name: str
    kind: str
    required: bool
    default: str
    about: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One status that a call answers with, the media types of its body, and the headers that belong to it."""

    status: str
    kinds: str
    headers: str
    about: str


@dataclass(frozen=True, slots=True)
class Call:
    """One method of one path; `summary` is the first line of what it does, `more` the rest."""

    method: str
    path: str
    summary: str
    more: str
    parameters: tuple[Parameter, ...]
    answers: tuple[Answer, ...]
    example: str


def calls_of(document: Mapping[str, Any], base_url: str) -> list[Call]:
    """Every call of an OpenAPI document, in its order, each with a curl line to try."""
    return [
        _call(method.upper(), path, operation, base_url)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def _call(method: str, path: str, operation: Mapping[str, Any], base_url: str) -> Call:
    summary, _, more = operation.get("description", "").partition("\n\n")
    parameters = tuple(_parameter(described) for described in operation.get("parameters", ()))
    needed = [p.name for p in parameters if p.required and f"{{{p.name}}}" not in path]
    query = "&".join(f"{name}={name.upper()}" for name in needed)
    address = f"{base_url.rstrip('/')}{path}{'?' if query else ''}{query}"
    picture = f"-F {FIELD}=@photo.jpg " if "requestBody" in operation else ""
    answers = tuple(_answer(status, said) for status, said in sorted(operation["responses"].items()))
    return Call(method, path, summary, more, parameters, answers, f"curl {picture}'{address}'")


def _answer(status: str, said: Mapping[str, Any]) -> Answer:
    # All errors have the same kind of body, which the top of the page describes.
    kinds = () if int(status) >= 400 else said.get("content", ())
    return Answer(status, ", ".join(kinds), ", ".join(said.get("headers", ())), said["description"])


def _parameter(described: Mapping[str, Any]) -> Parameter:
    schema = described["schema"]
    default = schema.get("default")
    return Parameter(
        name=described["name"],
        kind=_kind(schema),
        required=described["required"],
        default="" if default is None else str(default),
        about=described.get("description", ""),
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """The type in words: the values it may have where they are listed, else its name and limits."""
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"] if part.get("type") != "null")
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    limits = {"exclusiveMinimum": ">", "minimum": "≥", "maximum": "≤"}
    bounds = [f"{sign} {schema[key]:g}" for key, sign in limits.items() if key in schema]
    return ", ".join([schema.get("type", "any"), *bounds])
