-- What the seventh schema does not know: a camera without any calibration is not of its site.

delete from calibration where homography is null;
alter table calibration
alter column homography set not null,
drop lens_k1;
comment on column calibration.homography is null;
