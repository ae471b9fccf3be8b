select
    case
        when j.dismissed_at is not null then 'dismissed'
        when r.state = 'leased' then 'accepted'
        else r.state
    end as state,
    count(*)
from job as j
inner join extraction_request as r on j.request_id = r.request_id
group by 1;
