-- Readers may wish for an extraction and take the wish back; working on it is for ingest alone.

grant select on extraction_request, job, handler to mall_ingest, mall_read;
grant insert (fingerprint, segment_ids, starts_at, ends_at, camera_s, priority) on extraction_request to mall_ingest, mall_read;
grant insert (request_id, question, inputs, who, callback) on job to mall_ingest, mall_read;
-- Who joins a request makes it as urgent as the own wish, and by that locks its row.
grant update (priority) on extraction_request to mall_read;

grant update on extraction_request to mall_ingest;
grant select, insert, update on notification to mall_ingest;
grant insert, update on handler to mall_ingest;

revoke execute on function announce, dismiss_job from public;
grant execute on function announce to mall_ingest;
grant execute on function dismiss_job to mall_ingest, mall_read;
