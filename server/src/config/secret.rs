//! Values that are never shown.

use std::fmt;

/// A password or key. It shows itself as `(secret)`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The value, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// An address that may have a password in it, which it does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The address with its password.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, parameters) = match self.0.split_once('?') {
            Some((address, parameters)) => (address, Some(parameters)),
            None => (self.0.as_str(), None),
        };
        match (address.split_once("://"), address.rsplit_once('@')) {
            (Some((scheme, _)), Some((login, host))) => {
                let user = login.split_once("://").map_or("", |(_, login)| login.split(':').next().unwrap_or_default());
                write!(f, "{scheme}://{user}@{host}")?;
            }
            _ => f.write_str(address)?,
        }
        let Some(parameters) = parameters else { return Ok(()) };
        for (index, parameter) in parameters.split('&').enumerate() {
            let name = parameter.split('=').next().unwrap_or_default();
            f.write_str(if index == 0 { "?" } else { "&" })?;
            f.write_str(if name.contains("pass") { name } else { parameter })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses are in messages and in `actwright config show`; passwords are in neither.
    #[test]
    fn passwords_are_not_shown() {
        let shown = |text: &str| format!("{:?}", Address::new(text));
        assert_eq!(shown("postgres://me:hunter2@host/db"), "postgres://me@host/db");
        assert_eq!(shown("postgres://me:hun@ter2@host/db?sslmode=require"), "postgres://me@host/db?sslmode=require");
        assert_eq!(shown("postgres://host/db?user=me&password=hunter2"), "postgres://host/db?user=me&password");
        assert_eq!(shown("sqlite:/srv/a.db"), "sqlite:/srv/a.db");
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "(secret)");
    }
}
