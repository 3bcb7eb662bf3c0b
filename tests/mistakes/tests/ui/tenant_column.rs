//! The tenant is not a column that a body can read, compare or write.

use actwright_generated::tables::interactions;

fn main() {
    let _ = interactions::TENANT;
}
