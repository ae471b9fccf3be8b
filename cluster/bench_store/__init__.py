"""`make bench-store`: a store at full scale, loaded, asked and purged on this machine, in one run.

A private PostgreSQL in a folder, which is kept with `--keep` and then goes on where it is. Days of a crowd are loaded in
bulk; then are measured, wall time on all cores:

copy        thousand rows/s: the server's own COPY of a file of the rows of `person_location`, the bare COPY path from
            columns, and the whole load of a day (keys, paths, visits, rollups, coverage), both as a share of the first
literal     the same positions in tables with a primary key each and nothing else: seconds to load, bytes
size        kB a person and day, everything in, and its parts
questions   seconds of each question over an hour, a day and all days, p95; each asked with other inputs every time. Of days
            that is the first page of long answers
answers     how many answers of a day are the truth that numpy works out from the walks alone
clients     p95 of rollup questions with eight clients at once, as a multiple of one's
columns     median seconds of DuckDB on Parquet files of the same day, with and without the same rollups, by question
retention   seconds to drop a day's tables, against DELETE of the same rows
peak        with `--peak`: one day of ten times the people: load, questions, size
"""
