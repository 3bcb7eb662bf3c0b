CREATE TABLE memos (
    tenant TEXT NOT NULL,
    memo_id TEXT NOT NULL,
    text TEXT NOT NULL,
    written_by TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, memo_id)
) STRICT;
