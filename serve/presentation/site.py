"""The mall's plan as a document, for pages that draw it."""

from functools import lru_cache

import numpy as np

from models.world.places import Camera, Floor, Georeference, Point, Site
from models.world.views import seen_floor
from serve.presentation.values import plain

Document = dict[str, object]


def site_document(site: Site) -> Document:
    """Floors with their outlines, sections, cameras with the part of the floor that they see; all polygons in metres.

    A camera's `sees` has no corners where its picture shows none of the floor; `near` is the floor at the middle of its
    picture's lower edge, null where that shows none. A camera without calibration has neither.
    """
    return {
        "site": site.name,
        "time_zone": site.time_zone.key,
        "opening_hours": dict(site.opening_hours),
        "georeference": _georeference(site.georeference),
        "floors": [{"id": floor.id, "name": floor.name, "outline": plain(floor.outline)} for floor in site.floors],
        "sections": [
            {"id": section.id, "name": section.name, "floor": section.floor, "polygon": plain(section.polygon)}
            for section in site.sections
        ],
        "cameras": [_camera(site, camera) for camera in site.cameras],
    }


def _camera(site: Site, camera: Camera) -> Document:
    floor = next((floor for floor in site.floors if floor.id == camera.floor), None)
    sees = () if floor is None else _sees(camera, floor)
    return {"id": camera.id, "floor": camera.floor, "near": _near(camera), "sees": plain(sees)}


def _near(camera: Camera) -> object:
    if camera.calibration is None:
        return None
    near = camera.calibration.to_floor(np.array([[camera.width_px / 2, camera.height_px]]))[0]
    return plain(near.tolist()) if np.isfinite(near).all() else None


@lru_cache(maxsize=2000)
def _sees(camera: Camera, floor: Floor) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in seen_floor(camera, floor))


def _georeference(place: Georeference | None) -> Document | None:
    return None if place is None else {"lon": place.lon, "lat": place.lat, "rotation_deg": place.rotation_deg}
