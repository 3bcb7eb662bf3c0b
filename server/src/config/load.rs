//! From a file, the environment and the command line to values.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::file::{self, Scalar};
use super::key::{Kind, PREFIX};
use super::values::{Source, Values, path_of, written};
use super::{KEYS, Problem};

/// What a program is given.
#[derive(Debug, Default)]
pub struct Given {
    /// The file; else the one that `ACTWRIGHT_CONFIG` names, if that is set.
    pub file: Option<PathBuf>,
    /// All variables of the environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Arguments: what the user wrote, such as `--db`; the key; the value.
    pub arguments: Vec<(String, String, String)>,
}

impl Given {
    pub(super) fn values(self) -> Values {
        let mut values = Values::defaults();
        let mut variables = Vec::new();
        let mut file = self.file;
        for (name, value) in self.environment {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX) && !is_foreign(name)) else {
                continue;
            };
            // Compose files and the like set a variable to nothing to leave it out.
            if value.is_empty() {
                continue;
            }
            if name == "ACTWRIGHT_CONFIG" {
                file = file.or_else(|| Some(PathBuf::from(value)));
                continue;
            }
            variables.push((name.to_owned(), value));
        }
        if let Some(path) = file {
            let mut problems = Vec::new();
            let base = path.parent().unwrap_or(Path::new("")).to_owned();
            for entry in file::read(&path, &mut problems) {
                values.take(&entry.path, &entry.value, Source::File(entry.place), &base);
            }
            problems.into_iter().for_each(|problem| values.report(problem));
        }
        variables.sort();
        for (name, value) in variables {
            let path = match (path_of(&name), value.to_str()) {
                (Ok(path), Some(value)) => {
                    values.take(&path, &scalar(&path, value), Source::Environment(name), Path::new(""));
                    continue;
                }
                (Ok(_), None) => "is not UTF-8".to_owned(),
                (Err(message), _) => message,
            };
            values.report(Problem::new(name, None, path));
        }
        for (argument, path, value) in self.arguments {
            values.take(&path, &scalar(&path, &value), Source::CommandLine(argument), Path::new(""));
        }
        values.complete();
        values
    }
}

fn scalar(path: &str, text: &str) -> Scalar {
    let key = KEYS.iter().copied().flatten().find(|key| key.is(path));
    written(key.map_or(Kind::Text, |key| key.kind), text)
}

/// Variables with our prefix that others set: tests of this repository, and Kubernetes, which describes a service that is
/// named `actwright` to all containers beside it.
fn is_foreign(name: &str) -> bool {
    let name = name.trim_start_matches(PREFIX);
    let service = |tail: &str| {
        tail == "SERVICE_HOST"
            || tail.starts_with("SERVICE_PORT")
            || tail == "PORT"
            || tail.strip_prefix("PORT_").is_some_and(|tail| tail.starts_with(|c: char| c.is_ascii_digit()))
    };
    name.starts_with("TEST_") || service(name)
}
