"""How the default model is made: data, fill-in-the-middle samples, training, export. See README.md."""
