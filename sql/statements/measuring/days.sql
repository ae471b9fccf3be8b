select distinct day
from visitor_day;
