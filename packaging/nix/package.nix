# From the sources around it. nixpkgs must have versions that pyproject.toml allows: the build says which one it has not.
{ lib, python3 }:

let
  packages = python3.pkgs;
  # nixpkgs generates these from its grammars.
  grammar = name: packages.${name} or packages.tree-sitter-grammars.${name};
in
packages.buildPythonApplication {
  pname = "copilot-lsp";
  version = "0.1.0";
  pyproject = true;
  src = ../..;

  build-system = [ packages.hatchling ];

  dependencies =
    (with packages; [
      cattrs
      filelock
      gguf
      httpx2
      huggingface-hub
      llama-cpp-python
      lsprotocol
      numpy
      pathspec
      platformdirs
      psutil
      pygls
      rich
      tomlkit
      tree-sitter
    ])
    ++ map grammar [
      "tree-sitter-bash"
      "tree-sitter-c"
      "tree-sitter-c-sharp"
      "tree-sitter-cpp"
      "tree-sitter-css"
      "tree-sitter-go"
      "tree-sitter-html"
      "tree-sitter-java"
      "tree-sitter-javascript"
      "tree-sitter-json"
      "tree-sitter-lua"
      "tree-sitter-php"
      "tree-sitter-python"
      "tree-sitter-ruby"
      "tree-sitter-rust"
      "tree-sitter-typescript"
    ];

  pythonImportsCheck = [ "copilot_lsp" ];

  meta = {
    description = "Private code completion on your own machine: a language server for a local model";
    homepage = "@REPOSITORY@";
    license = lib.licenses.asl20;
    mainProgram = "copilot-lsp";
  };
}
