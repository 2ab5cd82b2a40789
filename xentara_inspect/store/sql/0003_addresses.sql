-- Schema 3: what came over the wire is named by its address, frame << 24 | position; elements and
-- attributes have integer keys; numbers have tables of their names. All that is derived is derived again.

DROP VIEW IF EXISTS sessions_readable;
DROP VIEW IF EXISTS exchanges_readable;
DROP VIEW IF EXISTS events_readable;
DROP VIEW IF EXISTS readings_readable;
DROP VIEW IF EXISTS findings_readable;
DROP TABLE findings;
DROP TABLE subscriptions;
DROP TABLE attributes;
DROP TABLE elements;
DROP TABLE readings;
DROP TABLE events;
DROP TABLE exchanges;
DROP TABLE packets;
DROP TABLE checkpoint;
DROP INDEX frames_session_id;
DROP INDEX carried_requests_session_id;
DROP INDEX sessions_flow_id;
DROP INDEX sessions_fingerprint;
CREATE TABLE "commands" (
  "number" INTEGER PRIMARY KEY,
  "name" TEXT
);
CREATE TABLE "error_codes" (
  "number" INTEGER PRIMARY KEY,
  "name" TEXT
);
CREATE TABLE "event_types" (
  "number" INTEGER PRIMARY KEY,
  "name" TEXT
);
CREATE TABLE "qualities" (
  "number" INTEGER PRIMARY KEY,
  "name" TEXT
);
CREATE TABLE "element_categories" (
  "number" INTEGER PRIMARY KEY,
  "name" TEXT
);
CREATE TABLE "attribute_accesses" (
  "number" INTEGER PRIMARY KEY,
  "name" TEXT
);
CREATE TABLE "attribute_data_types" (
  "number" INTEGER PRIMARY KEY,
  "name" TEXT
);
CREATE TABLE "command_errors" (
  "opcode" INTEGER REFERENCES "commands" ("number"),
  "number" INTEGER REFERENCES "error_codes" ("number"),
  "name" TEXT,
  PRIMARY KEY ("opcode", "number")
);
CREATE TABLE "new_recorders" (
  "id" INTEGER PRIMARY KEY,
  "pid" INTEGER,
  "host" TEXT,
  "process" TEXT,
  "started" INTEGER,
  "heartbeat" INTEGER,
  "stopped" INTEGER,
  "dropped" INTEGER NOT NULL DEFAULT 0,
  "follows" INTEGER NOT NULL DEFAULT 0,
  "continued" INTEGER NOT NULL DEFAULT 0,
  "feed" TEXT,
  "operation" INTEGER NOT NULL DEFAULT 0
);
INSERT INTO new_recorders (id, pid, host, process, started, heartbeat, stopped, dropped, follows, continued, feed,
  operation)
  SELECT id, pid, host, process, started, heartbeat, stopped, dropped, follows, continued, feed,
  operation FROM recorders;
DROP TABLE recorders;
ALTER TABLE new_recorders RENAME TO recorders;
CREATE TABLE "new_sessions" (
  "id" INTEGER PRIMARY KEY,
  "client" TEXT,
  "server" TEXT,
  "path" TEXT,
  "subprotocol" TEXT,
  "user" TEXT,
  "user_agent" TEXT,
  "origin" TEXT,
  "opened" INTEGER,
  "closed" INTEGER,
  "close_code" INTEGER,
  "close_reason" TEXT,
  "closed_by" TEXT,
  "refused" TEXT,
  "source" TEXT,
  "dropped" INTEGER NOT NULL DEFAULT 0,
  "frame_count" INTEGER NOT NULL DEFAULT 0,
  "flow_id" TEXT,
  "fingerprint" TEXT,
  "recorder_id" INTEGER REFERENCES "recorders" ("id"),
  "continues" INTEGER NOT NULL DEFAULT 0,
  "continued" INTEGER NOT NULL DEFAULT 0,
  "greeted" INTEGER NOT NULL DEFAULT 0
);
INSERT INTO new_sessions (id, client, server, path, subprotocol, user, opened, closed, close_code, close_reason, source,
  dropped, frame_count, flow_id, fingerprint, recorder_id, continues, continued, greeted)
  SELECT id, client, server, path, subprotocol, user, opened, closed, close_code, close_reason, source,
  dropped, frame_count, flow_id, fingerprint, recorder_id, continues, continued, greeted FROM sessions;
DROP TABLE sessions;
ALTER TABLE new_sessions RENAME TO sessions;
-- Frames of the n-th file of a recording are numbered from (n - 1) << 28 on, so that none has two in all of its files.
UPDATE frames SET id = id + (SELECT (number - 1) << 28 FROM chain)
  WHERE EXISTS (SELECT 1 FROM chain WHERE number > 1);
UPDATE session_ends SET after_frame = after_frame + (SELECT (number - 1) << 28 FROM chain)
  WHERE EXISTS (SELECT 1 FROM chain WHERE number > 1);
CREATE TABLE "new_chain" (
  "id" INTEGER PRIMARY KEY,
  "recording" TEXT,
  "number" INTEGER,
  "started" INTEGER,
  "continues" TEXT,
  "continued_in" TEXT,
  "carried" INTEGER NOT NULL DEFAULT 0,
  "last_session" INTEGER NOT NULL DEFAULT 0,
  "last_frame" INTEGER NOT NULL DEFAULT 0
);
INSERT INTO new_chain (id, number, started, continues, continued_in, carried, last_session, last_frame)
  SELECT id, number, started, continues, continued_in, carried, last_session, (number - 1) << 28 FROM chain;
DROP TABLE chain;
ALTER TABLE new_chain RENAME TO chain;
CREATE TABLE "cut_frames" (
  "frame_id" INTEGER PRIMARY KEY REFERENCES "frames" ("id"),
  "length" INTEGER,
  "sha256" TEXT,
  "why" TEXT
);
CREATE TABLE "settings" (
  "name" TEXT PRIMARY KEY,
  "value" TEXT
);
ALTER TABLE carried_elements RENAME TO old_carried_elements;
CREATE TABLE "carried_elements" (
  "id" INTEGER PRIMARY KEY,
  "uuid" TEXT,
  "primary_key" TEXT,
  "category" BLOB,
  "learned_from" TEXT
);
ALTER TABLE carried_subscriptions RENAME TO old_carried_subscriptions;
CREATE TABLE "carried_subscriptions" (
  "id" INTEGER PRIMARY KEY,
  "session_id" INTEGER REFERENCES "sessions" ("id"),
  "uuid" TEXT,
  "elements" TEXT,
  "opened" INTEGER
);
ALTER TABLE carried_requests RENAME TO old_carried_requests;
CREATE TABLE "carried_requests" (
  "id" INTEGER PRIMARY KEY,
  "session_id" INTEGER REFERENCES "sessions" ("id"),
  "from_client" INTEGER,
  "requested" INTEGER,
  "packet" BLOB
);
INSERT INTO carried_elements (uuid, primary_key, category, learned_from)
  SELECT uuid, primary_key, category, learned_from FROM old_carried_elements ORDER BY rowid;
-- Where they stood is not known any more: an address that no frame has.
INSERT INTO carried_subscriptions (id, session_id, uuid, elements, opened)
  SELECT (SELECT last_frame << 24 FROM chain) + id, session_id, uuid,
    (SELECT json_group_array(json_array(json_extract(value, '$.element'), json_extract(value, '$.attributes')))
     FROM json_each(elements)), opened FROM old_carried_subscriptions;
-- The number of the file that a request is in stands in its name.
INSERT INTO carried_requests (id, session_id, from_client, requested, packet)
  SELECT (((file_number(file) - 1) << 28) + frame_id) << 24 | position, session_id, from_client, requested, packet
  FROM old_carried_requests ORDER BY id;
DROP TABLE old_carried_elements;
DROP TABLE old_carried_subscriptions;
DROP TABLE old_carried_requests;
CREATE TABLE "packets" (
  "id" INTEGER PRIMARY KEY,
  "kind" TEXT,
  "message_id" BLOB,
  "opcode" BLOB REFERENCES "commands" ("number"),
  "event_type" BLOB REFERENCES "event_types" ("number"),
  "element_id" INTEGER REFERENCES "elements" ("id"),
  "source_time" BLOB,
  "notation" TEXT
);
CREATE TABLE "exchanges" (
  "id" INTEGER PRIMARY KEY,
  "session_id" INTEGER REFERENCES "sessions" ("id"),
  "message_id" BLOB,
  "opcode" BLOB REFERENCES "commands" ("number"),
  "element_id" INTEGER REFERENCES "elements" ("id"),
  "status" TEXT,
  "error_code" BLOB REFERENCES "error_codes" ("number"),
  "error_text" TEXT,
  "requested" INTEGER,
  "responded" INTEGER,
  "latency" INTEGER,
  "response_id" INTEGER REFERENCES "packets" ("id")
);
CREATE TABLE "attribute_values" (
  "packet_id" INTEGER REFERENCES "packets" ("id"),
  "position" INTEGER,
  "attribute_id" INTEGER REFERENCES "attributes" ("id"),
  "value" BLOB,
  "value_kind" TEXT,
  "quality" BLOB REFERENCES "qualities" ("number"),
  "quality_position" INTEGER,
  PRIMARY KEY ("packet_id", "position")
) WITHOUT ROWID;
CREATE TABLE "elements" (
  "id" INTEGER PRIMARY KEY,
  "uuid" TEXT,
  "primary_key" TEXT,
  "category" BLOB REFERENCES "element_categories" ("number"),
  "learned_from" TEXT,
  -- How it is called where another table names it: Datasette takes the column of this name as the label.
  "name" TEXT GENERATED ALWAYS AS (coalesce("primary_key", "uuid")) VIRTUAL
);
CREATE TABLE "attributes" (
  "id" INTEGER PRIMARY KEY,
  "number" BLOB,
  "uuid" TEXT,
  "name" TEXT
);
CREATE TABLE "element_attributes" (
  "element_id" INTEGER REFERENCES "elements" ("id"),
  "attribute_id" INTEGER REFERENCES "attributes" ("id"),
  "name" TEXT,
  "access" BLOB REFERENCES "attribute_accesses" ("number"),
  "data_type" BLOB REFERENCES "attribute_data_types" ("number"),
  PRIMARY KEY ("element_id", "attribute_id")
);
CREATE TABLE "subscriptions" (
  "id" INTEGER PRIMARY KEY,
  "session_id" INTEGER REFERENCES "sessions" ("id"),
  "uuid" TEXT,
  "opened" INTEGER,
  "closed" INTEGER,
  "unsubscribed" INTEGER NOT NULL DEFAULT 0,
  "error_code" BLOB REFERENCES "error_codes" ("number")
);
CREATE TABLE "subscription_items" (
  "subscription_id" INTEGER REFERENCES "subscriptions" ("id"),
  "position" INTEGER,
  "element_id" INTEGER REFERENCES "elements" ("id"),
  "attribute_id" INTEGER REFERENCES "attributes" ("id"),
  PRIMARY KEY ("subscription_id", "position")
);
CREATE TABLE "findings" (
  "id" INTEGER PRIMARY KEY,
  "session_id" INTEGER REFERENCES "sessions" ("id"),
  "address" INTEGER,
  "exchange_id" INTEGER REFERENCES "exchanges" ("id"),
  "code" TEXT,
  "severity" TEXT,
  "message" TEXT,
  "time" INTEGER
);
CREATE TABLE "session_totals" (
  "session_id" INTEGER PRIMARY KEY REFERENCES "sessions" ("id"),
  "requests" INTEGER NOT NULL DEFAULT 0,
  "errors" INTEGER NOT NULL DEFAULT 0,
  "events" INTEGER NOT NULL DEFAULT 0,
  "findings" INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE "element_stretches" (
  "element_id" INTEGER REFERENCES "elements" ("id"),
  "first_frame" INTEGER REFERENCES "stretches" ("first_frame"),
  PRIMARY KEY ("element_id", "first_frame")
) WITHOUT ROWID;
CREATE TABLE "stretches" (
  "first_frame" INTEGER PRIMARY KEY,
  "packets" INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE "checkpoint" (
  "id" INTEGER PRIMARY KEY,
  "frame_id" INTEGER,
  "session_end_id" INTEGER,
  "findings" INTEGER,
  "position" INTEGER NOT NULL DEFAULT 0,
  "counted" TEXT
);
INSERT INTO checkpoint VALUES (1, 0, 0, 0, 0, NULL);
CREATE UNIQUE INDEX sessions_flow_id ON sessions (flow_id) WHERE flow_id IS NOT NULL;
CREATE INDEX sessions_fingerprint ON sessions (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX frames_time ON frames (time);
CREATE INDEX packets_malformed ON packets (id) WHERE kind = 'malformed';
CREATE INDEX exchanges_time ON exchanges (coalesce(requested, responded));
CREATE INDEX exchanges_pending ON exchanges (session_id) WHERE status = 'pending';
CREATE INDEX exchanges_response ON exchanges (response_id) WHERE response_id IS NOT NULL;
CREATE UNIQUE INDEX elements_uuid ON elements (uuid);
CREATE INDEX attributes_uuid ON attributes (uuid);
CREATE INDEX subscriptions_session ON subscriptions (session_id);
CREATE INDEX subscription_items_element ON subscription_items (element_id);
CREATE INDEX carried_requests_session ON carried_requests (session_id);
CREATE INDEX findings_address ON findings (address) WHERE address IS NOT NULL;
CREATE INDEX findings_exchange ON findings (exchange_id) WHERE exchange_id IS NOT NULL;
CREATE INDEX findings_time ON findings (time);
