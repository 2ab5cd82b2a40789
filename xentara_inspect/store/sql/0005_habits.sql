-- Schema 5: what the checks of a session's habits remember.

CREATE TABLE "habits" (
  "session_id" INTEGER REFERENCES "sessions" ("id"),
  "kind" TEXT,
  "subject" TEXT,
  "state" TEXT,
  PRIMARY KEY ("session_id", "kind", "subject")
) WITHOUT ROWID;
CREATE TABLE "carried_habits" (
  "session_id" INTEGER REFERENCES "sessions" ("id"),
  "kind" TEXT,
  "subject" TEXT,
  "state" TEXT,
  PRIMARY KEY ("session_id", "kind", "subject")
) WITHOUT ROWID;
