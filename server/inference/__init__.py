"""The core of the service: models, queues, cache and inference. Knows nothing of HTTP."""
