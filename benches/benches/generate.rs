//! How long the generator takes for 10, 100 and 1,000 actions: into an empty folder, and when nothing changed.
#![allow(missing_docs)]

use actwright_benches::synthetic::write_specs;
use actwright_codegen::Generator;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;

fn generate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("generate");
    group.sample_size(10);
    for actions in [10, 100, 1_000_u64] {
        let Ok(folder) = specs(actions) else { return eprintln!("the specs cannot be written") };
        let specs = folder.path().join("specs");
        group.throughput(Throughput::Elements(actions));
        group.bench_function(format!("cold/{actions}"), |bencher| {
            let empty = || TempDir::new().map_err(|error| error.to_string());
            let run = |out: Result<TempDir, String>| {
                let out = out?;
                let report = Generator::new(&specs, out.path()).run().map_err(|error| error.to_string())?;
                assert_eq!(report.actions, usize::try_from(actions).ok());
                // The folder is removed outside the measurement.
                Ok::<TempDir, String>(out)
            };
            bencher.iter_batched(empty, run, BatchSize::PerIteration);
        });
        let generator = Generator::new(&specs, folder.path().join("out"));
        if let Err(error) = generator.run() {
            return eprintln!("{error}");
        }
        group.bench_function(format!("unchanged/{actions}"), |bencher| {
            bencher.iter(|| assert_eq!(generator.run().ok().map(|report| report.actions), Some(None)));
        });
    }
    group.finish();
}

fn specs(actions: u64) -> actwright_benches::Result<TempDir> {
    let folder = TempDir::new()?;
    write_specs(&folder.path().join("specs"), usize::try_from(actions)?)?;
    Ok(folder)
}

criterion_group!(benches, generate);
criterion_main!(benches);
