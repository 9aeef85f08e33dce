{
  description = "Private code completion on your own machine: a language server for a local model";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];
      each = nixpkgs.lib.genAttrs systems;
    in
    {
      packages = each (system: {
        default = nixpkgs.legacyPackages.${system}.callPackage ./package.nix { };
      });

      apps = each (system: {
        default = {
          type = "app";
          program = "${self.packages.${system}.default}/bin/copilot-lsp";
        };
      });
    };
}
