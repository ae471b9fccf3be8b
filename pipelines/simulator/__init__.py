"""A simulated mall with cameras: video of people walking, and the exact truth about them."""

from pipelines.simulator.mall import simulate_mall
from pipelines.simulator.pictures import training_pictures
from pipelines.simulator.recording import Simulated, simulate

__all__ = ["Simulated", "simulate", "simulate_mall", "training_pictures"]
