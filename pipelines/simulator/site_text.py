"""The site file of a simulated mall."""

from pathlib import Path
from typing import Any

import yaml

from models.world.places import Camera, Point, Site


def write(site: Site, path: Path) -> None:
    """The site as the YAML that `mall site load` reads."""
    path.write_text(yaml.safe_dump(_document(site), sort_keys=False, default_flow_style=None, width=150))


def _document(site: Site) -> dict[str, Any]:
    document: dict[str, Any] = {
        "site": site.name,
        "time_zone": site.time_zone.key,
        "opening_hours": dict(site.opening_hours),
    }
    if site.georeference:
        place = site.georeference
        document["georeference"] = {"lon": place.lon, "lat": place.lat, "rotation_deg": place.rotation_deg}
    document["floors"] = [{"id": f.id, "name": f.name, "outline": _points(f.outline)} for f in site.floors]
    document["sections"] = [
        {"id": s.id, "name": s.name, "floor": s.floor, "polygon": _points(s.polygon)} for s in site.sections
    ]
    document["cameras"] = [_camera(camera) for camera in site.cameras]
    return document


def _camera(camera: Camera) -> dict[str, Any]:
    pairs = {"points_px": _points(camera.calibration.points_px), "points_m": _points(camera.calibration.points_m)}
    return {
        "id": camera.id,
        "floor": camera.floor,
        "resolution_px": [camera.width_px, camera.height_px],
        "frame_rate_hz": camera.frame_rate_hz,
        "keyframe_interval_s": camera.keyframe_interval_s,
        "calibration": pairs,
    }


def _points(points: tuple[Point, ...]) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in points]
