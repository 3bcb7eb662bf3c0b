//! What leaves the database after the commit: nothing is lost, nothing out of order, nothing twice but after a crash; on both
//! databases.

mod crash;
mod decisions;
mod failures;
mod leases;
mod nats;
mod notes;
mod place;
mod relays;
