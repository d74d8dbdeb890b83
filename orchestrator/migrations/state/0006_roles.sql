-- Roles are a set. Whoever had one could do what those before it could, and still can.
ALTER TABLE operators ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';
UPDATE operators SET roles = CASE role
    WHEN '"view"' THEN '["view"]'
    WHEN '"operate"' THEN '["view","operate"]'
    WHEN '"wipe"' THEN '["view","operate","wipe"]'
    WHEN '"publish"' THEN '["view","operate","wipe","publish"]'
    ELSE '[]' END;
ALTER TABLE operators DROP COLUMN role;
