-- Every version of a stage that was ever published. A version means the same bytes for ever; which one
-- new runs run is for `stages` to say.
CREATE TABLE releases (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES components (digest),
    manifest TEXT NOT NULL,
    signature TEXT,
    signed_by TEXT,
    published TEXT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (name, version)
);
INSERT INTO releases (name, version, digest, manifest, signature, signed_by, published, published_by)
    SELECT name, version, digest, manifest, signature, signed_by, published, published_by FROM stages;
