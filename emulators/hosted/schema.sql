-- All that an emulated service knows: documents by kind and id. `number` keeps their order.

CREATE TABLE records (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE, -- kind and id with a slash between
  kind TEXT NOT NULL,
  document TEXT NOT NULL -- JSON
);

PRAGMA user_version = 1;
