-- The least each role needs. The owner, mall_admin, has everything; rights on a parent are enough for its partitions.

grant usage on schema public to mall_ingest, mall_read;

grant select on
alembic_version, site, floor, section, grid, section_grid, camera, calibration, segment, extraction_ledger, load_ledger, coverage,
person, person_attributes, person_tracklet, person_location, person_grid, person_track
to mall_ingest, mall_read;

grant insert on segment to mall_ingest;
grant insert, update on extraction_ledger, load_ledger to mall_ingest;
grant insert, update, delete on
coverage, person, person_attributes, person_tracklet, person_location, person_track
to mall_ingest;
revoke execute on function missing_partitions, ensure_partitions from public;
grant execute on function ensure_partitions to mall_ingest;

grant insert on audit to mall_read;
grant select (sha256, name, permissions) on api_key to mall_read;
