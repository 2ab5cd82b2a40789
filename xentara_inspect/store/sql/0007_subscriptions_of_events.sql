-- Schema 7: which subscription an event came for follows from its attributes, too. The view is made anew.
DROP VIEW IF EXISTS events_readable;
