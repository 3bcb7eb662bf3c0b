//! Makes a call, relays or seals, and is lost on the way: see `actwright_tests::crash`.

use std::process::ExitCode;

// One thread, so that the steps come in the same order every time.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match actwright_tests::crash::child::obey().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
