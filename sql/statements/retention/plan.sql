select
    action,
    family,
    day
from retention_plan(%(today)s::date);
