drop function retire, retention_plan;
drop table section_visit_aside, person_track_aside, person_location_aside, retention, legal_hold;
