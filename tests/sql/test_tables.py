import uuid

import psycopg
import sqlalchemy
from sqlalchemy.dialects import postgresql

from sql.store import Store
from sql.tables import metadata, person_location, person_track
from tests.conftest import Database
from tests.sql import mall

IGNORED = {"alembic_version", "spatial_ref_sys", "geometry_columns", "geography_columns"}


def columns(table: sqlalchemy.Table) -> list[tuple[str, str, bool, bool]]:
    dialect = postgresql.dialect()
    return [(c.name, str(c.type.compile(dialect)), bool(c.nullable), c.primary_key) for c in table.columns]


def engine(database: Database) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(database.read_dsn), poolclass=sqlalchemy.NullPool
    )


def own_relations(database: Database) -> set[str]:
    with psycopg.connect(database.read_dsn) as connection:
        query = (
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p', 'v') and not relispartition"
        )
        return {name for (name,) in connection.execute(query)} - IGNORED


def test_the_tables_equal_the_migrated_schema(database: Database) -> None:
    migrated = sqlalchemy.MetaData()
    migrated.reflect(engine(database), views=True, only=sorted(own_relations(database)))
    found = {name: columns(table) for name, table in migrated.tables.items()}
    assert found == {name: columns(table) for name, table in metadata.tables.items()}


def test_a_notebook_may_ask_with_core_expressions(database: Database, filled: Store) -> None:
    who = {name: key for key, name in mall.NAMES.items()}
    ask = sqlalchemy.select(sqlalchemy.func.sum(person_track.c.length_m)).where(
        person_track.c.starts_at >= mall.NINE, person_track.c.person_id == who["ann"]
    )
    place = sqlalchemy.select(
        sqlalchemy.func.st_x(person_location.c.location), sqlalchemy.func.st_y(person_location.c.location)
    ).where(person_location.c.taken_at == mall.TEN, person_location.c.person_id == who["ann"])
    with engine(database).connect() as connection:
        assert connection.execute(ask).scalar_one() == 60.0
        assert connection.execute(place).one() == (30.0, 5.0)
    assert isinstance(who["ann"], uuid.UUID)
