"""What test_processes.py runs under torchrun: several rows, one after another, in the same processes."""

import json
import sys

from training_kit import run_row

if __name__ == "__main__":
    for row, values, out, resume in json.loads(sys.argv[1]):
        run_row(row, values, out, resume)
