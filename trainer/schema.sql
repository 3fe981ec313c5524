-- What the trainer knows. Photos, weights and images are files; a row is written after its files
-- and removed before them, so that a row never points at nothing.

CREATE TABLE files (
  id TEXT PRIMARY KEY,
  filename TEXT NOT NULL,
  purpose TEXT NOT NULL,
  created_at REAL NOT NULL,
  checksum TEXT NOT NULL,
  size INTEGER NOT NULL,
  status TEXT NOT NULL,
  line_count INTEGER NOT NULL,
  error TEXT NOT NULL,
  upload_token TEXT NOT NULL
);

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  request TEXT NOT NULL, -- JSON
  correlation TEXT NOT NULL,
  photos INTEGER NOT NULL,
  dataset_bytes INTEGER NOT NULL,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  seconds REAL NOT NULL,
  status TEXT NOT NULL,
  stage TEXT NOT NULL,
  started_at REAL,
  finished_at REAL,
  step INTEGER NOT NULL,
  elapsed REAL NOT NULL,
  seconds_left REAL NOT NULL,
  error TEXT NOT NULL,
  weights_sha256 TEXT NOT NULL,
  engine TEXT NOT NULL DEFAULT 'simulated'
);

CREATE TABLE events (
  number INTEGER PRIMARY KEY, -- in the order they happened
  run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  event TEXT NOT NULL -- JSON, as it is answered
);
CREATE INDEX events_of_a_run ON events (run_id);

CREATE TABLE losses (
  run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  loss REAL NOT NULL,
  learning_rate REAL NOT NULL,
  logged_at REAL NOT NULL,
  PRIMARY KEY (run_id, step)
) WITHOUT ROWID;

CREATE TABLE generations (
  id TEXT PRIMARY KEY,
  model TEXT NOT NULL,
  correlation TEXT NOT NULL,
  created_at REAL NOT NULL,
  names TEXT NOT NULL -- JSON: the image files of the call, in order
);

PRAGMA user_version = 2;
