"""Every fault of a validation is listed at once, with its place, its value and what may have been meant."""

from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tiekd.errors import ConfigError
from tiekd.faults import NameIn, describe_faults, fault_lines, faults_as


class Wheel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    radius_m: float = Field(default=0.3, gt=0)


class Car(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = "car"
    wheels: tuple[Wheel, ...] = ()
    spare: Wheel | None = None
    notes: dict[str, str] = {}

    @model_validator(mode="after")
    def _check(self) -> "Car":
        if len(self.wheels) > 4:
            raise ValueError("wheels: too many\nwheels: say fewer")
        return self


def faults(**values: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Car.model_validate(values)
    return fault_lines(caught.value, Car)


def test_values_are_shown_and_cut_short_when_long():
    assert faults(name=3) == ["name: Input should be a valid string (got 3)"]
    (line,) = faults(name=["x" * 500])
    assert line.endswith("xxx…)")
    assert len(line) < 140


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"nam": "x"}, "nam: there is no such key (did you mean name?)"),
        ({"qqq": 1}, "qqq: there is no such key (there are name, wheels, spare, notes)"),
        ({"wheels": [{}, {"radius": 1}]}, "wheels.1.radius: there is no such key (did you mean radius_m?)"),
        ({"spare": {"radius": 1}}, "spare.radius: there is no such key (did you mean radius_m?)"),
    ],
)
def test_unknown_keys_come_with_near_names_of_their_own_place(values, line):
    assert faults(**values) == [line]


def test_our_own_checks_report_each_of_their_lines():
    assert faults(wheels=[{}] * 5) == ["wheels: too many", "wheels: say fewer"]


def test_without_a_model_no_names_are_proposed():
    with pytest.raises(ValidationError) as caught:
        Car.model_validate({"nam": "x"})
    assert describe_faults(caught.value) == "1 fault:\n  nam: there is no such key"


def test_the_error_is_of_the_class_that_was_asked_for():
    with pytest.raises(ConfigError) as caught, faults_as(ConfigError, "The car", model=Car, hint="See cars."):
        Car.model_validate({"name": 1, "wheels": [{"radius_m": -1}]})
    assert str(caught.value) == (
        "The car has 2 faults:\n  name: Input should be a valid string (got 1)\n"
        "  wheels.0.radius_m: Input should be greater than 0 (got -1)"
    )
    assert caught.value.hint == "See cars."


def test_a_name_must_be_in_the_table_as_it_is_now():
    table: dict[str, int] = {"red": 1, "blue": 2}

    class Paint(BaseModel):
        colour: Annotated[str, NameIn("colour", table, also=("auto",))]

    assert [Paint(colour=name).colour for name in ("auto", "red")] == ["auto", "red"]
    for wrong, proposed in (("bleu", "did you mean blue?"), ("x", "there are auto, red, blue")):
        with pytest.raises(ValidationError) as caught:
            Paint(colour=wrong)
        assert fault_lines(caught.value) == [f"colour: there is no such colour ({proposed}) (got {wrong!r})"]
    table["bleu"] = 3
    assert Paint(colour="bleu").colour == "bleu"
    assert Paint.model_json_schema()["properties"]["colour"]["enum"] == ["auto", "red", "blue", "bleu"]
