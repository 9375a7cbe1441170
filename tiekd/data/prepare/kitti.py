"""Makes the published layout of KITTI from the raw drives and the annotated depth of the KITTI page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from tiekd.data.prepare.downloads import Downloads
from tiekd.data.prepare.job import Estimate, Mode, Prepared, check_some, place
from tiekd.data.prepare.wanted import as_found, read_wanted, wanted_of_kitti

_RAW = "<date>/<drive>_sync/image_02/data/N.png (or .jpg), or <drive>_sync.zip"
_DEPTH = "train/ and val/ with <drive>_sync/proj_depth/…/image_02/N.png, or data_depth_annotated.zip"


def prepare_kitti(
    raw: Path,
    depth: Path | None,
    splits: Sequence[Path],
    out: Path,
    *,
    mode: Mode = "hardlink",
    announce: Callable[[Estimate], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Place the frames that `splits` name, from the drives in `raw` and the annotated depth in `depth`.

    raw, depth: each is a folder with archives or unpacked files, or a single archive. Without `depth`, `raw`
    holds both. Raises the errors of `place`, and DataError for lists with other names and for folders that
    hold none of the files.
    """
    wanted = read_wanted(splits, wanted_of_kitti)
    with ExitStack() as stack:
        drives = stack.enter_context(closing(Downloads(raw)))
        truth = stack.enter_context(closing(Downloads(depth))) if depth else drives
        stored = [(truth if w.is_depth else drives).find(w) for w in wanted]
        wanted = [as_found(w, s.name if s else None, out) for w, s in zip(wanted, stored, strict=True)]
        found = {w.target: s for w, s in zip(wanted, stored, strict=True)}
        for downloads, is_depth, form in ((drives, False, _RAW), (truth, True, _DEPTH)):
            check_some([w for w in wanted if w.is_depth == is_depth], found, downloads, out, form)
        result = place(wanted, found, out, splits, mode=mode, announce=announce, progress=progress)
        result.searched = frozenset(drives.found_archives | truth.found_archives)
        result.damaged |= drives.damaged | truth.damaged
    return result
