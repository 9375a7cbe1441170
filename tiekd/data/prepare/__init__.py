"""Makes the published layout of KITTI and NYU from the official downloads.

wanted      which files a list of frames needs, and their names in the downloads
downloads   finds these files in folders and zip archives
labelled    reads NYU's labelled frames from their MATLAB file
job         places the files: existing ones stay, the rest is linked, copied or unpacked
kitti, nyu  run these steps for one data set
"""

from tiekd.data.prepare.job import Estimate, Mode, Prepared
from tiekd.data.prepare.kitti import prepare_kitti
from tiekd.data.prepare.nyu import prepare_nyu
from tiekd.data.prepare.wanted import archive_of

__all__ = ["Estimate", "Mode", "Prepared", "archive_of", "prepare_kitti", "prepare_nyu"]
