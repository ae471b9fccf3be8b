insert into audit (who, action, question, inputs, outcome, request_id)
values (
    %(who)s::text, %(action)s::text, %(question)s::text, %(inputs)s::jsonb, %(outcome)s::text, %(request_id)s::text
);
