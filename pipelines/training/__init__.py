"""Training on the simulator's pictures: the detector that is shipped, and the network of the describer."""

from pipelines.training.detector import Trained, train_detector

__all__ = ["Trained", "train_detector"]
