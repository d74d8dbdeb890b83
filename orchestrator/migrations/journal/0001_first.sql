-- Log lines and samples, in a file of their own: many, and not worth a flush of the disk each.

CREATE TABLE lines (
    run TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    boot_id TEXT NOT NULL,
    ts TEXT NOT NULL,
    mono_ns BIGINT NOT NULL,
    level TEXT NOT NULL,
    stage TEXT,
    text TEXT NOT NULL,
    stored TEXT NOT NULL,
    PRIMARY KEY (run, epoch, seq)
);
CREATE INDEX lines_by_age ON lines (stored);

CREATE TABLE samples (
    run TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    boot_id TEXT NOT NULL,
    ts TEXT NOT NULL,
    mono_ns BIGINT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    unit TEXT NOT NULL,
    stored TEXT NOT NULL,
    PRIMARY KEY (run, epoch, seq)
);
CREATE INDEX samples_by_age ON samples (stored);
