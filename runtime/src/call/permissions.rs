//! The declared permissions of a call.

use crate::context::Scope;
use crate::decode::conditions::required;
use crate::error::{Error, Result};
use crate::spec::ActionSpec;
use crate::value::Value;

/// What a call needs by its declarations, and what its body may ask for besides.
#[derive(Debug)]
pub(crate) struct Needs {
    declared: Vec<(String, String)>,
    /// Declared ones first.
    pub(crate) all: Vec<(String, String)>,
}

impl Needs {
    pub(crate) fn of(spec: &ActionSpec, input: &Value) -> Self {
        let declared = required(spec.permissions, spec.input, input);
        let optional = spec.may_require.iter().map(|(resource, action)| ((*resource).to_owned(), (*action).to_owned()));
        let all = declared.iter().cloned().chain(optional).collect();
        Self { declared, all }
    }

    /// Refuses the first declared permission that is not granted.
    pub(crate) fn check(&self, scope: &Scope) -> Result<()> {
        let granted = |resource: &str, action: &str| {
            scope.granted.iter().any(|one| one.split_once(':') == Some((resource, action)))
        };
        match self.declared.iter().find(|(resource, action)| !granted(resource, action)) {
            Some((resource, action)) => Err(Error::denied(resource, action)),
            None => Ok(()),
        }
    }
}
