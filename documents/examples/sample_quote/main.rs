//! Renders a made-up quote: `cargo run -p actwright-documents --example sample_quote -- out.pdf [SAMPLE]`.

mod samples;

use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "quote.pdf".to_owned());
    let name = arguments.next().unwrap_or_else(|| "project".to_owned());
    let known: Vec<&str> = samples::ALL.iter().map(|(name, _)| *name).collect();
    let Some((_, sample)) = samples::ALL.iter().find(|(known, _)| *known == name) else {
        return Err(format!("there is no sample {name}; known: {}", known.join(", ")).into());
    };
    let start = Instant::now();
    let pdf = actwright_documents::render(&sample())?;
    println!("{path}: {} KiB in {:.1?}", pdf.len() / 1024, start.elapsed());
    std::fs::write(&path, pdf)?;
    Ok(())
}
