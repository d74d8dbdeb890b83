-- State: what must never be lost. Times are RFC 3339, UTC. JSON columns hold types of the protocol
-- or of this crate, as serde writes them.

CREATE TABLE hosts (
    name TEXT PRIMARY KEY,
    mac TEXT NOT NULL UNIQUE,
    system_uuid TEXT,
    board_serial TEXT,
    -- JSON: the expected spec, if any.
    spec TEXT,
    created TEXT NOT NULL
);

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL REFERENCES hosts (name),
    state TEXT NOT NULL,
    -- JSON: lifecycle::Progress.
    progress TEXT NOT NULL,
    -- JSON: the pipeline, a list of StageOrder.
    orders TEXT NOT NULL,
    non_destructive BOOLEAN NOT NULL,
    boot_token_hash TEXT NOT NULL UNIQUE,
    -- The number of the newest claim; 0: nobody claimed it yet.
    epoch BIGINT NOT NULL,
    -- JSON: the newest claim.
    claim TEXT,
    iperf_port BIGINT,
    created TEXT NOT NULL,
    created_by TEXT NOT NULL,
    changed TEXT NOT NULL,
    last_heard TEXT,
    last_words TEXT,
    lost_since TEXT
);
CREATE INDEX runs_by_state ON runs (state);

-- A session is good for one run and one claim.
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id),
    epoch BIGINT NOT NULL,
    expires TEXT NOT NULL
);

-- The first result of an attempt wins, and its answer is given again to whoever repeats it.
CREATE TABLE results (
    run TEXT NOT NULL REFERENCES runs (id),
    stage TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    passed BOOLEAN NOT NULL,
    -- JSON: StageRecord.
    record TEXT NOT NULL,
    -- JSON: what the machine is made of.
    inventory TEXT,
    -- JSON: ResultAnswer.
    answer TEXT NOT NULL,
    stored TEXT NOT NULL,
    PRIMARY KEY (run, stage, attempt)
);

-- Every change of a run's state. One cause moves a run once.
CREATE TABLE transitions (
    run TEXT NOT NULL REFERENCES runs (id),
    seq BIGINT NOT NULL,
    at TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (run, seq),
    UNIQUE (run, cause)
);

CREATE TABLE directives (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id),
    -- JSON: Directive.
    body TEXT NOT NULL,
    -- sent, received, applied, rejected.
    status TEXT NOT NULL,
    reason TEXT,
    created TEXT NOT NULL,
    changed TEXT NOT NULL
);
CREATE INDEX directives_by_run ON directives (run, status);

CREATE TABLE components (
    digest TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    bytes BLOB NOT NULL,
    added TEXT NOT NULL
);

CREATE TABLE stages (
    name TEXT PRIMARY KEY,
    digest TEXT NOT NULL REFERENCES components (digest),
    version TEXT NOT NULL,
    -- JSON: the component's manifest.
    manifest TEXT NOT NULL,
    -- JSON: stages::Settings.
    settings TEXT NOT NULL,
    published TEXT NOT NULL,
    published_by TEXT NOT NULL
);

CREATE TABLE operators (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    ssh_key TEXT,
    created TEXT NOT NULL
);

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    run TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at);

CREATE TABLE reports (
    run TEXT NOT NULL REFERENCES runs (id),
    format TEXT NOT NULL,
    body TEXT NOT NULL,
    stored TEXT NOT NULL,
    PRIMARY KEY (run, format)
);

-- When a person could log in to the machine of a run.
CREATE TABLE holds (
    run TEXT NOT NULL REFERENCES runs (id),
    seq BIGINT NOT NULL,
    stage TEXT NOT NULL,
    address TEXT,
    host_keys TEXT NOT NULL,
    operators TEXT NOT NULL,
    begun TEXT NOT NULL,
    opened TEXT,
    closed TEXT,
    PRIMARY KEY (run, seq)
);

CREATE TABLE artifacts (
    run TEXT NOT NULL REFERENCES runs (id),
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    stage TEXT,
    attempt BIGINT,
    bytes BLOB NOT NULL,
    stored TEXT NOT NULL,
    PRIMARY KEY (run, digest, name)
);
