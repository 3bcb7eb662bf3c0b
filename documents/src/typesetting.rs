//! The typesetting engine, given nothing but the template, the embedded fonts and the page's content: no file system, no
//! network, no clock.

use std::sync::LazyLock;

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use crate::fonts;
use crate::page::Page;

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));
static TEMPLATE: LazyLock<Source> = LazyLock::new(|| Source::detached(include_str!("quote.typ")));
/// Where the template finds the content. Content is data in a file of its own, so that none of it can become markup.
const CONTENT_PATH: &str = "/quote.json";

/// Why a quote could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The content could not be handed to the typesetting engine.
    #[error("cannot encode the quote's content: {0}")]
    Content(#[from] serde_json::Error),
    /// The typesetting engine gave up.
    #[error("cannot typeset the quote: {0}")]
    Typesetting(String),
}

struct QuoteWorld {
    content: Bytes,
}

impl World for QuoteWorld {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &fonts::BOOK
    }

    fn main(&self) -> FileId {
        TEMPLATE.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == TEMPLATE.id() { Ok(TEMPLATE.clone()) } else { Err(not_found(id)) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id.get().vpath().get_with_slash() == CONTENT_PATH { Ok(self.content.clone()) } else { Err(not_found(id)) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        fonts::FONTS.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn not_found(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}

/// Sets the content on pages.
pub(crate) fn lay_out(page: &Page) -> Result<PagedDocument, RenderError> {
    let world = QuoteWorld { content: Bytes::new(serde_json::to_vec(page)?) };
    let result = typst::compile::<PagedDocument>(&world);
    // The engine remembers intermediate results for documents that change little; keep those of the last few quotes.
    typst::comemo::evict(4);
    result.output.map_err(|problems| typesetting_error(&problems))
}

/// Writes laid out pages as a PDF file.
pub(crate) fn export(document: &PagedDocument) -> Result<Vec<u8>, RenderError> {
    let options = PdfOptions { creator: Smart::Custom(Some("Actwright".to_owned())), ..PdfOptions::default() };
    typst_pdf::pdf(document, &options).map_err(|problems| typesetting_error(&problems))
}

fn typesetting_error(problems: &[SourceDiagnostic]) -> RenderError {
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    RenderError::Typesetting(messages.join("; "))
}
