-- The order of deeds, whatever the calendar said. It is the mark by which pages of the audit go on.
ALTER TABLE audit ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
UPDATE audit SET seq = numbered.seq
FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY at, id) AS seq FROM audit) AS numbered
WHERE numbered.id = audit.id;
CREATE UNIQUE INDEX audit_by_seq ON audit (seq);
CREATE INDEX audit_by_run ON audit (run, seq);
