with
loads as (delete from load_ledger),
calibrations as (delete from calibration),
cells as (delete from grid),
areas as (delete from section),
cameras as (delete from camera),
sites as (delete from site)
delete from floor;
