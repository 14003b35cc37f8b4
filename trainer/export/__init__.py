"""From an adapter to what is served: merged weights, GGUF files, and a Modelfile for Ollama."""
