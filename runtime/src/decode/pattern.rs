//! Regular expressions of the specs, compiled once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Mutex;

use regex::Regex;

/// Whether the text matches; `None` when the pattern is none, which the generator rules out.
pub(super) fn matches(pattern: &'static str, text: &str) -> Option<bool> {
    thread_local! {
        /// A copy for each thread: neither a lock nor the scratch memory of the expression is contended for.
        static OWN: RefCell<HashMap<*const str, Option<Regex>>> = RefCell::default();
    }
    OWN.with_borrow_mut(|own| {
        let regex = own.entry(std::ptr::from_ref(pattern)).or_insert_with(|| compiled(pattern));
        regex.as_ref().map(|regex| regex.is_match(text))
    })
}

fn compiled(pattern: &'static str) -> Option<Regex> {
    static ALL: Mutex<Option<HashMap<&'static str, Option<Regex>>>> = Mutex::new(None);
    let mut all = ALL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let all = all.get_or_insert_default();
    all.entry(pattern).or_insert_with(|| Regex::new(pattern).ok()).clone()
}
