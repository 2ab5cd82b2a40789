-- Schema 6: what is wrong with a recorder, and what decodes beside it, for those who ask the database.
ALTER TABLE recorders ADD COLUMN troubles TEXT;
