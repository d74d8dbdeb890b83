-- How many of a run's log lines and samples were dropped, because as much is kept of a run as may be.
ALTER TABLE runs ADD COLUMN lines_dropped BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN samples_dropped BIGINT NOT NULL DEFAULT 0;
