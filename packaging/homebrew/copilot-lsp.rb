# For a tap: pip gets the dependencies while it builds, which homebrew-core does not allow.
class CopilotLsp < Formula
  include Language::Python::Virtualenv

  desc "Private code completion on your own machine: a language server for a local model"
  homepage "@REPOSITORY@"
  url "@REPOSITORY@/releases/download/v0.1.0/copilot_lsp-0.1.0.tar.gz"
  sha256 "@SDIST_SHA256@"
  license "Apache-2.0"

  # llama.cpp is compiled for this machine, with Metal on a Mac.
  depends_on "cmake" => :build
  depends_on "python@3.13"

  def install
    virtualenv_create(libexec, "python3.13", without_pip: false)
    system libexec/"bin/python", "-m", "pip", "install", "--no-cache-dir", buildpath
    bin.install_symlink libexec/"bin/copilot-lsp"
  end

  def caveats
    <<~TEXT
      Point your editor's LSP client at `copilot-lsp serve`. A small model is included; `copilot-lsp models list` has others.
    TEXT
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/copilot-lsp --version")
    (testpath/"a.py").write "def add(a, b):\n    return "
    system bin/"copilot-lsp", "complete", "a.py:2:12"
  end
end
