import pytest

from tiekd.errors import ConfigError, UnknownNameError
from tiekd.methods import METHODS
from tiekd.recipe import Recipe, load_recipe, shipped_recipes
from tiekd.zoo import read_zoo


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_every_shipped_recipe_loads_and_survives_its_own_yaml(name, tmp_path):
    recipe = load_recipe(name)
    (tmp_path / "again.yaml").write_text(recipe.to_yaml())
    assert load_recipe(str(tmp_path / "again.yaml")) == recipe


@pytest.mark.parametrize(
    ("row", "method", "architecture"),
    [
        ("adabins_tf_efficientnet_lite0.demo", "teacher", "adabins_tf_efficientnet_lite0"),
        ("adabins_efficientnet_lite1.demo", "teacher", "adabins_efficientnet_lite1"),
        ("baseline_mobilenetv2.demo", "baseline", "densedepth_mobilenetv2_100"),
        ("reskd_ssim_mobilenetv2.demo", "reskd_ssim", "densedepth_mobilenetv2_100"),
        ("reskd_ssim_si_mobilenetv2.demo", "reskd_ssim_si", "densedepth_mobilenetv2_100"),
        ("tiekd_mobilenetv2.demo", "tiekd", "densedepth_dpm_mobilenetv2_100"),
        ("tiekd_depth_mobilenetv2.demo", "tiekd_depth", "densedepth_dpm_mobilenetv2_100"),
        ("baseline_resnet18.kitti", "baseline", "densedepth_resnet18"),
        ("adabins_efficientnet_b5.kitti", "teacher", "adabins_efficientnet_b5"),
        ("tiekd_dpm_mobilenetv2.bts_kitti", "tiekd_dpm", "densedepth_dpm_mobilenetv2"),
        ("reskd_ssim_mse_mobilenetv2.depthformer_kitti", "reskd_ssim_mse", "densedepth_mobilenetv2"),
    ],
)
def test_a_row_is_a_recipe_with_values(row, method, architecture):
    recipe = load_recipe(row)
    assert (recipe.name, recipe.method, recipe.architecture) == (row, method, architecture)
    assert recipe.weights == METHODS[method].weights
    assert recipe.needs_labels == (method not in ("teacher", "baseline"))


def test_the_teacher_is_a_value_in_the_rows_name():
    assert load_recipe("tiekd_resnet50.bts_kitti").teacher == "bts"
    assert load_recipe("baseline_resnet50.kitti").teacher is None


def test_students_of_the_demo_differ_in_nothing_but_the_method():
    def rest(row):
        return load_recipe(row).model_dump(exclude={"name", "method"})

    assert rest("baseline_mobilenetv2.demo") == rest("tiekd_mobilenetv2.demo")
    assert rest("reskd_ssim_mobilenetv2.demo") == rest("tiekd_mobilenetv2.demo")


def test_unknown_rows_are_told_with_near_ones():
    for wrong, near in (
        ("tiekd_mobilenetv3.demo", "tiekd_mobilenetv2.demo"),
        ("bts_resnet50.kity", "bts_resnet50.kitti"),
        ("publishd", "published"),
    ):
        with pytest.raises(UnknownNameError, match=f"Unknown recipe or row '{wrong}'") as caught:
            load_recipe(wrong)
        assert near in caught.value.hint
    with pytest.raises(ConfigError, match="There is no recipe"):
        load_recipe("nowhere/own.yaml")


def test_overrides_are_yaml_and_come_last():
    recipe = load_recipe(
        "tiekd_mobilenetv2.demo",
        values={"optim.steps": 5, "optim.lr": 0.5},
        overrides=["optim.steps=7", "view.size=[64, 96]", "network.encoder_weights=null", "run.seed=3"],
    )
    assert (recipe.optim.steps, recipe.optim.lr, recipe.view.size) == (7, 0.5, (64, 96))
    assert (recipe.network.encoder_weights, recipe.run.seed) == (None, 3)


def test_all_faults_are_told_at_once():
    with pytest.raises(ConfigError) as caught:
        load_recipe(
            "tiekd_mobilenetv2.demo",
            overrides=["optim.lr=-1", "optim.stepz=3", "method=tikd", "data.shrink=3", "loss.sigma_m=wide"],
        )
    said = str(caught.value)
    assert "5 faults:" in said
    for part in ("optim.lr", "got -1", "optim.stepz: there is no such key", "tikd", "data.shrink", "wide"):
        assert part in said
    assert "did you mean steps" in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("tiekd_mobilenetv2.demo", "128 bins .* with the published target: .*; 0.036 to 80 m works"),
        ("tiekd_dpm_mobilenetv2.adabins_nyu", "49 bins from 0.001 to 10 m .* 0.012 to 10 m works"),
    ],
)
def test_a_sigma_that_does_not_fit_the_bins_is_refused_with_the_range_that_works(row, said):
    for sigma in ("0.001", "81", "99999"):
        with pytest.raises(ConfigError, match=rf"loss\.sigma_m={sigma} does not fit {said}"):
            load_recipe(row, overrides=[f"loss.sigma_m={sigma}"])
    with pytest.raises(ConfigError, match=r"loss\.sigma_m: .* finite number \(got inf\)"):
        load_recipe(row, overrides=["loss.sigma_m=.inf"])
    narrow = load_recipe(row, overrides=["loss.sigma_m=0.001", "loss.target=gaussian"])
    assert narrow.target_dpm == {"target": "gaussian", "sigma_m": 0.001}
    with pytest.raises(ConfigError, match=r"loss\.target"):
        load_recipe(row, overrides=["loss.target=normal"])


def test_own_students_take_the_gaussian_target():
    assert load_recipe("own_student").target_dpm == {"target": "gaussian", "sigma_m": 0.5}


def test_a_sigma_is_checked_only_where_it_is_used():
    recipe = load_recipe("reskd_mse_mobilenetv2.demo", overrides=["loss.sigma_m=0.001"])
    assert recipe.target_dpm == {"target": None, "sigma_m": None}


def test_what_states_no_target_means_the_published_one():
    rows = [row.name for row in read_zoo().rows if row.dataset in ("kitti", "nyu")]
    assert {load_recipe(name).loss.target for name in rows} == {"published"}
    old = load_recipe("tiekd_mobilenetv2.adabins_kitti").model_dump(mode="json")
    del old["loss"]["target"]
    assert Recipe.model_validate(old).loss.target == "published"


@pytest.mark.parametrize(("override", "known"), [("zzz.sub=1", "optim"), ("run.zzz=1", "max_time")])
def test_a_key_like_no_other_is_answered_with_those_there_are(override, known):
    with pytest.raises(ConfigError, match=rf"there is no such key \(there are .*{known}"):
        load_recipe("tiekd_mobilenetv2.demo", overrides=[override])


def test_a_recipe_that_is_no_yaml_is_told_in_one_line(tmp_path):
    (tmp_path / "junk.yaml").write_text("a: [1\nb: 2")
    with pytest.raises(ConfigError, match=r"junk\.yaml: .* line 1") as caught:
        load_recipe(str(tmp_path / "junk.yaml"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("optim.steps", "has no value"),
        ("=3", "has no value"),
        ("optim.steps=[3", "is not YAML"),
        ("optim.steps.more=3", "is a value, not a group"),
        ("data.shrink=2", "network.options.image_pool=4"),
        ("view.size=[353, 704]", "must be a multiple of data.shrink=4"),
        ("data.max_depth_m=0.0001", "must be below"),
        ("optim.coarse_share=1.1", "less than or equal to 1"),
        ("network.architecture=densedepth", "needs a network with bins"),
        ("loss.weights={kl: 1}", "no loss part kl"),
        (
            "loss.weights={silog_loss: 1}",
            "trains on teacher labels, but silog_loss in loss.weights needs ground truth",
        ),
        ("run.seed=20261128123456", "less than 4294967296"),
        ("optim.betas=[0.9, 1.0]", "less than 1"),
        ("run.max_time=5h", "run.max_time"),
        ("data.hold_out_every=4", "are two ways to validate"),
        ("network.start_from=tiekd_mobilenetv2.demo", "brings the encoder's weights"),
        ("network.train_fx_px=500", "are the same focal length"),
        ("loss.top_crop_rows=376", "leaves nothing of views"),
        ("network.options={widht: 3}", "widht: there is no such key"),
        ("network.encoder=mobilenetv2_10", "Unknown encoder 'mobilenetv2_10'. Did you mean mobilenetv2_1"),
        ("photo.reference_colour=true", "reference_colour can't be combined with blur_px, contrast"),
    ],
)
def test_one_fault(override, said):
    with pytest.raises(ConfigError, match=said.replace("[", r"\[").replace(".", r"\.")):
        load_recipe("tiekd_mobilenetv2.demo", overrides=[override])


def test_a_baseline_is_not_told_to_learn_from_labels():
    said = "method baseline trains on ground truth, but ssim_loss in loss.weights needs teacher labels"
    with pytest.raises(ConfigError, match=said):
        load_recipe("baseline_mobilenetv2.demo", overrides=["loss.weights={silog_loss: 1, ssim_loss: 1}"])


@pytest.mark.parametrize(
    ("content", "said"), [("[1, 2]", "not a mapping"), ("a: [", "Can't read"), ("", "not a mapping")]
)
def test_a_file_that_is_no_recipe_is_told(tmp_path, content, said):
    (tmp_path / "own.yaml").write_text(content)
    with pytest.raises(ConfigError, match=said):
        load_recipe(str(tmp_path / "own.yaml"))


def test_missing_keys_are_told_at_once(tmp_path):
    (tmp_path / "own.yaml").write_text("dataset: demo\n")
    with pytest.raises(ConfigError) as caught:
        load_recipe(str(tmp_path / "own.yaml"))
    for key in ("method", "network", "optim"):
        assert f"{key}: Field required" in str(caught.value)


def test_what_a_network_starts_from_says_what_it_is_made_of():
    from tiekd.zoo import row

    recipe, demo = load_recipe("own_student"), row("tiekd_mobilenetv2.demo")
    assert (recipe.architecture, recipe.network.n_bins) == (demo.architecture, demo.n_bins)
    assert recipe.network.options == demo.options
    assert recipe.data.shrink == demo.options["image_pool"]
    told = load_recipe("own_student", overrides=["network.n_bins=32"])
    assert (told.network.n_bins, told.architecture) == (32, demo.architecture)
    with pytest.raises(UnknownNameError, match="tiekd_mobilenetv9"):
        load_recipe("own_student", overrides=["network.start_from=tiekd_mobilenetv9.demo"])


def test_an_own_student_learns_from_what_label_writes_by_default():
    from tiekd.datasets import LAYOUTS

    assert load_recipe("own_student").data.max_pixels == LAYOUTS["folder"].max_pixels
