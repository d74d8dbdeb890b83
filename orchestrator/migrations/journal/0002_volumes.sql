-- How much was taken and how much was dropped of a claim's lines and samples, so that both are bounded, and
-- what is dropped is known. `seen` is the greatest number that came: what is sent again is counted once.
CREATE TABLE volumes (
    run TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    -- lines, samples.
    kind TEXT NOT NULL,
    taken BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    dropped BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    PRIMARY KEY (run, epoch, kind)
);
INSERT INTO volumes (run, epoch, kind, taken, bytes, dropped, seen)
    SELECT run, epoch, 'lines', COUNT(*), SUM(LENGTH(text)), 0, MAX(seq) FROM lines GROUP BY run, epoch;
INSERT INTO volumes (run, epoch, kind, taken, bytes, dropped, seen)
    SELECT run, epoch, 'samples', COUNT(*), SUM(LENGTH(key)), 0, MAX(seq) FROM samples GROUP BY run, epoch;

-- The newest sample of each of a run's series, so that a page need not look through all of them.
CREATE TABLE series (
    run TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    ts TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    unit TEXT NOT NULL,
    stored TEXT NOT NULL,
    PRIMARY KEY (run, kind, key)
);
CREATE INDEX series_by_age ON series (stored);
INSERT INTO series (run, kind, key, epoch, seq, ts, value, unit, stored)
    SELECT s.run, s.kind, s.key, s.epoch, s.seq, s.ts, s.value, s.unit, s.stored FROM samples s
    JOIN (SELECT run, kind, key, MAX(epoch * 1000000000 + seq) AS newest FROM samples
          GROUP BY run, kind, key) n
    ON s.run = n.run AND s.kind = n.kind AND s.key = n.key AND s.epoch * 1000000000 + s.seq = n.newest
    WHERE true ON CONFLICT DO NOTHING;
