-- Every claim of a run by somebody with its boot token or a session, in the order in which they came: who,
-- from where, and what became of it. `epoch` is the claim's number where it took the run; `refused` says
-- why it did not. `heard_after` is when its agent was heard after a claim of another boot had taken the run:
-- two boots at once are two machines, so the host had not gone down. Claims from before are not known.
CREATE TABLE claims (
    run TEXT NOT NULL REFERENCES runs (id),
    seq BIGINT NOT NULL,
    epoch BIGINT,
    at TEXT NOT NULL,
    -- boot_token, session.
    proof TEXT NOT NULL,
    peer TEXT NOT NULL,
    -- JSON: Claim.
    claim TEXT NOT NULL,
    refused TEXT,
    heard_after TEXT,
    PRIMARY KEY (run, seq)
);
CREATE INDEX claims_by_epoch ON claims (run, epoch);
-- The sha256 of the spec that a run was made against; empty: its host had none. NULL: a run from before.
ALTER TABLE runs ADD COLUMN spec_digest TEXT;
-- Every spec that a host ever had, by its sha256, so that what a run was made against can be looked up.
CREATE TABLE specs (
    digest TEXT PRIMARY KEY,
    -- JSON, as it is hashed.
    body TEXT NOT NULL,
    stored TEXT NOT NULL
);
-- The verdict of a run that is over or holds, as its stored record has it: pass, fail, inconclusive,
-- cancelled, error. NULL: a run at work, or one from before.
ALTER TABLE runs ADD COLUMN verdict TEXT;
-- Why a run has no iperf3 server at its Network stage, where it has none.
ALTER TABLE runs ADD COLUMN iperf_reason TEXT;
-- Who had a port for the whole run gives it back: a port is taken when the Network stage comes.
UPDATE runs SET iperf_port = NULL WHERE state != 'Network';
