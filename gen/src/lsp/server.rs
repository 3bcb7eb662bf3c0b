//! What an editor asks, and the answers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actwright_codegen::assist::{Place, Workspace};
use tower_lsp_server::jsonrpc::{Error, Result};
use tower_lsp_server::ls_types::{
    self, CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionProviderCapability,
    CodeActionResponse, CompletionOptions, CompletionParams, CompletionResponse, DiagnosticRelatedInformation,
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWatchedFilesRegistrationOptions,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, FileSystemWatcher, GlobPattern,
    GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverContents, HoverParams, HoverProviderCapability,
    InitializeParams, InitializeResult, InitializedParams, Location, OneOf, Position, PrepareRenameResponse, Range,
    ReferenceParams, Registration, RenameOptions, RenameParams, ServerCapabilities, ServerInfo,
    TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind, TextEdit, Uri, WorkspaceEdit,
};
use tower_lsp_server::{Client, LanguageServer};

use super::convert;
use super::files::{Folders, Known};

/// The server of one editor.
#[derive(Debug)]
pub struct Backend {
    client: Client,
    specs: Option<PathBuf>,
    bodies: Option<PathBuf>,
    /// Nothing before the editor has said where its folder is.
    state: Mutex<Option<State>>,
}

#[derive(Debug)]
struct State {
    workspace: Workspace,
    folders: Folders,
    /// Files that the editor was told something about: where nothing is wrong any more, it is told that, too.
    told: BTreeSet<String>,
    watches_files: bool,
}

impl Backend {
    pub fn new(client: Client, specs: Option<PathBuf>, bodies: Option<PathBuf>) -> Self {
        Self { client, specs, bodies, state: Mutex::new(None) }
    }

    fn state(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers from the state, where the file is a spec.
    fn of_spec<T>(
        &self,
        at: &TextDocumentPositionParams,
        answer: impl FnOnce(&State, &str, usize) -> Option<T>,
    ) -> Option<T> {
        let state = self.state();
        let state = state.as_ref()?;
        let Some(Known::Spec(file)) = state.folders.known(&at.text_document.uri) else { return None };
        let offset = convert::offset(state.workspace.text(&file)?, at.position);
        answer(state, &file, offset)
    }

    /// Takes a change of a text, and tells what is wrong now.
    async fn changed(&self, uri: &Uri, text: Option<String>) {
        let changes = {
            let mut state = self.state();
            state.as_mut().map(|state| {
                if let Some(Known::Spec(file)) = state.folders.known(uri) {
                    state.workspace.edit(&file, text);
                }
            })
        };
        if changes.is_some() {
            self.tell().await;
        }
    }

    /// Looks at everything once more, and tells what is wrong.
    async fn tell(&self) {
        let all = self.state().as_mut().map(State::look_again).unwrap_or_default();
        for (uri, diagnostics) in all {
            self.client.publish_diagnostics(uri, diagnostics, None).await;
        }
    }
}

impl State {
    fn look_again(&mut self) -> Vec<(Uri, Vec<ls_types::Diagnostic>)> {
        self.workspace.refresh();
        let mut by_file: BTreeMap<String, Vec<ls_types::Diagnostic>> = BTreeMap::new();
        for found in self.workspace.diagnostics() {
            let mut told = convert::diagnostic(self.workspace.text(&found.file).unwrap_or_default(), found);
            told.related_information = found.also.as_ref().and_then(|also| {
                let place = Place { file: also.file.clone(), span: also.span.clone() };
                Some(vec![DiagnosticRelatedInformation {
                    location: self.location(&place)?,
                    message: also.label.clone(),
                }])
            });
            by_file.entry(found.file.clone()).or_default().push(told);
        }
        let now: BTreeSet<String> = by_file.keys().cloned().collect();
        let before = std::mem::replace(&mut self.told, now);
        for gone in before {
            by_file.entry(gone).or_default();
        }
        let address = |(file, all): (String, Vec<_>)| Some((self.folders.spec(&file)?, all));
        by_file.into_iter().filter_map(address).collect()
    }

    fn location(&self, place: &Place) -> Option<Location> {
        let text = self.workspace.text(&place.file)?;
        Some(Location { uri: self.folders.spec(&place.file)?, range: convert::range(text, &place.span) })
    }

    /// From the id in a spec to its body, and from any other name to where it is declared.
    fn definition(&self, file: &str, offset: usize) -> Option<Location> {
        let place = self.workspace.definition(file, offset)?;
        let is_itself = place.file == file && place.span.start <= offset && offset <= place.span.end;
        if is_itself && let Some(uri) = self.workspace.body_at(file, offset).and_then(|body| self.folders.body(&body)) {
            return Some(Location { uri, range: Range::default() });
        }
        self.location(place)
    }

    /// From the lines of a body that name its action to the spec.
    fn spec_of(&self, body: &str, uri: &Uri, position: Position) -> Option<Location> {
        let text = std::fs::read_to_string(uri.to_file_path()?).ok()?;
        let line = text.lines().nth(usize::try_from(position.line).ok()?)?;
        let names_it = line.starts_with("//!") || line.contains("impl Body for") || line.contains("::{Body");
        names_it.then(|| self.location(self.workspace.spec_of_body(body)?)).flatten()
    }
}

/// The folder that the editor has open.
fn root_of(params: &InitializeParams) -> Option<PathBuf> {
    let folder = params.workspace_folders.as_ref().and_then(|all| Some(all.first()?.uri.clone()));
    #[expect(deprecated, reason = "editors that know no workspace folders say it so")]
    let uri = folder.or_else(|| params.root_uri.clone())?;
    Some(uri.to_file_path()?.into_owned())
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let root = root_of(&params).or_else(|| std::env::current_dir().ok()).unwrap_or_default();
        let below = |given: &Option<PathBuf>, usual: &str| root.join(given.clone().unwrap_or_else(|| usual.into()));
        let (specs, bodies) = (below(&self.specs, "specs"), below(&self.bodies, "actions/src"));
        let watched = params.capabilities.workspace.and_then(|able| able.did_change_watched_files);
        *self.state() = Some(State {
            workspace: Workspace::new(&specs),
            folders: Folders::new(specs, bodies),
            told: BTreeSet::new(),
            watches_files: watched.and_then(|able| able.dynamic_registration).unwrap_or(false),
        });
        let letters = [" ", ":", ".", "[", "{"];
        Ok(InitializeResult {
            capabilities: ServerCapabilities {
                text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
                completion_provider: Some(CompletionOptions {
                    trigger_characters: Some(letters.map(str::to_owned).into()),
                    ..CompletionOptions::default()
                }),
                hover_provider: Some(HoverProviderCapability::Simple(true)),
                definition_provider: Some(OneOf::Left(true)),
                references_provider: Some(OneOf::Left(true)),
                rename_provider: Some(OneOf::Right(RenameOptions {
                    prepare_provider: Some(true),
                    work_done_progress_options: ls_types::WorkDoneProgressOptions::default(),
                })),
                code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
                ..ServerCapabilities::default()
            },
            server_info: Some(ServerInfo {
                name: "actwright".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            ..InitializeResult::default()
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        self.tell().await;
        if self.state().as_ref().is_some_and(|state| state.watches_files) {
            let watcher =
                FileSystemWatcher { glob_pattern: GlobPattern::String("**/*.{yaml,yml}".to_owned()), kind: None };
            let options = DidChangeWatchedFilesRegistrationOptions { watchers: vec![watcher] };
            let registration = Registration {
                id: "specs".to_owned(),
                method: "workspace/didChangeWatchedFiles".to_owned(),
                register_options: serde_json::to_value(options).ok(),
            };
            // Not waited for here: the answer comes in only after this.
            let client = self.client.clone();
            tokio::spawn(async move { client.register_capability(vec![registration]).await });
        }
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.changed(&params.text_document.uri, Some(params.text_document.text)).await;
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        if let Some(change) = params.content_changes.into_iter().next_back() {
            self.changed(&params.text_document.uri, Some(change.text)).await;
        }
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.changed(&params.text_document.uri, None).await;
    }

    async fn did_save(&self, _: DidSaveTextDocumentParams) {
        self.tell().await;
    }

    async fn did_change_watched_files(&self, _: DidChangeWatchedFilesParams) {
        self.tell().await;
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        Ok(self.of_spec(&params.text_document_position, |state, file, offset| {
            let text = state.workspace.text(file)?;
            let all = state.workspace.complete(file, offset).into_iter();
            Some(CompletionResponse::Array(all.map(|one| convert::completion(text, one)).collect()))
        }))
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        Ok(self.of_spec(&params.text_document_position_params, |state, file, offset| {
            let text = state.workspace.text(file)?;
            let hover = state.workspace.hover(file, offset)?;
            Some(Hover {
                contents: HoverContents::Markup(convert::markdown(hover.text)),
                range: Some(convert::range(text, &hover.span)),
            })
        }))
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let at = params.text_document_position_params;
        let known = self.state().as_ref().and_then(|state| state.folders.known(&at.text_document.uri));
        let location = match known {
            Some(Known::Body(body)) => {
                self.state().as_ref().and_then(|state| state.spec_of(&body, &at.text_document.uri, at.position))
            }
            _ => self.of_spec(&at, State::definition),
        };
        Ok(location.map(GotoDefinitionResponse::Scalar))
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let declared = params.context.include_declaration;
        Ok(self.of_spec(&params.text_document_position, |state, file, offset| {
            let places = state.workspace.references(file, offset, declared);
            Some(places.into_iter().filter_map(|place| state.location(place)).collect())
        }))
    }

    async fn prepare_rename(&self, params: TextDocumentPositionParams) -> Result<Option<PrepareRenameResponse>> {
        let answer = self.of_spec(&params, |state, file, offset| {
            Some(state.workspace.renamable(file, offset).map(|place| {
                let text = state.workspace.text(file).unwrap_or_default();
                PrepareRenameResponse::Range(convert::range(text, &place.span))
            }))
        });
        answer.transpose().map_err(refused)
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let answer = self.of_spec(&params.text_document_position, |state, file, offset| {
            let edits = match state.workspace.rename(file, offset, &params.new_name) {
                Ok(edits) => edits,
                Err(why) => return Some(Err(why)),
            };
            let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
            for edit in edits {
                let location = state.location(&edit.place)?;
                changes.entry(location.uri).or_default().push(TextEdit { range: location.range, new_text: edit.text });
            }
            Some(Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }))
        });
        answer.transpose().map_err(refused)
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let uri = params.text_document.uri;
        let at = TextDocumentPositionParams {
            text_document: ls_types::TextDocumentIdentifier { uri: uri.clone() },
            position: params.range.start,
        };
        Ok(self.of_spec(&at, |state, file, _| {
            let text = state.workspace.text(file)?;
            let own = state.workspace.diagnostics().filter(|found| found.file == file);
            let fixes = own.filter_map(|found| {
                let (span, meant) = (found.span.as_ref()?, found.suggestion.as_ref()?);
                let range = convert::range(text, span);
                let is_here = range.start <= params.range.end && params.range.start <= range.end;
                is_here.then_some(())?;
                let edit = TextEdit { range, new_text: meant.clone() };
                Some(CodeActionOrCommand::CodeAction(CodeAction {
                    title: format!("Change to `{meant}`"),
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![convert::diagnostic(text, found)]),
                    is_preferred: Some(true),
                    edit: Some(WorkspaceEdit {
                        changes: Some(HashMap::from([(uri.clone(), vec![edit])])),
                        ..WorkspaceEdit::default()
                    }),
                    ..CodeAction::default()
                }))
            });
            Some(fixes.collect())
        }))
    }
}

fn refused(why: String) -> Error {
    Error { message: Cow::Owned(why), ..Error::invalid_request() }
}
