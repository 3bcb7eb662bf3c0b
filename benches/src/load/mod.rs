//! The load program: calls of every action on a database, beside the same statements as bare SQL.

pub mod cluster;
pub mod measure;
pub mod operation;
pub mod report;
pub mod seed;
pub mod sides;
pub mod statements;
pub mod watch;
