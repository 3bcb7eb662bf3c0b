//! How long the generator takes for 10, 100 and 1,000 actions: into an empty folder, and when nothing changed.
#![allow(missing_docs)]

use std::path::PathBuf;

use actwright_benches::synthetic::write_specs;
use actwright_codegen::Generator;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;

fn generate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("generate");
    group.sample_size(10);
    // Removed at the very end: ext4 takes long to make files where many were removed a moment ago, and that would be
    // measured instead.
    let mut folders = Vec::new();
    for actions in [10, 100, 1_000_u64] {
        let Ok(folder) = specs(actions) else { return eprintln!("the specs cannot be written") };
        let specs = folder.path().join("specs");
        group.throughput(Throughput::Elements(actions));
        let mut runs = 0;
        group.bench_function(format!("cold/{actions}"), |bencher| {
            let empty = || {
                runs += 1;
                folder.path().join(format!("cold-{runs}"))
            };
            let run = |out: PathBuf| {
                let report = Generator::new(&specs, out).run().map_err(|error| error.to_string());
                assert_eq!(report.map(|report| report.actions), Ok(usize::try_from(actions).ok()));
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
        folders.push(folder);
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
