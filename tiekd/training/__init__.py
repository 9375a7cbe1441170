"""Training: data of a run, the step, the loop, checkpoints and replays."""
