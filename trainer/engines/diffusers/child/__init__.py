"""The child process: the only place that imports torch and diffusers."""
