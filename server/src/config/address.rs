//! Addresses with a login in them.

use std::fmt;

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
        let Some((scheme, rest)) = self.0.split_once("://") else { return f.write_str(&self.0) };
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains(':') && rest.contains('@') {
            // A password with a character in it that ends the host. Where the password ends nobody knows.
            return write!(f, "{scheme}://…");
        }
        match authority.rsplit_once('@') {
            Some((login, host)) => write!(f, "{scheme}://{}@{host}", login.split(':').next().unwrap_or_default())?,
            None => write!(f, "{scheme}://{authority}")?,
        }
        let (path, parameters) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        f.write_str(path)?;
        for parameter in parameters.split_inclusive(['?', '&']) {
            match parameter.split_once('=') {
                Some((name, value)) if name.contains("pass") => {
                    f.write_str(name)?;
                    f.write_str(if value.ends_with('&') { "&" } else { "" })?;
                }
                _ => f.write_str(parameter)?,
            }
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
        assert_eq!(shown("postgres://host:1/db?password=h&user=me"), "postgres://host:1/db?password&user=me");
        assert_eq!(shown("postgres://host/db?user=me@work"), "postgres://host/db?user=me@work");
        assert_eq!(shown("sqlite:/srv/a.db"), "sqlite:/srv/a.db");
        assert_eq!(shown("sqlite:///srv/a@b.db"), "sqlite:///srv/a@b.db");
    }

    /// A password that was not encoded makes the address wrong, and the message about that does not show it either.
    #[test]
    fn passwords_with_odd_characters_are_not_shown() {
        for odd in ["hun?ter2", "hun/ter2", "hun#ter2", "hun@ter?2", "12/34"] {
            let shown = Address::new(format!("postgres://me:{odd}@host/db")).to_string();
            assert_eq!(shown, "postgres://…", "{odd}");
        }
    }
}
