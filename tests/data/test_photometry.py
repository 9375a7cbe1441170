import numpy as np
import pytest
import torch
from pydantic import ValidationError

from tiekd.data.photometry import augment_photo
from tiekd.data.settings import PhotoSettings

STRONG = PhotoSettings(
    gain=0.4, contrast=0.3, gamma=0.3, channel_gain=0.1, saturation=0.5, hue_deg=15, shading=0.4, noise=8,
    blur_px=1.2, grey=0.1, jpeg=0.5, blur=0.5,
)  # fmt: skip


def picture():
    generator = torch.Generator().manual_seed(0)
    smooth = torch.rand(1, 3, 6, 8, generator=generator) * 200 + 20
    return torch.nn.functional.interpolate(smooth, size=(48, 64), mode="bilinear")[0].to(torch.uint8)


def augmented(settings, seed=0):
    return augment_photo(picture(), np.random.default_rng(seed), settings)


def test_nothing_asked_nothing_changed():
    assert torch.equal(augmented(PhotoSettings()), picture())
    assert torch.equal(augmented(STRONG.model_copy(update={"probability": 0.0})), picture())


@pytest.mark.parametrize(
    "change",
    [
        {"gain": 0.4}, {"contrast": 0.4}, {"gamma": 0.4}, {"channel_gain": 0.2}, {"saturation": 0.5},
        {"hue_deg": 20}, {"shading": 0.5}, {"noise": 10}, {"blur_px": 2, "blur": 1}, {"grey": 1}, {"jpeg": 1},
    ],
)  # fmt: skip
def test_every_setting_does_something_within_range(change):
    after = augmented(PhotoSettings(**change), seed=3)
    assert (after.float() - picture().float()).abs().max() > 1.5
    assert after.shape == picture().shape
    assert after.dtype == torch.uint8


def test_grey_leaves_one_channel():
    after = augmented(PhotoSettings(grey=1))
    assert (after.float() - after[:1].float()).abs().max() <= 1


def test_the_generator_decides():
    assert torch.equal(augmented(STRONG, 5), augmented(STRONG, 5))
    assert not torch.equal(augmented(STRONG, 5), augmented(STRONG, 6))


def test_blur_keeps_the_mean_and_smooths():
    noisy = torch.randint(256, (3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    settings = PhotoSettings(blur_px=2, blur=1)
    after = augment_photo(noisy, np.random.default_rng(2), settings)
    assert after.float().mean() == pytest.approx(noisy.float().mean(), abs=1.5)
    assert after.float().std() < 0.8 * noisy.float().std()


def test_tables_of_levels_say_what_the_formula_says():
    settings = PhotoSettings(gain=0.3, contrast=0.2, gamma=0.4, channel_gain=0.2)
    rng = np.random.default_rng(7)
    rng.random()
    gain, channels = np.exp(rng.uniform(-0.3, 0.3)), np.exp(rng.uniform(-0.2, 0.2, 3))
    contrast, gamma, pivot = (
        np.exp(rng.uniform(-0.2, 0.2)), np.exp(rng.uniform(-0.4, 0.4)), rng.uniform(80, 160)
    )  # fmt: skip
    pixels = picture().double().numpy()
    lit = pixels * (gain * contrast * channels)[:, None, None] + pivot * (1 - contrast)
    expected = 255 * (lit.clip(0, 255) / 255) ** gamma
    assert np.abs(augmented(settings, 7).numpy() - expected).max() < 0.501


def test_a_view_of_a_larger_picture_is_changed_alone():
    whole = picture()
    part = whole[:, 10:30, 5:45]
    after = augment_photo(part, np.random.default_rng(0), PhotoSettings(gain=0.4))
    alone = augment_photo(part.contiguous(), np.random.default_rng(0), PhotoSettings(gain=0.4))
    assert torch.equal(after, alone)
    assert torch.equal(whole, picture())


def test_unknown_settings_are_refused():
    with pytest.raises(ValidationError):
        PhotoSettings(brightness=1)


def test_the_references_colours_move_as_far_as_they_are_told():
    settings = PhotoSettings(gain=0.1, gamma=0.1, channel_gain=0.1, reference_colour=True)
    first, again, other = (augmented(settings, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert (first - other).abs().max() > 1
    low, high = picture().pow(0.9) * 0.81, picture().pow(1.1) * 1.21
    assert ((first >= low.clamp(0, 255) - 1e-3) & (first <= high.clamp(0, 255) + 1e-3)).all()
    plain = PhotoSettings(reference_colour=True)
    torch.testing.assert_close(augmented(plain), picture())
    with pytest.raises(ValidationError, match="reference_colour can't be combined with contrast, noise"):
        PhotoSettings(reference_colour=True, noise=3, contrast=0.1)
