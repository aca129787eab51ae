-- Version 1. Later versions are the numbered files beside this one; each is run once, in order.

-- One row an item: a version of a file, from its reservation to its end.
CREATE TABLE item (
    seq         INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL,
    route       TEXT    NOT NULL,
    path        BLOB    NOT NULL,
    device      INTEGER NOT NULL,
    inode       INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    mtime_ns    INTEGER NOT NULL,
    state       TEXT    NOT NULL,  -- an ItemState; a CHECK here costs as much as the insert
    sha256      TEXT    NOT NULL,
    sealed_size INTEGER NOT NULL,
    policy      TEXT    NOT NULL,
    redactions  TEXT    NOT NULL,
    code        TEXT    NOT NULL DEFAULT '',
    reason      TEXT    NOT NULL DEFAULT '',
    settled_as  BLOB    NOT NULL DEFAULT x'',
    created_at  REAL    NOT NULL,
    ended_at    REAL    NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX item_by_path ON item (route, path);

-- The usual item never enters this index: it goes from `reserved` to `done` in one step.
-- With IN instead of OR, no query would use it.
CREATE INDEX item_open ON item (state, route)
    WHERE state = 'delivered' OR state = 'quarantined';

-- One row for each destination of an item. The key stands here before the first attempt.
CREATE TABLE delivery (
    seq          INTEGER NOT NULL,
    destination  TEXT    NOT NULL,
    route        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    state        TEXT    NOT NULL,  -- a DeliveryState
    etag         TEXT    NOT NULL DEFAULT '',
    tries        INTEGER NOT NULL DEFAULT 0,
    next_try_at  REAL    NOT NULL,
    code         TEXT    NOT NULL DEFAULT '',
    error        TEXT    NOT NULL DEFAULT '',
    delivered_at REAL    NOT NULL DEFAULT 0,
    PRIMARY KEY (seq, destination)
) STRICT, WITHOUT ROWID;

-- Only what waits for a time: a delivery in flight (1e18) is found by the watermark instead,
-- so that the usual one never enters this index.
CREATE INDEX delivery_waiting ON delivery (route, destination, next_try_at)
    WHERE state = 'waiting' AND next_try_at < 1e17;

-- For each route, a sequence number below which nothing is in flight: where recovery begins.
CREATE TABLE watermark (
    route TEXT    PRIMARY KEY,
    seq   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A large upload that was begun: where a restart goes on.
CREATE TABLE upload (
    seq         INTEGER NOT NULL,
    destination TEXT    NOT NULL,
    upload_id   TEXT    NOT NULL,
    part_bytes  INTEGER NOT NULL,
    begun_at    REAL    NOT NULL,
    PRIMARY KEY (seq, destination)
) STRICT, WITHOUT ROWID;

CREATE TABLE part (
    seq         INTEGER NOT NULL,
    destination TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    etag        TEXT    NOT NULL,
    sha256      TEXT    NOT NULL,
    PRIMARY KEY (seq, destination, number)
) STRICT, WITHOUT ROWID;

-- What is paused now, so that `sealift status` can say it from another process.
CREATE TABLE pause (
    route  TEXT NOT NULL,
    place  TEXT NOT NULL,
    code   TEXT NOT NULL,
    reason TEXT NOT NULL,
    hint   TEXT NOT NULL,
    since  REAL NOT NULL,
    PRIMARY KEY (route, place)
) STRICT, WITHOUT ROWID;
