"""The mall's plan as a document, for pages that draw it."""

from functools import lru_cache

from models.world.places import Camera, Floor, Georeference, Point, Site
from models.world.views import seen_floor
from serve.presentation.values import plain

Document = dict[str, object]


def site_document(site: Site) -> Document:
    """Floors with their outlines, sections, cameras with the part of the floor that they see; all polygons in metres.

    A camera's `sees` has no corners where its picture shows none of the floor.
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
    return {"id": camera.id, "floor": camera.floor, "sees": plain(() if floor is None else _sees(camera, floor))}


@lru_cache(maxsize=2000)
def _sees(camera: Camera, floor: Floor) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in seen_floor(camera, floor))


def _georeference(place: Georeference | None) -> Document | None:
    return None if place is None else {"lon": place.lon, "lat": place.lat, "rotation_deg": place.rotation_deg}
