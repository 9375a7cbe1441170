"""Weights from the web: download a row's file, check it, convert it, put it where the zoo looks.

The authors share their checkpoints on pages. Where a page asks for a click, only a person can download it.
"""

from __future__ import annotations

import http.client
import re
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import IO

from tiekd._version import __version__
from tiekd.errors import CheckpointError, ConfigError, UnavailableError, WeightsUnavailableError
from tiekd.files import cannot_write, sha256_of
from tiekd.zoo import WEIGHTS_SUFFIX, ZooRow, find_weights, home, make_home, read_card, row

Progress = Callable[[int, "int | None"], None]
"""Called with the number of bytes received and the number expected, or None where the sender gives none."""
_SUFFIXES = (WEIGHTS_SUFFIX, ".pth", ".pt", ".bin")
_CHUNK = 1 << 20
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where a row's weights are now. With `path` None a person has to download them from `page`."""

    row: str
    path: Path | None
    page: str | None
    sha256: str | None = None


def fetch(
    name: str, *, url: str | None = None, sha256: str | None = None, progress: Progress | None = None
) -> Fetched:
    """Download the weights of a zoo row from its own link or from `url`, and convert them where necessary.

    Weights that are already on this machine are kept, unless `url` is given. sha256: the digest that the
    downloaded file must have.
    Raises UnknownNameError; ConfigError for a `url` that is not a web address; WeightsUnavailableError for a
    row without a link; UnavailableError without a network or when the download breaks off; CheckpointError
    when the file is not the row's; DataError when it can't be written.
    """
    zoo_row = row(name)
    here = find_weights(zoo_row)
    if here is not None and url is None:
        return Fetched(name, here, None, sha256_of(here))
    page = url or zoo_row.link
    if page is None:
        raise WeightsUnavailableError(
            f"Nobody has published weights of {name}.", hint="`tiekd train` makes them."
        )
    direct = direct_link(page)
    if direct is None:
        return Fetched(name, None, page)
    folder = make_home()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch:
        file = _download(direct, Path(scratch), zoo_row, page=page, progress=progress)
        if file is None:
            return Fetched(name, None, page)
        if sha256 is not None and sha256_of(file) != sha256.lower():
            raise CheckpointError(
                f"{direct} gave a file with sha256 {sha256_of(file)}, not {sha256.lower()}.",
                hint="The link may have changed; ask where the right file is.",
            )
        path = _install(file, zoo_row)
    return Fetched(name, path, page, sha256_of(path))


def direct_link(link: str) -> str | None:
    """The address of the file that a link leads to, or None where the link leads to a page for people.

    Raises ConfigError for anything but an http(s) address.
    """
    parts = urllib.parse.urlsplit(link)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{link!r} is no web address.", hint="It begins with https://.")
    if parts.hostname.endswith(".sharepoint.com"):
        query = dict(urllib.parse.parse_qsl(parts.query)) | {"download": "1"}
        return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query), fragment=""))
    return link if parts.path.lower().endswith(_SUFFIXES) else None


def how_to_convert(name: str) -> str:
    """The command that converts a file which a person has downloaded."""
    return f"tiekd convert FILE.pth --to {name}"


def _download(
    url: str, folder: Path, zoo_row: ZooRow, *, page: str, progress: Progress | None
) -> Path | None:
    """Download a link's file into `folder`. None when the answer is a web page instead."""
    by_hand = f"Or open {page} in a browser, download the file, then: {how_to_convert(zoo_row.name)}"
    # A share link first sets a cookie and then redirects to the file.
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    request = urllib.request.Request(url, headers={"User-Agent": f"tiekd/{__version__}"})
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            if answer.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
                return None
            file = folder / _file_name(answer.headers.get_filename(), answer.url, zoo_row)
            expected = int(answer.headers["Content-Length"]) if "Content-Length" in answer.headers else None
            received = _stream(answer, file, expected, progress)
    except urllib.error.HTTPError as error:
        error.close()
        raise UnavailableError(f"{url} answers {error.code} {error.reason}.", hint=by_hand) from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise UnavailableError(
            f"Can't reach {url}: {reason}.", hint=f"Check the network. {by_hand}"
        ) from error
    if expected is not None and received != expected:
        raise UnavailableError(
            f"The download of {url} broke off after {received} of {expected} bytes.",
            hint=f"Try again. {by_hand}",
        )
    return file


def _stream(
    answer: http.client.HTTPResponse, file: Path, expected: int | None, progress: Progress | None
) -> int:
    received = 0
    with file.open("wb") as out:
        while chunk := answer.read(_CHUNK):
            _write(out, chunk, file)
            received += len(chunk)
            if progress is not None:
                progress(received, expected)
    return received


def _write(out: IO[bytes], chunk: bytes, file: Path) -> None:
    try:
        out.write(chunk)
    except OSError as error:
        raise cannot_write(file.parent.parent, error, hint="Check the space left on the disk.") from error


def _file_name(stated: str | None, url: str, zoo_row: ZooRow) -> str:
    """The sender's name of the file, without the characters that could lead out of the folder."""
    name = stated or urllib.parse.unquote(urllib.parse.urlsplit(url).path)
    plain = re.sub(r"[^\w.-]+", "_", re.split(r"[/\\]", name)[-1]).lstrip(".")[-100:]
    return plain if plain.endswith(_SUFFIXES) else f"{zoo_row.name}.pth"


def _install(file: Path, zoo_row: ZooRow) -> Path:
    """Put a downloaded file in its place. Another row's file is kept beside it for a look."""
    target = home() / f"{zoo_row.name}{WEIGHTS_SUFFIX}"
    try:
        if file.suffix == WEIGHTS_SUFFIX:
            _check_ours(file, zoo_row)
            file.replace(target)
            return target
        from tiekd.models.convert import convert
        from tiekd.models.reference_file import read_reference

        return convert(read_reference(file), to=zoo_row.name).path
    except CheckpointError as error:
        kept = home() / file.name
        if kept != target:
            shutil.move(file, kept)
            error.hint = f"{error.hint} The download is kept as {kept}."
        raise


def _check_ours(file: Path, zoo_row: ZooRow) -> None:
    card = read_card(file)
    if card.name != zoo_row.name:
        raise CheckpointError(
            f"The file holds weights of {card.name}, not of {zoo_row.name}.", hint="Check the address."
        )
    if zoo_row.sha256 and sha256_of(file) != zoo_row.sha256:
        raise CheckpointError(
            f"The file is not the one that the zoo promises for {zoo_row.name} (its sha256 differs).",
            hint="Ask where the right file is.",
        )
