"""Artificial downloads with the names and forms of the official ones."""

from __future__ import annotations

import io
import shutil
import zipfile

import numpy as np
from PIL import Image

DRIVES = ("2011_09_26_drive_0048_sync", "2011_09_28_drive_0002_sync")
LIST = "eigen_test.txt"
SIZE = (360, 1220)


def picture(seed, size=SIZE, file_format="PNG"):
    """A picture's bytes: smooth, so that they are few."""
    rows, columns = np.arange(size[0])[:, None, None], np.arange(size[1])[None, :, None]
    pixels = (rows // 8 + columns // 16 + 40 * np.arange(3) + 10 * seed) % 256
    return _encoded(np.broadcast_to(pixels, (*size, 3)).astype(np.uint8), file_format)


def depth_map(seed, size=SIZE, scale=256, far_m=60.0):
    """A depth map's bytes: a slope up to `far_m`, every third pixel without depth."""
    metres = np.linspace(2 + seed, far_m, size[0])[::-1, None] * np.ones(size[1])
    stored = (metres * scale / 4).astype(np.uint16)
    stored[:, ::3] = 0
    return _encoded(stored, "PNG")


def _encoded(pixels, file_format):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, file_format)
    return buffer.getvalue()


def kitti_names(drive, number):
    """The two words of a list: picture and ground truth."""
    name = f"{number:010d}.png"
    return f"{drive[:10]}/{drive}/image_02/data/{name}", f"{drive}/proj_depth/groundtruth/image_02/{name}"


def kitti_files(*, numbers=(5, 6)):
    """Path in the downloads -> content, apart for raw drives and annotated depth."""
    raw, depth = {}, {}
    for i, drive in enumerate(DRIVES):
        for number in numbers:
            image, truth = kitti_names(drive, number)
            raw[image] = picture(number + i)
            raw[image.replace("image_02", "image_03")] = picture(number + i + 50)
            depth[f"{('val', 'train')[i]}/{truth}"] = depth_map(number + i)
            depth[f"{('val', 'train')[i]}/{truth.replace('image_02', 'image_03')}"] = depth_map(number + i)
    return raw, depth


def write_list(path, *, numbers=(5, 6), none=(0,)):
    """A list of frames of both drives; `none` are numbers without ground truth."""
    lines = []
    for drive in DRIVES:
        for number in (*numbers, *none):
            image, truth = kitti_names(drive, number)
            lines.append(f"{image} {'None' if number in none else truth} 721.5377")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines))
    return path


def unpack(files, root):
    """Write files as loose ones."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def pack(files, path):
    """Write files into one zip, as the official ones are: with entries of folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted({name.rsplit("/", 1)[0] + "/" for name in files}):
            archive.writestr(name, b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def pack_kitti(root, *, numbers=(5, 6)):
    """`<drive>.zip` per drive and data_depth_annotated.zip in `root`."""
    raw, depth = kitti_files(numbers=numbers)
    for drive in DRIVES:
        pack({name: content for name, content in raw.items() if drive in name}, root / f"{drive}.zip")
    pack(depth, root / "data_depth_annotated.zip")
    return root


def cut_short(path, share=0.6):
    """Keep the first part of a file, like a download that broke off."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def write_labelled(path, types=("kitchen", "bathroom", "study_room")):
    """A file like nyu_depth_v2_labeled.mat: MATLAB's order of axes, text as references to codes of letters.

    Returns images `[n, 480, 640, 3]` and raw depth in metres `[n, 480, 640]`.
    """
    import h5py

    n = len(types)
    rng = np.random.default_rng(0)
    images = np.full((n, 480, 640, 3), 255, np.uint8)
    images[:, 7:474, 7:632] = rng.integers(0, 200, (n, 1, 1, 3))
    metres = np.linspace(0.7, 5.4321, 640, dtype=np.float32) * np.ones((n, 480, 1), np.float32)
    metres[:, :100] = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["images"] = images.transpose(0, 3, 2, 1)
        file["rawDepths"] = metres.transpose(0, 2, 1)
        file["depths"] = np.maximum(metres, 1).transpose(0, 2, 1)
        references = np.empty((1, n), h5py.ref_dtype)
        for i, kind in enumerate(types):
            name = f"#refs#/{i}"
            file[name] = np.array([[ord(letter)] for letter in kind], np.uint16)
            references[0, i] = file[name].ref
        file.create_dataset("sceneTypes", data=references, dtype=h5py.ref_dtype)
    return images, metres


def nyu_sync_files(scenes=("kitchen_0028b", "nyu_office_0")):
    """Path in sync.zip -> content."""
    size, files = (480, 640), {}
    for i, scene in enumerate(scenes):
        files[f"sync/{scene}/rgb_00045.jpg"] = picture(i, size, "JPEG")
        files[f"sync/{scene}/sync_depth_00045.png"] = depth_map(i, size, scale=1000, far_m=9.0)
    return files


def tree(root):
    """Every file below a folder but hidden ones, as paths relative to it."""
    paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if not path.name.startswith(".")}


def free_disk(n_bytes):
    """A stand-in for shutil.disk_usage that sees so much free disk."""
    return lambda _: shutil._ntuple_diskusage(10**12, 10**12 - n_bytes, n_bytes)
