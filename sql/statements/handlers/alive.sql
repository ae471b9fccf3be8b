select
    owner,
    version,
    started_at,
    seen_at
from handler
where seen_at >= clock_timestamp() - %(within)s::interval
order by started_at, owner;
