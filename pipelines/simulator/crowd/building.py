"""The building: two floors with a street along x, shops on both sides, queues in some, lifts in the middle."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from models.world.places import Camera, Floor, Georeference, Section, Site, calibrate

LENGTH_M, DEPTH_M, STREET_M = 200.0, 60.0, (26.0, 34.0)
SHOP_M, FLOORS = 20.0, (0, 1)
LIFT_X_M, PORCH_M = 100.0, 6.0
QUEUE_M = (4.0, 6.0)
QUEUED_SHOPS = ("shop-0-n2", "shop-0-s7", "shop-1-n5", "food-court")
Box = tuple[float, float, float, float]
_CALIBRATION = calibrate(
    [(0.0, 384.0), (640.0, 384.0), (480.0, 120.0), (160.0, 120.0)], [(0.0, 0.0), (10.0, 0.0), (10.0, 12.0), (0.0, 12.0)]
)


@dataclass(frozen=True)
class Shop:
    """A room: `box` (left, bottom, right, top) m, its door on the street's edge, and its queue, if it has one."""

    section_id: str
    floor: int
    box: Box
    door: tuple[float, float]
    queue: Box | None


def shops() -> list[Shop]:
    """All shops, in order."""
    return [_shop(floor, side, number) for floor in FLOORS for side in "ns" for number in range(int(LENGTH_M / SHOP_M))]


def _shop(floor: int, side: str, number: int) -> Shop:
    left, right = number * SHOP_M, (number + 1) * SHOP_M
    bottom, top = (STREET_M[1], DEPTH_M) if side == "n" else (0.0, STREET_M[0])
    name = "food-court" if (floor, side, number) == (0, "s", 4) else f"shop-{floor}-{side}{number}"
    queue = (left + 12.0, bottom + 10.0, left + 12.0 + QUEUE_M[0], bottom + 10.0 + QUEUE_M[1])
    door_y = STREET_M[1] if side == "n" else STREET_M[0]
    box = (left, bottom, right, top)
    return Shop(name, floor, box, ((left + right) / 2, door_y), queue if name in QUEUED_SHOPS else None)


def boxes() -> dict[str, tuple[int, Box]]:
    """Every section, all of them rectangles: id -> (floor, box)."""
    found = {shop.section_id: (shop.floor, shop.box) for shop in shops()}
    found |= {f"queue-{shop.section_id}": (shop.floor, shop.queue) for shop in shops() if shop.queue is not None}
    for floor in FLOORS:
        found[f"street-{floor}"] = (floor, (0.0, STREET_M[0], LENGTH_M, STREET_M[1]))
    found["entrance-west"] = (0, (0.0, STREET_M[0], PORCH_M, STREET_M[1]))
    found["entrance-east"] = (0, (LENGTH_M - PORCH_M, STREET_M[0], LENGTH_M, STREET_M[1]))
    return found


def site(cameras_a_floor: int = 20, name: str = "bench-mall") -> Site:
    """The mall as a site."""
    outline = _ring((0.0, 0.0, LENGTH_M, DEPTH_M))
    return Site(
        name=name,
        time_zone=ZoneInfo("Europe/Berlin"),
        floors=tuple(Floor(floor, f"Floor {floor}", outline) for floor in FLOORS),
        sections=tuple(
            Section(section_id, section_id.replace("-", " ").capitalize(), floor, _ring(box))
            for section_id, (floor, box) in sorted(boxes().items())
        ),
        cameras=tuple(
            Camera(f"cam-{floor}-{number:02}", floor, 640, 384, 10.0, 1.0, _CALIBRATION)
            for floor in FLOORS
            for number in range(cameras_a_floor)
        ),
        georeference=Georeference(13.3777, 52.5163, 12.5),
        opening_hours={"mon-sat": "09:00-21:00", "sun": "closed"},
    )


def _ring(box: Box) -> tuple[tuple[float, float], ...]:
    left, bottom, right, top = box
    return ((left, bottom), (right, bottom), (right, top), (left, top))
