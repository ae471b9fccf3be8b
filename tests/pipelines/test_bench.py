import pytest

from pipelines.bench import BIT_RATE, FPS, HEIGHT_PX, WIDTH_PX, Clip, Measured, make_clip
from pipelines.decode import probe


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Clip:
    return make_clip(tmp_path_factory.mktemp("bench"), 3.0, seed=1)


def test_the_clip_is_what_mall_cameras_record(clip):
    seen = probe(clip.path)
    assert (seen.width_px, seen.height_px, seen.codec) == (WIDTH_PX, HEIGHT_PX, "h264")
    assert seen.frames == 3 * FPS
    assert seen.keyframe_interval_s == pytest.approx(1.0, abs=0.01)
    assert not seen.b_frames
    assert clip.path.stat().st_size * 8 / 3 == pytest.approx(BIT_RATE, rel=0.35)


def test_cameras_per_core_is_video_time_over_processor_time():
    assert Measured(24.0, 0.5, 24).camera_seconds_per_core_second == 48.0
