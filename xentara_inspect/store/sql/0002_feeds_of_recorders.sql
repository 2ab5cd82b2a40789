-- Schema 2: a process that takes the place of a recorder goes on where it stopped.
ALTER TABLE recorders ADD COLUMN feed TEXT;
ALTER TABLE recorders ADD COLUMN operation INTEGER NOT NULL DEFAULT 0;
