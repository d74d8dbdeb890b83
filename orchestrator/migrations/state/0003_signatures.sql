-- A stage's detached signature, as it was published, and the id of the key that it says it was made
-- with. Only the machines' owners know whose signatures count.
ALTER TABLE stages ADD COLUMN signature TEXT;
ALTER TABLE stages ADD COLUMN signed_by TEXT;
