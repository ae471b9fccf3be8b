"""Detections of single cameras on the floor, without pictures, and the truth about them, to measure association."""

from pipelines.simulator.detections.looks import Appearance
from pipelines.simulator.detections.noise import Noise
from pipelines.simulator.detections.writing import Detected, simulate_detections

__all__ = ["Appearance", "Detected", "Noise", "simulate_detections"]
