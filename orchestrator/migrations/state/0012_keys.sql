-- Which hosts let an operator's SSH key in while they hold: patterns of names; none: all hosts.
ALTER TABLE operators ADD COLUMN hosts TEXT NOT NULL DEFAULT '[]';
-- Whose keys a hold lets in now; `operators` has everybody whose key it ever let in.
ALTER TABLE holds ADD COLUMN let_in TEXT NOT NULL DEFAULT '';
UPDATE holds SET let_in = operators WHERE closed IS NULL;
