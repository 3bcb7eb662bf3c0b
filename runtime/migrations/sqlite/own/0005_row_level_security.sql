-- SQLite has no row level security. This keeps the numbers of both databases the same.
SELECT 1;
