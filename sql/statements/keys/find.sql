select
    name,
    permissions
from api_key
where sha256 = %(sha256)s::text;
