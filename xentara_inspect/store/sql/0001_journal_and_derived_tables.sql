-- Schema 1: the journal, and what is derived from it.
CREATE TABLE "recorders" (
   "id" INTEGER PRIMARY KEY,
   "pid" INTEGER,
   "host" TEXT,
   "process" TEXT,
   "started" INTEGER,
   "heartbeat" INTEGER,
   "stopped" INTEGER,
   "dropped" INTEGER NOT NULL DEFAULT 0,
   "follows" INTEGER NOT NULL DEFAULT 0,
   "continued" INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE "sessions" (
   "id" INTEGER PRIMARY KEY,
   "client" TEXT,
   "server" TEXT,
   "path" TEXT,
   "subprotocol" TEXT,
   "user" TEXT,
   "opened" INTEGER,
   "closed" INTEGER,
   "close_code" INTEGER,
   "close_reason" TEXT,
   "source" TEXT,
   "dropped" INTEGER NOT NULL DEFAULT 0,
   "frame_count" INTEGER NOT NULL DEFAULT 0,
   "flow_id" TEXT,
   "fingerprint" TEXT,
   "recorder_id" INTEGER REFERENCES "recorders"("id"),
   "continues" INTEGER NOT NULL DEFAULT 0,
   "continued" INTEGER NOT NULL DEFAULT 0,
   "greeted" INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE "frames" (
   "id" INTEGER PRIMARY KEY,
   "session_id" INTEGER REFERENCES "sessions"("id"),
   "time" INTEGER,
   "from_client" INTEGER,
   "is_text" INTEGER,
   "payload" BLOB,
   "redacted" INTEGER
);
CREATE TABLE "session_ends" (
   "id" INTEGER PRIMARY KEY,
   "session_id" INTEGER REFERENCES "sessions"("id"),
   "after_frame" INTEGER,
   "time" INTEGER,
   "reopened" INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE "chain" (
   "id" INTEGER PRIMARY KEY,
   "number" INTEGER,
   "started" INTEGER,
   "continues" TEXT,
   "continued_in" TEXT,
   "carried" INTEGER NOT NULL DEFAULT 0,
   "last_session" INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE "carried_elements" (
   "uuid" TEXT PRIMARY KEY,
   "primary_key" TEXT,
   "category" BLOB,
   "learned_from" TEXT
);
CREATE TABLE "carried_attributes" (
   "element" TEXT,
   "attribute" BLOB,
   "name" TEXT,
   "access" BLOB,
   "data_type" BLOB,
   PRIMARY KEY ("element", "attribute")
);
CREATE TABLE "carried_subscriptions" (
   "id" INTEGER PRIMARY KEY,
   "session_id" INTEGER REFERENCES "sessions"("id"),
   "uuid" TEXT,
   "elements" TEXT,
   "opened" INTEGER
);
CREATE TABLE "carried_requests" (
   "id" INTEGER PRIMARY KEY,
   "session_id" INTEGER REFERENCES "sessions"("id"),
   "file" TEXT,
   "frame_id" INTEGER,
   "position" INTEGER,
   "from_client" INTEGER,
   "requested" INTEGER,
   "packet" BLOB
);
CREATE TABLE "packets" (
   "id" INTEGER PRIMARY KEY,
   "frame_id" INTEGER REFERENCES "frames"("id"),
   "position" INTEGER,
   "kind" TEXT,
   "message_id" BLOB,
   "opcode" BLOB,
   "command" TEXT,
   "notation" TEXT
);
CREATE TABLE "exchanges" (
   "id" INTEGER PRIMARY KEY,
   "session_id" INTEGER REFERENCES "sessions"("id"),
   "message_id" BLOB,
   "opcode" BLOB,
   "command" TEXT,
   "element" TEXT,
   "status" TEXT,
   "error_code" BLOB,
   "error_text" TEXT,
   "requested" INTEGER,
   "responded" INTEGER,
   "latency" INTEGER,
   "request_id" INTEGER REFERENCES "packets"("id"),
   "response_id" INTEGER REFERENCES "packets"("id"),
   "time" INTEGER,
   "carried_id" INTEGER REFERENCES "carried_requests"("id")
);
CREATE TABLE "events" (
   "id" INTEGER PRIMARY KEY,
   "session_id" INTEGER REFERENCES "sessions"("id"),
   "packet_id" INTEGER REFERENCES "packets"("id"),
   "time" INTEGER,
   "source_time" BLOB,
   "event_type" BLOB,
   "element" TEXT
);
CREATE TABLE "readings" (
   "id" INTEGER PRIMARY KEY,
   "session_id" INTEGER REFERENCES "sessions"("id"),
   "packet_id" INTEGER REFERENCES "packets"("id"),
   "time" INTEGER,
   "source_time" BLOB,
   "element" TEXT,
   "attribute" BLOB,
   "value" BLOB,
   "value_kind" TEXT,
   "quality" BLOB,
   "error_code" BLOB,
   "origin" TEXT
);
CREATE TABLE "elements" (
   "uuid" TEXT PRIMARY KEY,
   "primary_key" TEXT,
   "category" BLOB,
   "learned_from" TEXT
);
CREATE TABLE "attributes" (
   "element" TEXT,
   "attribute" BLOB,
   "name" TEXT,
   "access" BLOB,
   "data_type" BLOB,
   PRIMARY KEY ("element", "attribute")
);
CREATE TABLE "subscriptions" (
   "id" INTEGER PRIMARY KEY,
   "session_id" INTEGER REFERENCES "sessions"("id"),
   "uuid" TEXT,
   "elements" TEXT,
   "opened" INTEGER,
   "closed" INTEGER,
   "unsubscribed" INTEGER NOT NULL DEFAULT 0,
   "carried_id" INTEGER REFERENCES "carried_subscriptions"("id")
);
CREATE TABLE "findings" (
   "id" INTEGER PRIMARY KEY,
   "session_id" INTEGER REFERENCES "sessions"("id"),
   "frame_id" INTEGER REFERENCES "frames"("id"),
   "packet_id" INTEGER REFERENCES "packets"("id"),
   "exchange_id" INTEGER REFERENCES "exchanges"("id"),
   "code" TEXT,
   "severity" TEXT,
   "message" TEXT,
   "time" INTEGER
);
CREATE TABLE "checkpoint" (
   "id" INTEGER PRIMARY KEY,
   "frame_id" INTEGER,
   "session_end_id" INTEGER,
   "packets" INTEGER,
   "exchanges" INTEGER,
   "events" INTEGER,
   "readings" INTEGER,
   "subscriptions" INTEGER,
   "findings" INTEGER
);
CREATE UNIQUE INDEX sessions_flow_id ON sessions (flow_id) WHERE flow_id IS NOT NULL;
CREATE INDEX sessions_fingerprint ON sessions (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX frames_session_id ON frames (session_id);
CREATE INDEX packets_frame_id ON packets (frame_id);
CREATE INDEX packets_malformed ON packets (frame_id) WHERE kind = 'malformed';
CREATE INDEX exchanges_time ON exchanges (time);
CREATE INDEX exchanges_session_id ON exchanges (session_id, time);
CREATE INDEX exchanges_pending ON exchanges (session_id) WHERE status = 'pending';
CREATE INDEX exchanges_carried_id ON exchanges (carried_id) WHERE carried_id IS NOT NULL;
CREATE INDEX carried_requests_session_id ON carried_requests (session_id);
CREATE INDEX exchanges_request_id ON exchanges (request_id);
CREATE INDEX exchanges_response_id ON exchanges (response_id);
CREATE INDEX events_time ON events (time);
CREATE INDEX events_session_id ON events (session_id, time);
CREATE INDEX readings_time ON readings (time);
CREATE INDEX readings_packet_id ON readings (packet_id);
CREATE INDEX subscriptions_session_id ON subscriptions (session_id);
CREATE INDEX findings_session_id ON findings (session_id);
CREATE INDEX findings_frame_id ON findings (frame_id) WHERE frame_id IS NOT NULL;
CREATE INDEX findings_packet_id ON findings (packet_id) WHERE packet_id IS NOT NULL;
CREATE INDEX findings_exchange_id ON findings (exchange_id) WHERE exchange_id IS NOT NULL;
INSERT INTO checkpoint VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0);
