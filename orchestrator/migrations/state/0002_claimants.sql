-- Which agent process a session was opened for, so that one whose claim was replaced is known when
-- it claims again. Sessions from before have none. They are kept as long as their run is.
ALTER TABLE sessions ADD COLUMN instance TEXT;
CREATE INDEX sessions_by_run ON sessions (run, epoch);
