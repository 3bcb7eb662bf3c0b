//! The server is restarted.

use std::time::Duration;

use actwright_tests::faults::load::Load;
use actwright_tests::faults::server::{Halt, Server};
use actwright_tests::faults::{Party, schedule};
use tokio::task::block_in_place;

use crate::{SECOND, fresh_on, told_by, whole};

/// Callers need nothing but to repeat a transient error: no call is lost or doubled, none hangs, and none has to be told that
/// the server is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_callers_outlive_restarts() {
    let mut server = Server::start(&[]).unwrap();
    let url = fresh_on(&server).await;
    let party = Party::at(&url, 16).await.unwrap();
    let before = party.dump().await;
    let load = Load::start(&party.runtime, 16, 5 * SECOND);
    for how in [Halt::Fast, Halt::Immediate] {
        load.goes_on(40).await;
        block_in_place(|| server.halt(how)).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        block_in_place(|| server.resume()).unwrap();
        load.goes_on(40).await;
    }
    let told = told_by(load).await;
    whole(&party, &before, &told).await;
    party.close().await;
}

/// Connections that died while nobody used them are found out before anything is done on them, so no call notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restart_between_calls_costs_no_call() {
    let mut server = Server::start(&[]).unwrap();
    let url = fresh_on(&server).await;
    let party = Party::at(&url, 8).await.unwrap();
    for (round, how) in [None, Some(Halt::Fast), Some(Halt::Immediate)].into_iter().enumerate() {
        if let Some(how) = how {
            block_in_place(|| server.halt(how)).unwrap();
            block_in_place(|| server.resume()).unwrap();
        }
        let calls: Vec<_> = (0..24)
            .map(|number| {
                let runtime = party.runtime.clone();
                tokio::spawn(async move { runtime.call(schedule(&format!("{round} {number}"), 20 * SECOND)).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
    }
    party.close().await;
}
