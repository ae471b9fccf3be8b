"""A simulated mall with cameras: video of people walking, and the exact truth about them."""

from pipelines.simulator.recording import Simulated, simulate
from pipelines.simulator.training_pictures import training_pictures

__all__ = ["Simulated", "simulate", "training_pictures"]
