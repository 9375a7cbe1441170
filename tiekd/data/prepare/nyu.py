"""Makes the published layout of NYU Depth v2 from its labelled frames and its synchronised training set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from tiekd.data.prepare.downloads import Downloads
from tiekd.data.prepare.job import Estimate, Found, Mode, Prepared, check_some, place
from tiekd.data.prepare.labelled import LabelledFrames
from tiekd.data.prepare.wanted import NYU_LABELLED_FILE, NYU_SYNC_ZIP, read_wanted, wanted_of_nyu
from tiekd.errors import ConfigError

_SYNC = "<scene>/rgb_N.jpg and <scene>/sync_depth_N.png, or sync.zip"
_LABELLED = f"{NYU_LABELLED_FILE}, or test/<scene>/rgb_N.jpg and test/<scene>/sync_depth_N.png"


def prepare_nyu(
    sync: Path | None,
    labelled: Path | None,
    splits: Sequence[Path],
    out: Path,
    *,
    mode: Mode = "hardlink",
    announce: Callable[[Estimate], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Place the frames that `splits` name, from the training set `sync` and the labelled frames `labelled`.

    sync: a folder or sync.zip. labelled: the MATLAB file, or a folder with this file or its extracted frames.
    One of them may be None; its files are then missing. Raises the errors of `place`; ConfigError without any
    download; DataError for lists with other names, for folders that hold none of the files and for a damaged
    file; UnavailableError when the MATLAB file needs h5py, which is not installed.
    """
    if sync is None and labelled is None:
        raise ConfigError("No download is given.", hint="Give --sync, --labeled or both.")
    wanted = read_wanted(splits, wanted_of_nyu)
    from_sync = [w for w in wanted if w.archive == NYU_SYNC_ZIP]
    from_labelled = [w for w in wanted if w.archive != NYU_SYNC_ZIP]
    found: Found = dict.fromkeys(w.target for w in wanted)
    searched: set[str] = set()
    damaged: dict[str, str] = {}
    with ExitStack() as stack:
        for place_of, part, form in ((sync, from_sync, _SYNC), (labelled, from_labelled, _LABELLED)):
            if place_of is None:
                continue
            downloads = stack.enter_context(closing(_open(place_of, labelled=part is from_labelled)))
            found |= {w.target: downloads.find(w) for w in part}
            if isinstance(downloads, LabelledFrames):
                searched.add(NYU_LABELLED_FILE)
                continue
            check_some(part, found, downloads, out, form)
            searched |= downloads.found_archives
            damaged |= downloads.damaged
        result = place(wanted, found, out, splits, mode=mode, announce=announce, progress=progress)
    result.searched = frozenset(searched)
    result.damaged |= damaged
    return result


def _open(place_of: Path, *, labelled: bool) -> Downloads | LabelledFrames:
    file = place_of / NYU_LABELLED_FILE if place_of.is_dir() else place_of
    return LabelledFrames(file) if labelled and file.is_file() else Downloads(place_of)
