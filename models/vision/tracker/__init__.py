"""The tracker: detections of one camera in, tracks on the floor out."""

from models.vision.tracker.tables import DetectionTable, Tracks
from models.vision.tracker.tracker import every_frame, track

__all__ = ["DetectionTable", "Tracks", "every_frame", "track"]
