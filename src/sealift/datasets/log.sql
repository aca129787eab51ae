-- What was pushed and synced, by this state directory's commands.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    dataset TEXT NOT NULL,
    what TEXT NOT NULL,          -- push, sync, rollback
    place TEXT NOT NULL,         -- the object's URL, or the collection's
    who TEXT NOT NULL,
    began_at REAL NOT NULL,      -- seconds since 1970
    ended_at REAL,               -- NULL: it runs, or was killed
    outcome TEXT NOT NULL,       -- running, stored, unchanged, synced, failed ...
    version INTEGER,
    records INTEGER,
    sha256 TEXT NOT NULL,        -- of the document, not compressed
    etag TEXT NOT NULL,
    reason TEXT NOT NULL         -- why it failed
) STRICT;
CREATE INDEX runs_of_a_dataset ON runs (dataset, id);
-- Who this state directory is, among others that write to the same database.
CREATE TABLE self (worker TEXT NOT NULL) STRICT;
