"""Single-camera detections on the floor, without pictures, and the truth about them: what association is measured with."""

from pipelines.simulator.detections.looks import Appearance
from pipelines.simulator.detections.noise import Noise
from pipelines.simulator.detections.writing import Detected, simulate_detections

__all__ = ["Appearance", "Detected", "Noise", "simulate_detections"]
