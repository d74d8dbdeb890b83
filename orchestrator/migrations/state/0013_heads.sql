-- What lists and pages show of a result; its record may have megabytes. None: of an older version.
ALTER TABLE results ADD COLUMN head TEXT;
