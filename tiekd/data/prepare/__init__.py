"""From downloads, as they come, to the published layout of KITTI and NYU.

downloads  finds a file by its name in folders and zip archives
labelled   reads NYU's labelled frames out of their MATLAB file
kitti, nyu say which files a list needs and where the downloads keep them
job        places them: what is there stays, the rest is linked, copied or unpacked
"""

from tiekd.data.prepare.job import Estimate, Mode, Prepared
from tiekd.data.prepare.kitti import prepare_kitti
from tiekd.data.prepare.nyu import prepare_nyu
from tiekd.data.prepare.wanted import archive_of

__all__ = ["Estimate", "Mode", "Prepared", "archive_of", "prepare_kitti", "prepare_nyu"]
