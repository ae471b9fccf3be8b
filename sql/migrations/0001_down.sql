-- Back to nothing; meant for an empty database. Roles and extensions stay: other databases of the server may use them.
drop function presences, walks, people_described, times_inside, cut_in_time, ensure_partitions, missing_partitions;
drop table api_key, audit;
drop view person_grid;
drop table person_track, person_location, person_tracklet, person_attributes, person;
drop table coverage, load_ledger, extraction_ledger, segment;
drop table calibration, camera, section_grid, grid, section, floor, site;
