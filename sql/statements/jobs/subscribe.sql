insert into job (request_id, question, inputs, who, callback)
values (%(request_id)s::uuid, %(question)s::text, %(inputs)s::jsonb, %(who)s::text, %(callback)s::jsonb)
returning job_id;
