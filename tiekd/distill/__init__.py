"""Distillation: recipe, data, step and fit."""
