select floor
from floor
order by floor;
