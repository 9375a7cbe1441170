"""Builds a street: ground, near objects, roadside, vehicles, background."""

from __future__ import annotations

from dataclasses import dataclass
from math import tan

import numpy as np
from numpy.typing import NDArray

from tiekd.synth import backdrop, near, roadside, traffic
from tiekd.synth.light import Light, sample_light
from tiekd.synth.mesh import Soup
from tiekd.synth.plan import Plan, sample_plan
from tiekd.synth.road import build_ground, sample_course
from tiekd.synth.site import Site


@dataclass(slots=True)
class Scene:
    """Geometry, materials `[n, N_COLUMNS]`, light, plan, height and slope of the ground under the camera."""

    soup: Soup
    materials: NDArray[np.float64]
    light: Light
    plan: Plan
    ground_y: float
    ground_slope: float


def build_scene(rng: np.random.Generator) -> Scene:
    """Draw one street scene. The camera stands at x = z = 0 and looks along +z."""
    # All steps draw from one random source, so a change of their order changes every world.
    plan, light = sample_plan(rng), sample_light(rng)
    site = Site(rng, plan, sample_course(rng, plan), light)
    build_ground(site.mesh, site.course, plan, site.materials, rng, light.wetness)
    near.flanks(site)
    if plan.junction_s > 0:
        backdrop.junction(site)
    for side in (-1.0, 1.0):
        roadside.line(site, side)
        traffic.parked(site, side)
    traffic.traffic(site)
    traffic.cyclists(site)
    backdrop.overhead(site)
    backdrop.backdrop(site)
    slope = site.course.pose(0.0, 0.0).slope
    return Scene(site.mesh.soup(), site.materials.table(), light, plan, 0.0, tan(slope))
