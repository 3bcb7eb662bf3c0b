// Starts `cargo gen lsp` for the folder that is open, and hands it specs and bodies.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = async () => {
  const folder = workspace.workspaceFolders?.[0];
  if (!folder) {
    return;
  }
  const [command, ...args] = workspace.getConfiguration("actwright").get("command");
  const server = { command, args, options: { cwd: folder.uri.fsPath } };
  client = new LanguageClient("actwright", "Actwright", server, {
    documentSelector: [
      { scheme: "file", language: "yaml", pattern: "**/specs/**" },
      { scheme: "file", language: "rust" },
    ],
  });
  await client.start();
};

exports.deactivate = () => client?.stop();
