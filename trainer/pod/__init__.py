"""Server and trainer side by side where there is no container engine: a rented pod, or any plain machine."""
