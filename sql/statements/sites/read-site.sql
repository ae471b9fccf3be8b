select
    site,
    time_zone,
    opening_hours,
    georeference
from site;
