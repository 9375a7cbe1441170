"""What several tests of the server use: a client that holds answers to the OpenAPI document, and a runner."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from typing import Any

from pydantic import BaseModel, RootModel
from starlette.testclient import TestClient

from server.http import gallery_schemas, schemas
from server.inference.service import Service

COMMON_HEADERS = {
    "content-type", "content-length", "content-encoding", "vary", "cache-control", "accept-ranges",
    "last-modified", "content-security-policy", "x-content-type-options", "referrer-policy",
    "cross-origin-opener-policy", "connection",
}  # fmt: skip
"""Headers that are not documented: those of every answer, and those that HTTP itself explains."""


class DeclaredClient(TestClient):
    """Fails a test when an answer has a status, media type, header or body that is not declared.

    `seen` holds (path template, method, status, media type) of every answer to a declared call.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self.seen: set[tuple[str, str, int, str]] = set()

    def request(self, method: str, url: Any, **options: Any) -> Any:
        answer = super().request(method, url, **options)
        # What follows a redirect or a query is not part of the path.
        found = operation(self.app.openapi(), method, answer.request.url.path)
        if found is not None:
            path, declared = found
            kind = check(answer, declared, where=f"{method} {path}", empty=method == "HEAD")
            self.seen.add((path, method, answer.status_code, kind))
        return answer


def operation(document: dict[str, Any], method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The declared call of a request, with its path template; None where the document has none."""
    for template, operations in document["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        wanted = {"HEAD": "get"}.get(method, method.lower())
        if re.fullmatch(pattern, path) and wanted in operations:
            return template, operations[wanted]
    return None


def check(answer: Any, declared: dict[str, Any], *, where: str, empty: bool) -> str:
    """Compare one answer with its declaration; the media type of the answer."""
    status = str(answer.status_code)
    assert status in declared["responses"], f"{where} answered {status}, which is not declared"
    said = declared["responses"][status]
    check_headers(answer, said.get("headers", {}), where=f"{where} {status}")
    kind = answer.headers.get("content-type", "").partition(";")[0]
    content = said.get("content", {})
    if not content:
        assert not answer.content, f"{where} {status} has a body, and none is declared"
        return kind
    known = [other for other in content if kind == other or kind.startswith(other.removesuffix("*"))]
    assert known, f"{where} {status} is {kind}, declared are {list(content)}"
    if "json" in kind and not empty:
        check_body(answer, content[kind]["schema"])
    return kind


def check_headers(answer: Any, declared: dict[str, Any], *, where: str) -> None:
    """All declared headers that are required are there, and no other header is."""
    names = {name.lower(): header["required"] for name, header in declared.items()}
    unknown = set(answer.headers) - COMMON_HEADERS - set(names)
    assert not unknown, f"{where}: headers that are not declared: {unknown}"
    missing = {name for name, required in names.items() if required} - set(answer.headers)
    assert not missing, f"{where}: declared headers that are missing: {missing}"


def check_body(answer: Any, schema: dict[str, Any]) -> None:
    """A JSON body is exactly what its model says: no field more, and null only where it is declared."""
    names = [part["$ref"].rpartition("/")[2] for part in schema.get("anyOf", [schema])]
    models: list[type[BaseModel]] = [(vars(schemas) | vars(gallery_schemas))[name] for name in names]
    lists = [model for model in models if issubclass(model, RootModel)]
    [model] = (lists if isinstance(answer.json(), list) else [m for m in models if m not in lists])[:1]
    body = model.model_validate_json(answer.content, strict=True)
    assert body.model_dump(mode="json", exclude_unset=True) == answer.json()
    no_null_where_absent(body)


def no_null_where_absent(body: BaseModel) -> None:
    for name in body.model_fields_set:
        field, value = type(body).model_fields[name], getattr(body, name)
        absent = any(isinstance(part, schemas.SkipJsonSchema) for part in parts(field.annotation))
        assert not (value is None and absent), f"{name} is null; it should be left out"
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, BaseModel):
                no_null_where_absent(inner)


def parts(annotation: Any) -> list[Any]:
    """Every piece of metadata in an annotation, for example in `str | SkipJsonSchema[None]`."""
    found = list(getattr(annotation, "__metadata__", ()))
    for inner in getattr(annotation, "__args__", ()):
        found += parts(inner)
    return found


def declared_answers(document: dict[str, Any]) -> dict[str, set[tuple[int, str]]]:
    """Path template -> every declared pair of status and media type; ("", for an answer without a body)."""
    found: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for path, operations in document["paths"].items():
        for call in operations.values():
            for status, said in call["responses"].items():
                found[path] |= {(int(status), kind) for kind in said.get("content", {"": {}})}
    return dict(found)


def run(service: Service, scenario):
    """The result of `scenario()`; the service is closed after it."""

    async def main():
        async with asyncio.timeout(40):
            try:
                return await scenario()
            finally:
                await service.close()

    return asyncio.run(main())
