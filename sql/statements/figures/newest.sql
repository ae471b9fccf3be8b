select max(ends_at)
from coverage
where reason is null;
