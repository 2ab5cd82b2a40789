-- Schema 4: names of elements out of files, large frames in portions.

CREATE TABLE "name_files" (
  "id" INTEGER PRIMARY KEY,
  "source" TEXT,
  "time" INTEGER,
  "after_frame" INTEGER,
  "after_end" INTEGER,
  "carried" INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE "given_names" (
  "uuid" TEXT,
  "file_id" INTEGER REFERENCES "name_files" ("id"),
  "name" TEXT,
  PRIMARY KEY ("uuid", "file_id")
) WITHOUT ROWID;
ALTER TABLE "checkpoint" ADD COLUMN "name_file_id" INTEGER NOT NULL DEFAULT 0;

-- How far a large frame is indexed.

ALTER TABLE "checkpoint" ADD COLUMN "position" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "checkpoint" ADD COLUMN "counted" TEXT;
