update extraction_request
set submission_id = null
where
    request_id = %(request_id)s::uuid
    and state = 'dismissed';
