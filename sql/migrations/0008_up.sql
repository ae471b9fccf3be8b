-- A camera may have no calibration, and a calibration a lens.

alter table calibration
alter column homography drop not null,
add lens_k1 double precision;
comment on column calibration.homography is 'null: from then on the camera has none, and its people are counted in the picture only';
comment on column calibration.lens_k1 is 'k1 of the division model; null: no distortion';
