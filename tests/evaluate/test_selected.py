"""An evaluation says when its frames have chosen the weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from estimator_kit import Known

from tiekd.card import Selection
from tiekd.data.frames import Frame, digest_of_names, open_source, read_split
from tiekd.evaluate import evaluate, get_protocol
from tiekd.evaluate.tables import text_table
from tiekd.zoo import row


def network(selected_on):
    known = Known(lambda picture: np.full(picture.size, 10, np.float32))
    card = row("tiekd_mobilenetv2.demo").card.model_copy(update={"selected_on": selected_on})
    known.about = replace(known.about, card=card)
    return known


@pytest.mark.parametrize(
    ("change", "chosen"),
    [
        ({}, True),
        ({"held_out": True}, True),
        ({"digest": "0" * 16}, False),
        ({"data": "folder"}, False),
        (None, False),
    ],
)
def test_frames_that_chose_the_weights_are_noticed(tiny_world, change, chosen):
    source, frames = open_source(f"kitti:{tiny_world}"), read_split(tiny_world / "test.txt")
    stated = Selection(data="kitti", split="test.txt", digest=digest_of_names(frames), n_frames=2)
    estimator = network(stated.model_copy(update=change) if change is not None else None)
    # The order does not matter, nor do lines without ground truth.
    for some in (frames, frames[::-1], [*frames, Frame("x.png")]):
        found = evaluate(estimator, source, some, get_protocol("frame"))
        assert found.selected_here is chosen
        assert found.to_json()["selected_here"] is chosen
        assert ("the weights were chosen on these frames" in text_table(found)) is chosen
    assert not evaluate(estimator, source, frames[:1], get_protocol("frame")).selected_here
