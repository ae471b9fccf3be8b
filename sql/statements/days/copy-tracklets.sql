copy person_tracklet (hour, tracklet_id, person_id, day, camera_id, first_seen, last_seen, reason) from stdin (format binary);
